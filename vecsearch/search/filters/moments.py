"""Dates and times as people write them in a condition. A time without a zone is taken as UTC."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY = timedelta(days=1)


def moment(text: str) -> date | datetime | None:
    """The date, or the time in its zone, that an ISO 8601 text says; None for another text."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, minute, second, fraction, zone = found.groups()
    try:
        if minute is None:
            return date.fromisoformat(day)
        return datetime.fromisoformat(
            f"{day}T{minute}:{second or '00'}.{(fraction or '').ljust(6, '0')}{_offset(zone)}"
        )
    except ValueError:
        return None


def microseconds(value: date) -> int:
    """Microseconds from 1970 in UTC to a time, or to the midnight at which a date begins."""
    if not isinstance(value, datetime):
        return days(value) * (_DAY // timedelta(microseconds=1))
    aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def days(value: date) -> int:
    """Days from 1970 to a date."""
    return value.toordinal() - _EPOCH.toordinal()


def _offset(zone: str | None) -> str:
    """The zone as every Python reads it: +02:00."""
    if zone is None or zone == "Z":
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"
