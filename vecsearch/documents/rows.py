"""Files of records → rows: .jsonl, .csv, .tsv and .parquet, one row or batch in memory at a time.

A row is a dict by field name, with the values of its format. `records.py` knows what the fields mean.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import chain, count
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol, TextIO

from vecsearch.documents.charsets import encoding_of_stream
from vecsearch.errors import InvalidDocument

_FIELD_LIMIT = 2**31 - 1  # the highest limit that the csv module accepts on every system
_BATCH = 1024  # rows of Parquet in memory at a time


class Readable(Protocol):
    """A file on disk or inside another file; `str()` of it is its name for people."""

    @property
    def suffix(self) -> str:
        """The extension of its name: ".csv"."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it at its first byte. Raises OSError."""


class Row(NamedTuple):
    """One row. `number` is the line it ends on, in Parquet its position, from 1; `problem`: why `values` is empty.

    `begins` is the line it begins on, where that may be another one.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None
    begins: int | None = None


def read_rows(path: Readable) -> Iterator[Row]:
    """Yield the rows of the file, read by its extension. Raises OSError, and InvalidDocument for another format."""
    match path.suffix.lower():
        case ".parquet":
            return _parquet_rows(path)
        case ".csv" | ".tsv":
            return _csv_rows(path)
        case _:
            return _json_rows(path)


@contextmanager
def open_text(path: Readable, newline: str | None) -> Iterator[TextIO]:
    """Open the file as text in its own encoding, which a first pass detects in constant memory.

    Raises NotText when it is binary.
    """
    with path.open("rb") as file:
        encoding = encoding_of_stream(file)
        file.seek(0)
        yield TextIOWrapper(file, encoding, "replace", newline)


def _json_rows(path: Readable) -> Iterator[Row]:
    with open_text(path, newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    values, problem = json_of_line(line)
    if problem is None and not isinstance(values, dict):
        problem = f"a JSON {type(values).__name__}; expected an object"
    return Row(number, {}, problem) if problem else Row(number, values)


def json_of_line(line: str) -> tuple[Any, str | None]:
    """Return the JSON value in a line, or None and what is wrong with the line."""
    try:
        return json.loads(line.rstrip("\r\n"), parse_constant=lambda _: None), None  # NaN and Infinity are not JSON
    except json.JSONDecodeError as error:
        return None, f"not valid JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or deeply nested lists
        return None, f"JSON that cannot be read: {error}"


def _csv_rows(path: Readable) -> Iterator[Row]:
    with open_text(path, newline="") as lines:
        first = lines.readline()
        reader = csv.reader(chain([first], lines), delimiter=_delimiter(first))
        header: list[str] | None = None
        while True:
            begins = reader.line_num + 1
            if (cells := _next_cells(reader)) is None:
                return
            if isinstance(cells, str):
                yield Row(reader.line_num, {}, cells)
            elif header is None:
                header = [name.strip() for name in cells] or None
            elif cells:
                yield _csv_row(reader.line_num, header, cells)._replace(begins=begins)


def _csv_row(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(number, {}, f"{len(cells)} fields; the header has {len(header)}")
    return Row(number, {name: cell or None for name, cell in zip(header, cells, strict=False) if name})


def _next_cells(reader: Any) -> list[str] | str | None:
    """Return the next row's cells, or what is wrong with it; None at the end.

    The csv module's limit for the size of a field is global and too low for texts: it is raised for one row at a time.
    """
    limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        return next(reader, None)
    except csv.Error as error:
        return f"not valid CSV: {error}"
    finally:
        csv.field_size_limit(limit)


def _delimiter(header: str) -> str:
    """Return whichever of comma, semicolon and tab is most frequent in the header outside quotes; comma if none is."""
    unquoted = re.sub('"[^"]*"?', "", header)
    return max(",;\t", key=unquoted.count)


def _parquet_rows(path: Readable) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        if not file.read(1):
            return
        try:
            batches = pq.ParquetFile(file).iter_batches(batch_size=_BATCH)
            yield from map(
                Row, count(1), chain.from_iterable(_with_microseconds(batch).to_pylist() for batch in batches)
            )
        except (pa.ArrowException, ValueError, OSError) as error:
            raise InvalidDocument(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from error


def _with_microseconds(batch: Any) -> Any:
    """Return the batch with its nanoseconds truncated to microseconds, the resolution of Python's dates."""
    import pyarrow as pa

    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            column = batch.column(index).cast(pa.timestamp("us", field.type.tz), safe=False)
            batch = batch.set_column(index, field.name, column)
    return batch
