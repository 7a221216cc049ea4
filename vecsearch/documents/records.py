"""Records → documents: the rows of a .jsonl, .csv, .tsv or .parquet file.

How rows are read from files is in `rows.py`, what a program passes to `add` in `given.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from vecsearch.documents.charsets import NotText
from vecsearch.documents.json_values import json_value
from vecsearch.documents.limits import Limits
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.record_places import record_outline
from vecsearch.documents.row import Readable, Row, too_long
from vecsearch.documents.rows import read_rows
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.reports import Failure
from vecsearch.types import Document

_MOST_NAMES, _LONGEST_NAME = 20, 100  # fields, and characters of the name of each, that an error shows
_MOST_PROBLEMS = 10_000  # rows of a file that are reported one by one
_FIRST_ROWS = 100  # rows among which the fields of a file are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFields:
    """Which fields of a record hold its id, its text and its title.

    By default: `_id` or `id`, `text`, and `title` where there is one.
    """

    id: str | None = None
    text: str | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidOption when a name is empty."""
        for role in ("id", "text", "title"):
            if getattr(self, role) == "":
                raise InvalidOption(f"the name of the {role} field of records is empty: give the name of a field")


class _Names(NamedTuple):
    """The names of the fields in one file."""

    id: str
    text: str
    title: str


def load_records(path: Readable, fields: RecordFields, limits: Limits | None = None) -> Iterator[Document | Failure]:
    """Yield a document for each row; a Failure for an invalid row, a Skip for a row or a file without text.

    Raises NoRecords when none of the first rows has the required fields, and InvalidDocument when none is a record.
    """
    source = str(path)
    limits = limits or Limits()
    rows = read_rows(path, limits)
    try:
        first = list(islice(rows, _FIRST_ROWS))
        if not first:
            yield Skip(source, "no records in it")
            return
        names = _names(source, first, fields)
        found = (_document(row, position, names, source, limits) for position, row in enumerate(chain(first, rows), 1))
        yield from _without_floods(found, source)
    except NotText as error:
        yield Skip(source, str(error))
    except OSError as error:
        yield Failure(source, os_reason(error))


def _without_floods(found: Iterator[Document | Failure], source: str) -> Iterator[Document | Failure]:
    """Yield the documents, and the first failures and skips; of more of these only how many there are."""
    counts = {Failure: 0, Skip: 0}
    for one in found:
        if isinstance(one, Failure):
            kind = Skip if isinstance(one, Skip) else Failure
            counts[kind] += 1
            if counts[kind] > _MOST_PROBLEMS:
                continue
        yield one
    if (more := counts[Failure] - _MOST_PROBLEMS) > 0:
        yield Failure(source, f"{more:,} more of its rows cannot be read")
    if (more := counts[Skip] - _MOST_PROBLEMS) > 0:
        yield Skip(source, f"{more:,} more of its rows have no text")


def _names(source: str, rows: list[Row], fields: RecordFields) -> _Names:
    present = list(dict.fromkeys(name for row in rows for name in row.values))
    if not present and len(rows) == _FIRST_ROWS:
        raise InvalidDocument(f"{source}: none of the first {_FIRST_ROWS} rows is a record; row 1: {rows[0].problem}")
    return _Names(
        _choose(source, "id", [fields.id] if fields.id else ["_id", "id"], present),
        _choose(source, "text", [fields.text or "text"], present),
        _choose(source, "title", [fields.title], present) if fields.title else "title",
    )


def _choose(source: str, role: str, candidates: list[str], present: list[str]) -> str:
    """Return the first candidate that is present; the first of all when no row of the file is a record."""
    for name in candidates:
        if name in present or not present:
            return name
    raise NoRecords(
        f"{source}: no field {' or '.join(map(repr, candidates))} for the {role} of its records; "
        f"it has {_some(present)}: name one with --{role}-field"
    )


def _some(names: list[str]) -> str:
    """Return the names, of many only the first."""
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else "")


def _document(row: Row, position: int, names: _Names, source: str, limits: Limits) -> Document | Failure:
    location = f"{source}:{row.number}"
    if row.problem is not None:
        return Failure(location, row.problem)
    try:
        values = json_value(row.values)
    except RecursionError:
        return Failure(location, "its values are nested too deep")
    document_id, title = scalar_text(values.get(names.id)), scalar_text(values.get(names.title))
    text = values.get(names.text, "") if names.text in row.values else None
    if not document_id:
        return Failure(location, f"no id in its field {names.id!r}")
    if not isinstance(text, str):
        return Failure(location, f"no text in its field {names.text!r}")
    metadata = {name: value for name, value in values.items() if name not in names}
    if title.strip():
        text = f"{title} {text}" if text else title
        metadata["title"] = title
    if not text.strip():
        return Skip(location, "no text in it")
    if len(text) > limits.text:
        return Failure(location, too_long(limits))
    return Document(document_id, text, metadata, source, record_outline(position, row.begins or row.number))


def scalar_text(value: Any) -> str:
    """Return a text or number as text; "" for anything else."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
