"""Where a record is in its file, as the label of a `Place`: "row 14", or "row 14, line 15" where they differ."""

from __future__ import annotations

import re

from vecsearch.types import Outline, Place

_ROW = re.compile(r"\brow (\d+)\b")
_RECORD = re.compile(r"row (\d+)(?:, line (\d+))?")


def record_outline(row: int, line: int) -> Outline:
    """Return the outline of a record: its row, from 1 below a header, and the line on which it begins."""
    return Outline(places=(Place(0, None, f"row {row}" if line == row else f"row {row}, line {line}"),))


def record_place(outline: Outline) -> str:
    """Return the label of a record's place; "" for the outline of another document."""
    [label] = [place.label for place in outline.places] if len(outline.places) == 1 else [""]
    return label if _RECORD.fullmatch(label) else ""


def record_row(label: str) -> int | None:
    """Return the number of the row that a place names, of a record or a sheet: "Sales, row 14"."""
    found = _ROW.search(label)
    return int(found[1]) if found else None


def record_line(label: str) -> int | None:
    """Return the line of the record that a place names, in Parquet its row; None for a place in another file."""
    found = _RECORD.fullmatch(label)
    return int(found[2] or found[1]) if found else None
