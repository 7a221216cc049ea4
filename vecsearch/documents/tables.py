"""Rows of a table -> lines of text. A value stands behind the name of its column, so that a line speaks for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from vecsearch.documents.composing import Composer
from vecsearch.documents.json_values import json_value
from vecsearch.documents.pieces import Piece
from vecsearch.documents.rows import Row
from vecsearch.types import Document

_FIRST_ROWS = 10  # among which the names of the columns are looked for


def table_document(rows: Iterable[Row], piece: Piece) -> Document:
    """The document with a line for each row of a file of records; a row that cannot be read is left out."""
    composer = Composer(piece.limits)
    for row in rows:
        composer.place(f"row {row.number}")
        composer.line(row_line(list(row.values), list(row.values.values())))
    return composer.document(piece.id, piece.source, {})


def add_rows(composer: Composer, rows: Sequence[Sequence[Any]], first: int, sheet: str) -> None:
    """Add a line for each row of a sheet; `first` is the number of the first one.

    The names of its columns are taken from the first row of texts alone that has as many as any row near it.
    """
    header = _header(rows)
    names = [] if header is None else [shown(cell) for cell in rows[header]]
    for index, row in enumerate(rows):
        composer.place(f"{sheet}, row {first + index}")
        is_below = header is not None and index > header
        composer.line(row_line(names if is_below else [], row))


def row_line(names: Sequence[str], values: Sequence[Any]) -> str:
    """The values that are not empty, each behind its name where it has one; a value's line ends become blanks."""
    texts = [" ".join(shown(value).split()) for value in values]
    named = [(names[place] if place < len(names) else "", text) for place, text in enumerate(texts) if text]
    return " | ".join(f"{name}: {text}" if name else text for name, text in named)


def shown(value: Any) -> str:
    """A value as people read it: 3.0 as 3, midnight as a day, nothing as ""."""
    match value:
        case None:
            return ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds")
        case date() | time() | timedelta():
            return str(value)
        case str():
            return value
        case _:
            return str(json_value(value))


def _header(rows: Sequence[Sequence[Any]]) -> int | None:
    """The place of the row with the names of the columns; None when there is none."""
    sizes = [sum(shown(cell) != "" for cell in row) for row in rows[: _FIRST_ROWS + 1]]
    widest = max(sizes, default=0)
    for place, row in enumerate(rows[:_FIRST_ROWS]):
        if sizes[place] == widest > 1:
            texts = [cell for cell in row if shown(cell)]
            is_names = all(isinstance(cell, str) for cell in texts) and len(set(texts)) == len(texts)
            return place if is_names and place + 1 < len(rows) else None
    return None
