"""Arithmetic on vectors, in numpy alone: check them, make unit rows, score them exactly.

No file, no index, no model. Everything here is used by both stories, so that a query and a chunk
are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vecsearch.errors import InvalidVector
from vecsearch.types import FloatArray, ScoreArray


def check_vectors(vectors: Any, n: int | None, dim: int, name: Callable[[int], str]) -> FloatArray:
    """`vectors` as float32 (n, dim), known to be finite and not zero; `n=None` takes any number of rows.

    Raises InvalidVector for another shape, and for the first row that is zero, too long, or holds NaN or infinity;
    `name(row)` says whose row it is.
    """
    try:
        with np.errstate(over="ignore"):  # it becomes infinity, which is found below
            rows: FloatArray = np.ascontiguousarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidVector(f"not an array of numbers: {error}") from None
    expected = ("n" if n is None else n, dim)
    if rows.ndim != 2 or rows.shape[1] != dim or (n is not None and len(rows) != n):
        raise InvalidVector(f"vectors have the shape {rows.shape}, expected ({expected[0]}, {expected[1]})")
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise InvalidVector(f"the vector of {name(int(np.argmin(finite)))} holds NaN or infinity")
    nonzero = rows.any(axis=1)
    if not nonzero.all():
        raise InvalidVector(f"the vector of {name(int(np.argmin(nonzero)))} is zero, which has no direction")
    short = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) <= float(np.finfo(np.float32).max) ** 2
    if not short.all():
        raise InvalidVector(f"the vector of {name(int(np.argmin(short)))} is too long: its length overflows float32")
    return rows


def unit_rows(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows of length 1 and the lengths they had: float32 (n, dim) and float32 (n,).

    Lengths are taken in float64, where the square of no float32 overflows or vanishes.
    """
    wide = raw.astype(np.float64)  # (n, dim)
    norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))  # (n,)
    wide /= norms[:, None]
    return wide.astype(np.float32), norms.astype(np.float32)


def inner_products(rows: FloatArray, query: FloatArray) -> ScoreArray:
    """The inner product of each row with the query, float64 (n,), equal rows giving equal values.

    A matrix product may round a row differently by its place in the matrix; a sum over each row
    on its own cannot, so equal vectors tie exactly and answers do not depend on segments.
    """
    products = rows.astype(np.float64) * query.astype(np.float64)  # (n, dim)
    scores: ScoreArray = products.sum(axis=1)
    return scores
