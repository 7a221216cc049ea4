"""Any value of a row → a JSON value, which can be stored as metadata and read by any program."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from vecsearch.checks import is_storable

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


_DEEPEST = 100  # lists and mappings inside one another: what reads them may recurse


def json_value(value: Any, depth: int = _DEEPEST) -> Any:
    """Return `value` in JSON's types: dates as ISO text, bytes as UTF-8 text; None for what JSON cannot express.

    A None in a mapping is dropped; in a list it is kept, because the positions of the others matter. Raises
    RecursionError for values that are nested deeper than `depth`.
    """
    if depth < 0:
        raise RecursionError("nested too deep")
    match value:
        case None | bool() | int():
            return value
        case str():
            return storable_text(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            items = ((storable_text(str(key)), json_value(item, depth - 1)) for key, item in value.items())
            return {key: item for key, item in items if item is not None}
        case list() | tuple():
            return [json_value(item, depth - 1) for item in value]
        case _:
            return _json_scalar(value)


def storable_text(text: str) -> str:
    """Return `text` with each lone surrogate, which no file can hold, replaced by U+FFFD."""
    return text if is_storable(text) else _LONE_SURROGATE.sub("\ufffd", text)


def _json_scalar(value: Any) -> Any:
    match value:
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return float(value) if value.is_finite() else None
        case bytes():
            return _text_of_bytes(value)
        case _:
            return str(value)


def _text_of_bytes(value: bytes) -> str | None:
    """Return the text in a binary column, as which some programs write text to Parquet; None for other bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
