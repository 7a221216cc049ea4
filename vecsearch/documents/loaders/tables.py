"""Rows → lines of text, in which each value follows the name of its column; and the loader of files of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from vecsearch.documents.composing import Composer, Parsed
from vecsearch.documents.json_values import json_value
from vecsearch.documents.outcomes import NoRecords
from vecsearch.documents.piece import Piece
from vecsearch.documents.records import load_records
from vecsearch.documents.rows import read_rows
from vecsearch.reports import Failure
from vecsearch.types import Document

_FIRST_ROWS = 10  # among which the header is looked for


def load_rows(piece: Piece) -> Iterator[Document | Failure]:
    """Yield a document for each record; one with all rows, if they lack the fields and records are not expected."""
    try:
        yield from load_records(piece, piece.fields, piece.limits)
    except NoRecords:
        if piece.expect_records:
            raise
        yield piece.document(_parse_table(piece))


def _parse_table(piece: Piece) -> Parsed:
    """Return the text with a line for each row of the file; a row that cannot be read is left out."""
    composer = Composer(piece.limits)
    for row in read_rows(piece, piece.limits):
        composer.place(f"row {row.number}")
        composer.line(row_line(list(row.values), list(row.values.values())))
    return composer.parsed({"type": "table"})


def add_rows(composer: Composer, rows: Sequence[Sequence[Any]], first: int, sheet: str) -> None:
    """Add a line for each row of a sheet; `first` is the number of the first row."""
    header = _header(rows)
    names = [] if header is None else [shown(cell) for cell in rows[header]]
    for index, row in enumerate(rows):
        composer.place(f"{sheet}, row {first + index}")
        is_below = header is not None and index > header
        composer.line(row_line(names if is_below else [], row))


def row_line(names: Sequence[str], values: Sequence[Any]) -> str:
    """Return the values that are not empty, each after its name, if it has one; line ends in a value become blanks."""
    texts = [" ".join(shown(value).split()) for value in values]
    named = [(names[index] if index < len(names) else "", text) for index, text in enumerate(texts) if text]
    return " | ".join(f"{name}: {text}" if name else text for name, text in named)


def shown(value: Any) -> str:
    """Return a value as text for people: 3.0 as 3, midnight as a date, None as ""."""
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
    """Return the index of the row with the names of the columns; None without one.

    It is the first of the widest rows at the top, if its cells are distinct strings and a row follows.
    """
    sizes = [sum(shown(cell) != "" for cell in row) for row in rows[: _FIRST_ROWS + 1]]
    widest = max(sizes, default=0)
    for index, row in enumerate(rows[:_FIRST_ROWS]):
        if sizes[index] == widest > 1:
            cells = [cell for cell in row if shown(cell)]
            is_header = all(isinstance(cell, str) for cell in cells) and len(set(cells)) == len(cells)
            return index if is_header and index + 1 < len(rows) else None
    return None
