"""The values of metadata that a program gives → the plain values that are stored, and that hits give back.

    str, int, float, bool, date, datetime, Decimal, None    as they are, subclasses as the plain type
    scalars of numpy, timestamps of pandas                  the same value in Python's type
    an Enum                                                 its value
    a UUID                                                  its text
    a list, a tuple, an array of numpy                      a list
    a mapping                                               a dict

Whatever would lose something on the way is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidDocument

_PLAIN = (bool, float, date, datetime, type(None))  # values of exactly these types are stored as they are
_WIDEST_INT = 8192  # bits; Python refuses to print integers of more than 4300 digits
_EXPECTED = (
    "expected str, int, float, bool, date, datetime, Decimal, UUID, Enum, a numpy scalar, or a list or dict of these"
)


def check_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as the plain values that can be stored and read back; raises InvalidDocument."""
    try:
        return _mapping(metadata)
    except RecursionError:
        raise InvalidDocument("its metadata is nested too deep") from None


def plain_value(name: str, value: Any) -> Any:
    """Return a value in the plain type that is stored; raises InvalidDocument, which calls it `name`."""
    kind = type(value)
    if kind is str or isinstance(value, str):
        return _text(name, str.__str__(value.value if isinstance(value, Enum) else value))
    if kind in _PLAIN:
        return value
    match value:
        case Enum():
            return plain_value(name, value.value)
        case np.generic():
            return _of_numpy(name, value)
        case int():
            return _integer(name, int(value))
        case float():
            return float(value)
        case date():  # a datetime is a date
            return _moment(name, value)
        case Decimal():
            return Decimal(value)
        case UUID():
            return str(value)
        case list() | tuple():
            return [plain_value(name, element) for element in value]
        case np.ndarray() if value.ndim:
            return [plain_value(name, element) for element in value]
        case Mapping():
            return _mapping(value)
    if kind.__name__ == "NAType" and kind.__module__.startswith("pandas."):
        return None
    raise InvalidDocument(f"metadata {name!r} is {kind.__name__}, {_EXPECTED}")


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise InvalidDocument(f"metadata key {key!r} is {type(key).__name__}, expected str")
        if not is_storable(key):
            raise InvalidDocument(f"metadata key {key!r} holds a lone surrogate, which cannot be stored")
        plain[str.__str__(key)] = plain_value(key, value)
    return plain


def _text(name: str, text: str) -> str:
    if not is_storable(text):
        raise InvalidDocument(f"metadata {name!r} holds a lone surrogate, which cannot be stored")
    return text


def _integer(name: str, value: int) -> int:
    if value.bit_length() > _WIDEST_INT:
        raise InvalidDocument(
            f"metadata {name!r} is an integer of {value.bit_length()} bits, expected at most {_WIDEST_INT}"
        )
    return value


def _of_numpy(name: str, value: np.generic) -> Any:
    if isinstance(value, np.datetime64):
        return _of_numpy_time(name, value)
    plain = value.item()
    if isinstance(value, np.timedelta64) or isinstance(
        plain, (np.generic, bytes, complex)
    ):  # a long double, which Python has no type for
        raise InvalidDocument(f"metadata {name!r} is {type(value).__name__}, {_EXPECTED}")
    return plain_value(name, plain)


def _of_numpy_time(name: str, value: np.datetime64) -> Any:
    if np.isnat(value):
        return None
    day, moment = value.astype("datetime64[D]"), value.astype("datetime64[us]")
    if np.datetime_data(value.dtype)[0] in ("Y", "M", "W", "D"):
        moment = day
    elif moment != value:
        raise _too_fine(name, value)
    plain = moment.item()
    if not isinstance(plain, date):
        raise InvalidDocument(f"metadata {name!r} is {value}, outside the years 1 to 9999")
    return plain


def _moment(name: str, value: date) -> date | None:
    """The plain date or time of a subclass, such as a Timestamp of pandas; None for its NaT, which equals nothing."""
    if value != value:
        return None
    if not isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    if getattr(value, "nanosecond", 0):
        raise _too_fine(name, value)
    parts = (value.hour, value.minute, value.second, value.microsecond)
    return datetime(value.year, value.month, value.day, *parts, tzinfo=value.tzinfo, fold=value.fold)


def _too_fine(name: str, value: Any) -> InvalidDocument:
    return InvalidDocument(f"metadata {name!r} is {value}, with nanoseconds: round it to microseconds")
