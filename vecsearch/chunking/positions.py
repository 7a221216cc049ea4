"""Positions in a text as arrays, in as few bytes as its length allows: a long text has millions of each kind."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.signedinteger[Any]]  # ascending, int32 or int64


def position_type(length: int) -> type[np.signedinteger[Any]]:
    """Return the type for positions in a text of that many characters."""
    return np.int32 if length < np.iinfo(np.int32).max else np.int64


def place_in(positions: Positions, position: int) -> int:
    """Return the index of the first of the positions that is at least `position`."""
    # A number of another type than the array's would be compared with a copy of the array.
    return int(positions.searchsorted(positions.dtype.type(position)))
