"""Files and streams of texts → each text with an id: a line, or a record of a .jsonl, .csv or .parquet file.

Unlike documents, nothing is skipped: the n-th vector must belong to the n-th text. An empty line is an empty text, and
a record without text is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeAlias

from vecsearch.documents.charsets import NotText
from vecsearch.documents.json_values import json_value
from vecsearch.documents.limits import Limits
from vecsearch.documents.records import RecordFields, scalar_text
from vecsearch.documents.row import Row, bounded_lines, open_text, too_long
from vecsearch.documents.rows import json_of_line, read_rows
from vecsearch.errors import InvalidDocument, PathNotFound

TextSource: TypeAlias = Path | TextIO


class NamedText(NamedTuple):
    """A text, its id, and roughly the bytes of its file that it takes up."""

    id: str
    text: str
    size: int


def check_sources(sources: Sequence[TextSource]) -> None:
    """Raises PathNotFound when one of the sources is missing or a folder."""
    for source in sources:
        if isinstance(source, Path) and not source.exists():
            raise PathNotFound(f"no file at {source}: check the path")
        if isinstance(source, Path) and source.is_dir():
            raise PathNotFound(f"{source} is a folder: name the files in it")


def size_of(sources: Sequence[TextSource]) -> int:
    """Return the bytes to read; 0 when a stream or a pipe is among them, whose size is unknown."""
    files = [source for source in sources if isinstance(source, Path) and source.is_file()]
    return sum(path.stat().st_size for path in files) if len(files) == len(sources) else 0


def read_texts(source: TextSource, fields: RecordFields, *, json_lines: bool | None) -> Iterator[NamedText]:
    """Yield the texts of a file or stream, in their order.

    With `json_lines` each line is JSON: a string, or an object with a text; with False each line is a text itself. None
    goes by the extension: .jsonl, .ndjson, .csv and .parquet hold records, every other file and a stream a text a line.
    A text without an id is called `FILE:LINE`, in a stream by the number of its line. Raises OSError, and
    InvalidDocument, which names the line, for a record without a text.
    """
    suffix = source.suffix.lower() if isinstance(source, Path) else ""
    if isinstance(source, Path) and json_lines is None and suffix in (".csv", ".parquet"):
        return _from_rows(source, fields)
    if json_lines or (json_lines is None and suffix in (".jsonl", ".ndjson")):
        return _from_json_lines(source, fields)
    return _from_lines(source)


def _from_lines(source: TextSource) -> Iterator[NamedText]:
    with _opened(source, newline=None) as lines:
        for number, line in enumerate(_lines(lines, source), 1):
            yield NamedText(_location(source, number), line.removesuffix("\n"), _size(line))


def _lines(lines: TextIO, source: TextSource) -> Iterator[str]:
    """Yield the lines; raises InvalidDocument, which names the line, for one that is too long."""
    limits = Limits()
    for number, line in enumerate(bounded_lines(lines, limits), 1):
        if line is None:
            raise InvalidDocument(f"{_shown(_location(source, number))}: {too_long(limits)}")
        yield line


def _from_json_lines(source: TextSource, fields: RecordFields) -> Iterator[NamedText]:
    with _opened(source, newline="\n") as lines:
        for number, line in enumerate(_lines(lines, source), 1):
            if line.strip():
                row = _json_row(number, line, fields)
                yield _named_text(row, _location(source, number), fields, _size(line))


def _from_rows(path: Path, fields: RecordFields) -> Iterator[NamedText]:
    try:
        for row in read_rows(path):
            size = sum(len(value) for value in row.values.values() if isinstance(value, str))
            yield _named_text(row, _location(path, row.number), fields, size)
    except NotText as error:
        raise InvalidDocument(f"{path}: {error}") from None


def _json_row(number: int, line: str, fields: RecordFields) -> Row:
    """Return the line as a row; a string is the only field of its row."""
    value, problem = json_of_line(line)
    if problem is None and isinstance(value, str):
        value = {_text_field(fields): value}
    if problem is None and not isinstance(value, dict):
        problem = f"a JSON {type(value).__name__}; expected a string or an object with a text"
    return Row(number, {}, problem) if problem else Row(number, value)


def _named_text(row: Row, location: str, fields: RecordFields, size: int) -> NamedText:
    if row.problem is not None:
        raise InvalidDocument(f"{_shown(location)}: {row.problem}")
    text = _text(row.values, _text_field(fields), location)
    title = scalar_text(row.values.get(fields.title or "title"))
    if title.strip():
        text = f"{title} {text}" if text else title
    return NamedText(_id(row.values, fields, location), text, size)


def _text(values: dict[str, Any], name: str, location: str) -> str:
    """Return the text in the field; "" for null."""
    if name not in values:
        present = ", ".join(values) or "no field"
        raise InvalidDocument(
            f"{_shown(location)}: no field {name!r} for its text; it has {present}: name it with --text-field"
        )
    value = values[name]
    if value is None:
        return ""
    text = json_value(value) if isinstance(value, (str, bytes)) else None
    if not isinstance(text, str):
        raise InvalidDocument(f"{_shown(location)}: its field {name!r} is {type(value).__name__}; expected a text")
    return text


def _id(values: dict[str, Any], fields: RecordFields, location: str) -> str:
    ids = (scalar_text(values.get(name)) for name in ([fields.id] if fields.id else ["_id", "id"]))
    identifier = next(filter(None, ids), "")
    if fields.id and not identifier:
        raise InvalidDocument(f"{_shown(location)}: no id in its field {fields.id!r}")
    return identifier or location


def _text_field(fields: RecordFields) -> str:
    return fields.text or "text"


def _location(source: TextSource, number: int) -> str:
    return f"{source}:{number}" if isinstance(source, Path) else str(number)


def _shown(location: str) -> str:
    """Return the location for an error message; in a stream it is only a number."""
    return f"line {location}" if location.isdecimal() else location


def _size(line: str) -> int:
    return len(line.encode("utf-8", "surrogatepass"))


@contextmanager
def _opened(source: TextSource, newline: str | None) -> Iterator[TextIO]:
    """Open a file in its own encoding; a stream as it is, and a named pipe as UTF-8."""
    if not isinstance(source, Path):
        yield source
    elif source.is_fifo():  # can be read only once, so its encoding cannot be detected
        with source.open(encoding="utf-8-sig", errors="replace", newline=newline) as lines:
            yield lines
    else:
        try:
            with open_text(source, newline) as lines:
                yield lines
        except NotText as error:
            raise InvalidDocument(f"{source}: {error}") from None
