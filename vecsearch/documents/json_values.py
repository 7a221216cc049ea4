"""Any value of a row -> what JSON can say, so that it can be stored as metadata and read by any program."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def json_value(value: Any) -> Any:
    """`value` with JSON's types only: dates as ISO text, bytes as UTF-8 text; None for what JSON has no word for.

    An item of a mapping that is None goes; in a list it stays, as the places of the others count.
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            return whole_text(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            items = ((whole_text(str(key)), json_value(item)) for key, item in value.items())
            return {key: item for key, item in items if item is not None}
        case list() | tuple():
            return [json_value(item) for item in value]
        case _:
            return _json_scalar(value)


def whole_text(text: str) -> str:
    """`text` with each lone surrogate, which no file can hold, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text


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
    """The text in a column of bytes, as some programs write text to Parquet; None for other bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
