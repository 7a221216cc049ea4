"""The files that an export can be, by the end of their names: each takes tables one after another.

.parquet, .arrow    every column, with vectors
.jsonl              one object a chunk: ids, place, text, its document's metadata as an object, norm and vector
.csv                the same without norm and vector; metadata is a JSON object
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa

from vecsearch.errors import InvalidOption
from vecsearch.storage.columns import rest_of
from vecsearch.storage.document_values import PREFIX, REST
from vecsearch.storage.typed_columns import metadata_keys
from vecsearch.types import json_safe

VECTOR = "vector"
_SUFFIXES = (".parquet", ".jsonl", ".csv", ".arrow")
_PLAIN = (*("document_id", "ordinal", "start", "end", "line", "page", "place", "heading", "text"), "path", "source")
_METADATA, _NORM = "metadata", "norm"

Write: TypeAlias = Callable[[pa.Table], object]


def check_suffix(path: Path) -> str:
    """Return the end of the name of a file to write, in small letters; raises InvalidOption for an unknown one."""
    suffix = path.suffix.lower() or _SUFFIXES[0]
    if suffix not in _SUFFIXES:
        raise InvalidOption(f"{path} has a name of no known form: let it end in {', '.join(_SUFFIXES[:-1])} or .arrow")
    return suffix


@contextmanager
def writing(stream: BinaryIO, suffix: str, schema: pa.Schema) -> Iterator[Write]:
    """Yield what writes a table of these columns to a stream in the form that belongs to a suffix."""
    match suffix:
        case ".parquet":
            import pyarrow.parquet as pq

            with closing(pq.ParquetWriter(stream, schema, compression="zstd")) as parquet:
                yield parquet.write_table
        case ".arrow":
            with pa.ipc.new_file(stream, schema) as arrow:
                yield arrow.write_table
        case ".jsonl":
            yield lambda table: stream.writelines(_json_lines(table))
        case _:
            stream.write(_csv_lines([(*_PLAIN, _METADATA)]))
            yield lambda table: stream.write(_csv_lines(_csv_rows(table)))


def _json_lines(table: pa.Table) -> Iterator[bytes]:
    vectors = table.column(VECTOR).combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)
    for row, norm, vector in zip(_rows(table), table.column(_NORM).to_pylist(), vectors, strict=True):
        row |= {_NORM: _digits(norm), VECTOR: [_digits(number) for number in vector.tolist()]}
        yield json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _digits(number: float) -> float:
    """A float32 with as many digits as tell it from others."""
    return float(f"{number:.9g}")


def _csv_rows(table: pa.Table) -> Iterator[list[Any]]:
    for row in _rows(table):
        row[_METADATA] = json.dumps(row[_METADATA], ensure_ascii=False, allow_nan=False)
        yield list(row.values())


def _csv_lines(rows: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows as JSON can have them."""
    for row, metadata in zip(table.select(_PLAIN).to_pylist(), _metadata(table), strict=True):
        yield {**row, _METADATA: json_safe(metadata)}


def _metadata(table: pa.Table) -> list[dict[str, Any]]:
    """The metadata of each row, which all rows have here."""
    rows: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    for key, decode in metadata_keys(table.schema):
        for row, value in zip(rows, table.column(PREFIX + key).to_pylist(), strict=True):
            if value is not None:
                row[key] = decode(value)
    if REST in table.column_names:
        for row, text in zip(rows, table.column(REST).to_pylist(), strict=True):
            row.update({} if text is None else rest_of(text))
    return rows
