"""Records: each row of a .jsonl, .csv, .tsv or .parquet file -> a document. How the rows are read is in `rows`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from vecsearch.documents.decoding import NotText
from vecsearch.documents.json_values import json_value
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.rows import Readable, Row, read_rows
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.reports import Failure
from vecsearch.types import Document

_FIRST_ROWS = 100  # rows that show which fields a file has


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFields:
    """Which fields of a record hold its id, its text and its title.

    None stands for `_id` or `id`, for `text`, and for `title` where there is one.
    """

    id: str | None = None
    text: str | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidOption when a name is empty."""
        for role in ("id", "text", "title"):
            if getattr(self, role) == "":
                raise InvalidOption(f"the {role} field of records has an empty name: give the name of a field")


class _Names(NamedTuple):
    """The names of the fields in one file."""

    id: str
    text: str
    title: str


def load_records(path: Readable, fields: RecordFields) -> Iterator[Document | Failure]:
    """A document for each row; a Failure for each that is none, a Skip for each, or for a file, without text.

    Raises InvalidDocument when none of the first rows has the fields that are needed.
    """
    source = str(path)
    rows = read_rows(path)
    try:
        first = list(islice(rows, _FIRST_ROWS))
        if not first:
            yield Skip(source, "no records in it")
            return
        names = _names(source, first, fields)
        for row in chain(first, rows):
            yield _document(row, names, source)
    except NotText as error:
        yield Skip(source, str(error))
    except OSError as error:
        yield Failure(source, os_reason(error))


def _names(source: str, rows: list[Row], fields: RecordFields) -> _Names:
    found = list(dict.fromkeys(name for row in rows for name in row.values))
    if not found and len(rows) == _FIRST_ROWS:
        raise InvalidDocument(f"{source}: none of the first {_FIRST_ROWS} rows is a record; row 1 is {rows[0].problem}")
    return _Names(
        _choose(source, "id", [fields.id] if fields.id else ["_id", "id"], found),
        _choose(source, "text", [fields.text or "text"], found),
        _choose(source, "title", [fields.title], found) if fields.title else "title",
    )


def _choose(source: str, role: str, wanted: list[str], found: list[str]) -> str:
    """The first of the names `wanted` that the file has. A file without any row that is a record may have any."""
    for name in wanted:
        if name in found or not found:
            return name
    raise NoRecords(
        f"{source}: no field {' or '.join(map(repr, wanted))} for the {role} of its records; "
        f"it has {', '.join(found)}: name one with --{role}-field"
    )


def _document(row: Row, names: _Names, source: str) -> Document | Failure:
    place = f"{source}:{row.number}"
    if row.problem is not None:
        return Failure(place, row.problem)
    try:
        values = json_value(row.values)
    except RecursionError:
        return Failure(place, "its values are nested too deep")
    document_id, title = scalar_text(values.get(names.id)), scalar_text(values.get(names.title))
    text = values.get(names.text, "") if names.text in row.values else None
    if not document_id:
        return Failure(place, f"no id in its field {names.id!r}")
    if not isinstance(text, str):
        return Failure(place, f"no text in its field {names.text!r}")
    metadata = {name: value for name, value in values.items() if name not in names}
    if title.strip():
        text = f"{title} {text}" if text else title
        metadata["title"] = title
    if not text.strip():
        return Skip(place, "no text in it")
    return Document(document_id, text, metadata, source)


def scalar_text(value: Any) -> str:
    """A text or number as text; "" for anything else."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
