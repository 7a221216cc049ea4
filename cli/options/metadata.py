"""`--meta KEY=VALUE`: typed metadata from what is written on the command line."""

from __future__ import annotations

import re
from datetime import date
from math import isfinite
from typing import TypeAlias

import click

Value: TypeAlias = "str | int | float | bool | date"

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")  # 64 bits; with a leading zero it is a code, not a number
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEANS = {"true": True, "false": False}


def parse_metadata(_context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Value]:
    """Return the metadata of a repeated option; raises BadParameter for what is not KEY=VALUE, and for a key twice."""
    metadata: dict[str, Value] = {}
    for pair in pairs:
        key, mark, text = pair.partition("=")
        if not (key and mark):
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE, as in project=apollo")
        if key in metadata:
            raise click.BadParameter(f"{key} is given twice: a key has one value per document")
        metadata[key] = parse_value(text)
    return metadata


def parse_value(text: str) -> Value:
    """Return the boolean, integer, number or date (2024-05-31) that a text spells, else the text itself.

    In double quotes it stays a text: '"42"'.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text)
    return _parse_day(text) or text


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:  # 31 February
        return None
