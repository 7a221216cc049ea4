"""`--meta KEY=VALUE`: metadata as it is typed, to values with a type."""

from __future__ import annotations

import re
from datetime import date
from math import isfinite
from typing import TypeAlias

import click

Value: TypeAlias = "str | int | float | bool | date"

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")  # 64 bits; with a zero in front it is a code and no number
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {"true": True, "false": False}


def metadata_of(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Value]:
    """The metadata that a repeated option gives; raises BadParameter for what is no KEY=VALUE, or a key given twice."""
    found: dict[str, Value] = {}
    for pair in given:
        key, mark, text = pair.partition("=")
        if not (key and mark):
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE, as in project=apollo")
        if key in found:
            raise click.BadParameter(f"{key} is given twice: an index holds one value of a key for a document")
        found[key] = typed(text)
    return found


def typed(text: str) -> Value:
    """The value that a text is: true or false, a whole number, a number, a day as 2024-05-31; else the text itself.

    In double quotes it is a text whatever it looks like: '"42"'.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text)
    return _day(text) or text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:  # the 31st of February
        return None
