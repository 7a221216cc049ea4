"""Files of records -> rows: .jsonl, .csv, .tsv and .parquet, one row or batch in memory at a time.

A row is a dict by field name, still with the values of its format. What the fields mean is said in `records`.
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

from vecsearch.documents.decoding import encoding_of_stream
from vecsearch.errors import InvalidDocument

_FIELD_LIMIT = 2**31 - 1  # the most that the csv module takes on every system
_BATCH = 1024  # rows of Parquet in memory at a time


class Readable(Protocol):
    """A file on disk, or one inside another; its text is what it is called."""

    @property
    def suffix(self) -> str:
        """Its extension: ".csv"."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Its bytes from the first one on. Raises OSError."""


class Row(NamedTuple):
    """Row `number`: the line it ends on, from 1, or in Parquet its place; `problem` says why `values` is empty."""

    number: int
    values: dict[str, Any]
    problem: str | None = None


def read_rows(path: Readable) -> Iterator[Row]:
    """The rows of the file, by its extension. Raises OSError, and InvalidDocument when it is not of that format."""
    match path.suffix.lower():
        case ".parquet":
            return _parquet_rows(path)
        case ".csv" | ".tsv":
            return _csv_rows(path)
        case _:
            return _json_rows(path)


@contextmanager
def open_text(path: Readable, newline: str | None) -> Iterator[TextIO]:
    """The file as text in its own encoding; a first pass finds that out without holding the file in memory.

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
        problem = f"a JSON {type(values).__name__}, not an object"
    return Row(number, {}, problem) if problem else Row(number, values)


def json_of_line(line: str) -> tuple[Any, str | None]:
    """The JSON value in a line, or None and what is wrong with the line."""
    try:
        return json.loads(line.rstrip("\r\n"), parse_constant=lambda _: None), None  # NaN and Infinity are not JSON
    except json.JSONDecodeError as error:
        return None, f"not valid JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists in lists
        return None, f"JSON that cannot be read: {error}"


def _csv_rows(path: Readable) -> Iterator[Row]:
    with open_text(path, newline="") as lines:
        first = lines.readline()
        reader = csv.reader(chain([first], lines), delimiter=_delimiter(first))
        header: list[str] | None = None
        while (cells := _next_cells(reader)) is not None:
            if isinstance(cells, str):
                yield Row(reader.line_num, {}, cells)
            elif header is None:
                header = [name.strip() for name in cells] or None
            elif cells:
                yield _csv_row(reader.line_num, header, cells)


def _csv_row(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(number, {}, f"{len(cells)} fields, but the header has {len(header)}")
    return Row(number, {name: cell or None for name, cell in zip(header, cells, strict=False) if name})


def _next_cells(reader: Any) -> list[str] | str | None:
    """The next row's cells, or what is wrong with it; None at the end.

    The module's limit for a field is one for all threads and too low for texts, so it is raised for one row only.
    """
    limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        return next(reader, None)
    except csv.Error as error:
        return f"not valid CSV: {error}"
    finally:
        csv.field_size_limit(limit)


def _delimiter(header: str) -> str:
    """Comma, semicolon or tab: whichever the header has most of outside quotes; comma when there is none."""
    bare = re.sub('"[^"]*"?', "", header)
    return max(",;\t", key=bare.count)


def _parquet_rows(path: Readable) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        if not file.read(1):
            return
        try:
            batches = pq.ParquetFile(file).iter_batches(batch_size=_BATCH)
            yield from map(Row, count(1), chain.from_iterable(_micros(batch).to_pylist() for batch in batches))
        except (pa.ArrowException, ValueError, OSError) as error:
            raise InvalidDocument(
                f"{path}: not a Parquet file that can be read: {str(error).splitlines()[0]}"
            ) from error


def _micros(batch: Any) -> Any:
    """The batch with its nanoseconds cut to microseconds, the finest that Python's dates have."""
    import pyarrow as pa

    for place, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            exact = batch.column(place).cast(pa.timestamp("us", field.type.tz), safe=False)
            batch = batch.set_column(place, field.name, exact)
    return batch
