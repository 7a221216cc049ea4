"""Files and streams of texts -> each text with an id: a line, or a record of a .jsonl, .csv or .parquet file.

Nothing is left out, as it is for documents: whoever has the vectors counts on their places. So an empty line is an
empty text, and what is no text is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeAlias

from vecsearch.documents.decoding import NotText
from vecsearch.documents.json_values import json_value
from vecsearch.documents.records import RecordFields, scalar_text
from vecsearch.documents.rows import Row, json_of_line, open_text, read_rows
from vecsearch.errors import InvalidDocument, PathNotFound

TextSource: TypeAlias = Path | TextIO


class NamedText(NamedTuple):
    """A text, what it is called, and about how many bytes of its file it takes."""

    id: str
    text: str
    size: int


def check_sources(sources: Sequence[TextSource]) -> None:
    """Raises PathNotFound when one of them is no file."""
    for source in sources:
        if isinstance(source, Path) and not source.exists():
            raise PathNotFound(f"there is no file {source}: check the path")
        if isinstance(source, Path) and source.is_dir():
            raise PathNotFound(f"{source} is a folder: name the files in it")


def size_of(sources: Sequence[TextSource]) -> int:
    """How many bytes there are to read; 0 where a stream or a pipe is among them and nobody knows."""
    files = [source for source in sources if isinstance(source, Path) and source.is_file()]
    return sum(path.stat().st_size for path in files) if len(files) == len(sources) else 0


def read_texts(source: TextSource, fields: RecordFields, *, json_lines: bool | None) -> Iterator[NamedText]:
    """The texts of a file or stream, in their order.

    `json_lines` says whether each line is JSON, a text or an object with one, or a text as it stands; None goes by
    the extension: .jsonl, .ndjson, .csv and .parquet hold records, every other file and a stream a text a line. A
    text without an id has its place for one: `FILE:LINE`, of a stream the number of the line. Raises OSError, and
    InvalidDocument, which names the place, for what is no text.
    """
    suffix = source.suffix.lower() if isinstance(source, Path) else ""
    if isinstance(source, Path) and json_lines is None and suffix in (".csv", ".parquet"):
        return _from_rows(source, fields)
    if json_lines or (json_lines is None and suffix in (".jsonl", ".ndjson")):
        return _from_json_lines(source, fields)
    return _from_lines(source)


def _from_lines(source: TextSource) -> Iterator[NamedText]:
    with _opened(source, newline=None) as lines:
        for number, line in enumerate(lines, 1):
            yield NamedText(_place(source, number), line.removesuffix("\n"), _size(line))


def _from_json_lines(source: TextSource, fields: RecordFields) -> Iterator[NamedText]:
    with _opened(source, newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                row = _json_row(number, line, fields)
                yield _named_text(row, _place(source, number), fields, _size(line))


def _from_rows(path: Path, fields: RecordFields) -> Iterator[NamedText]:
    try:
        for row in read_rows(path):
            size = sum(len(value) for value in row.values.values() if isinstance(value, str))
            yield _named_text(row, _place(path, row.number), fields, size)
    except NotText as error:
        raise InvalidDocument(f"{path}: {error}") from None


def _json_row(number: int, line: str, fields: RecordFields) -> Row:
    """The line as a row; a text alone is the only field of its row."""
    value, problem = json_of_line(line)
    if problem is None and isinstance(value, str):
        value = {_text_field(fields): value}
    if problem is None and not isinstance(value, dict):
        problem = f"a JSON {type(value).__name__}, expected a text or an object with one"
    return Row(number, {}, problem) if problem else Row(number, value)


def _named_text(row: Row, place: str, fields: RecordFields, size: int) -> NamedText:
    if row.problem is not None:
        raise InvalidDocument(f"{_shown(place)}: {row.problem}")
    text = _text(row.values, _text_field(fields), place)
    title = scalar_text(row.values.get(fields.title or "title"))
    if title.strip():
        text = f"{title} {text}" if text else title
    return NamedText(_id(row.values, fields, place), text, size)


def _text(values: dict[str, Any], name: str, place: str) -> str:
    """The text in the field; an empty one where the file says that there is none."""
    if name not in values:
        has = ", ".join(values) or "no field"
        raise InvalidDocument(
            f"{_shown(place)}: no field {name!r} for its text, it has {has}: name it with --text-field"
        )
    value = values[name]
    if value is None:
        return ""
    text = json_value(value) if isinstance(value, (str, bytes)) else None
    if not isinstance(text, str):
        raise InvalidDocument(f"{_shown(place)}: its field {name!r} is {type(value).__name__}, expected a text")
    return text


def _id(values: dict[str, Any], fields: RecordFields, place: str) -> str:
    found = (scalar_text(values.get(name)) for name in ([fields.id] if fields.id else ["_id", "id"]))
    identifier = next(filter(None, found), "")
    if fields.id and not identifier:
        raise InvalidDocument(f"{_shown(place)}: no id in its field {fields.id!r}")
    return identifier or place


def _text_field(fields: RecordFields) -> str:
    return fields.text or "text"


def _place(source: TextSource, number: int) -> str:
    return f"{source}:{number}" if isinstance(source, Path) else str(number)


def _shown(place: str) -> str:
    """The place as an error says it; of a stream it is only a number."""
    return f"line {place}" if place.isdecimal() else place


def _size(line: str) -> int:
    return len(line.encode("utf-8", "surrogatepass"))


@contextmanager
def _opened(source: TextSource, newline: str | None) -> Iterator[TextIO]:
    """The lines of a file in its own encoding; those of a stream, and of a pipe with a name, as they come."""
    if not isinstance(source, Path):
        yield source
    elif source.is_fifo():  # read once only, so that nothing can be found out first
        with source.open(encoding="utf-8-sig", errors="replace", newline=newline) as lines:
            yield lines
    else:
        try:
            with open_text(source, newline) as lines:
                yield lines
        except NotText as error:
            raise InvalidDocument(f"{source}: {error}") from None
