"""How much the cache stores, and how exactly: from arguments, else from the environment. Opens nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from vecsearch.errors import InvalidOption

_Option = TypeVar("_Option")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(I?))?B?", re.ASCII | re.IGNORECASE)


class StoredPrecision(str, Enum):
    """The type of the values of stored vectors."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"  # half the bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheOptions:
    """`size` is the most bytes of the file, 0 to store nothing; `precision` is that of vectors stored from now on."""

    size: int = 10 * 1000**3  # 6 million vectors of 384 dimensions, on disk as much as a few large models
    precision: StoredPrecision = StoredPrecision.FLOAT32


def options_of(size: int | str | None, precision: str | None) -> CacheOptions:
    """Return the options; None means `$VECSEARCH_CACHE_SIZE` or `$VECSEARCH_CACHE_PRECISION`, else the default.

    Raises InvalidOption, which names the variable when its value is wrong.
    """
    default = CacheOptions()
    return CacheOptions(
        size=_chosen(size, "VECSEARCH_CACHE_SIZE", bytes_in, default.size),
        precision=_chosen(precision, "VECSEARCH_CACHE_PRECISION", _precision_of, default.precision),
    )


def bytes_in(size: int | str) -> int:
    """Return the bytes in a size such as "500MB", "1.5 GiB" or 0; kB is 1000, KiB is 1024. Raises InvalidOption."""
    match = _SIZE.fullmatch(str(size).strip())
    if not match:
        raise InvalidOption(
            f"size is {size!r}, expected a number and a unit, such as 500MB or 4GB, or 0 to store nothing"
        )
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index((unit or " ").upper()))


def _precision_of(name: str) -> StoredPrecision:
    try:
        return StoredPrecision(name)
    except ValueError:
        names = ", ".join(StoredPrecision)
        raise InvalidOption(f"the cache's precision is {name!r}; one of: {names}") from None


def _chosen(argument: Any, variable: str, parse: Callable[[Any], _Option], default: _Option) -> _Option:
    if argument is not None:
        return parse(argument)
    value = os.environ.get(variable)
    if not value:
        return default
    try:
        return parse(value)
    except InvalidOption as error:
        raise InvalidOption(f"${variable}: {error}") from None
