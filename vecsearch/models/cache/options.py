"""How much the cache keeps, and how exactly: as an argument says, else as the environment does. Opens nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from vecsearch.errors import InvalidOption

_Option = TypeVar("_Option")
_WRITTEN_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(I?))?B?", re.ASCII | re.IGNORECASE)


class StoredPrecision(str, Enum):
    """What a value of a vector is kept as."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"  # half the bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheOptions:
    """`size` is what the file of vectors may take in bytes, 0 to keep nothing; `precision` that of what is put."""

    size: int = 10 * 1000**3  # 6 million vectors of 384 dimensions; no more than a few large models
    precision: StoredPrecision = StoredPrecision.FLOAT32


def options_of(size: int | str | None, precision: str | None) -> CacheOptions:
    """What is given; what is None as `$VECSEARCH_CACHE_SIZE` and `$VECSEARCH_CACHE_PRECISION` say, if they do.

    Raises InvalidOption, which names the variable when that is to blame.
    """
    default = CacheOptions()
    return CacheOptions(
        size=_chosen(size, "VECSEARCH_CACHE_SIZE", bytes_in, default.size),
        precision=_chosen(precision, "VECSEARCH_CACHE_PRECISION", _precision_of, default.precision),
    )


def bytes_in(size: int | str) -> int:
    """The bytes in a size such as "500MB", "1.5 GiB" or 0; kB is 1000, KiB is 1024. Raises InvalidOption."""
    written = _WRITTEN_SIZE.fullmatch(str(size).strip())
    if not written:
        raise InvalidOption(f"a size is {size!r}; it is a number and a unit, as in 500MB or 4GB, or 0 to keep nothing")
    number, unit, binary = written.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index((unit or " ").upper()))


def _precision_of(word: str) -> StoredPrecision:
    try:
        return StoredPrecision(word)
    except ValueError:
        known = ", ".join(StoredPrecision)
        raise InvalidOption(f"a cache's precision is {word!r}; one of: {known}") from None


def _chosen(given: Any, variable: str, parse: Callable[[Any], _Option], default: _Option) -> _Option:
    if given is not None:
        return parse(given)
    named = os.environ.get(variable)
    if not named:
        return default
    try:
        return parse(named)
    except InvalidOption as error:
        raise InvalidOption(f"${variable}: {error}") from None
