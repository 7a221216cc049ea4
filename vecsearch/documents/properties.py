"""What a file says of itself -> metadata: title, author, language and day of making, under the same names for all."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from vecsearch.documents.composing import clean

_DAY = re.compile(r"(?:D:)?(\d{4})-?(\d\d)?-?(\d\d)?")
_NOTHING = frozenset(("anonymous", "(anonymous)", "unspecified", "(unspecified)", "untitled", "(untitled)", "unknown"))
_LONGEST = 1_000  # characters; what is longer is no title


def properties(
    *, title: str | None = None, author: str | None = None, language: str | None = None, created: str | None = None
) -> dict[str, Any]:
    """Metadata of what is said; what is blank, a program's word for nothing, or no day is left out."""
    found = {
        "title": _words(title),
        "author": _words(author),
        "language": _words(language),
        "created": iso_day(created or ""),
    }
    return {name: value for name, value in found.items() if value}


def iso_day(text: str) -> str | None:
    """The day that an ISO date or the date of a PDF begins with, as 2024-05-31; None for anything else."""
    found = _DAY.match(text.strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)).isoformat()
    except ValueError:
        return None


def _words(text: str | None) -> str:
    words = " ".join(clean(text or "").split())[:_LONGEST]
    return "" if words.lower() in _NOTHING else words
