"""Checks of single values that callers give: whole numbers, numbers in a range, text that a file can hold."""

from __future__ import annotations

from math import inf, isfinite, nan
from numbers import Integral, Real
from typing import Any

from vecsearch.errors import InvalidOption


def check_whole(name: str, value: Any, least: int) -> int:
    """`value` as an int, known to be a whole number of at least `least`; raises InvalidOption, which says `name`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidOption(f"{name} is {value!r}, expected a whole number of at least {least}")
    return int(value)


def check_number(name: str, value: Any, lowest: float = -inf, highest: float = inf) -> float:
    """`value` as a float, known to be finite and in the range; raises InvalidOption, which says `name`."""
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else nan
    if not isfinite(number) or not lowest <= number <= highest:
        within = f" from {lowest:g} to {highest:g}" if isfinite(lowest) and isfinite(highest) else ""
        raise InvalidOption(f"{name} is {value!r}, expected a finite number{within}")
    return number


def is_storable(text: object) -> bool:
    """Whether a value is text that a file can hold: a str without lone surrogates."""
    if not isinstance(text, str):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
