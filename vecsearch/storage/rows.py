"""The rows of a segment as an Arrow table: chunk, origin of its document, length of its vector, metadata.

Opens no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.storage.columns import DOCUMENT, is_optional_column, with_documents
from vecsearch.storage.document_values import Documents
from vecsearch.types import Chunk, FloatArray

_TEXTS_AT_ONCE = 4_096
CHUNK_COLUMNS = ("document_id", "ordinal", "start", "end", "line", "page", "place", "heading", "text")
SCHEMA = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("page", pa.int32()),
        pa.field("place", pa.string(), nullable=False),  # where in the file, for people: "slide 2", "Sales, row 14"
        pa.field("heading", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("path", pa.string()),  # the file it was read from, relative to the index; null if added by a program
        pa.field("source", pa.string()),  # the source that a program gave
        pa.field("content", pa.binary(16), nullable=False),  # a digest of the whole document: equal means unchanged
        pa.field("norm", pa.float32(), nullable=False),  # the length of the vector before normalization
    ]
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from and what it held: the columns that all its rows share."""

    path: str | None
    source: str | None
    content: bytes
    metadata: Mapping[str, Any]
    text: str | None = None  # the whole document, in an index that keeps texts
    size: int = 0  # about how many characters the metadata has


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read for a hit."""

    chunk: Chunk
    path: str | None
    source: str | None
    metadata: dict[str, Any]


def chunk_table(chunks: Sequence[Chunk], origins: Sequence[Origin], norms: FloatArray) -> pa.Table:
    """Make the rows of a segment; origins[i] and norms[i] belong to chunks[i], a document's chunks are adjacent."""
    columns = [[getattr(chunk, name) for chunk in chunks] for name in CHUNK_COLUMNS]
    columns += [[getattr(origin, name) for origin in origins] for name in ("path", "source", "content")]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=False)]
    table = pa.table([*arrays, pa.array(norms, pa.float32())], schema=SCHEMA)
    if any(origin.text is not None for origin in origins):
        pairs = zip(chunks, origins, strict=True)
        texts = [origin.text if chunk.ordinal == 0 else None for chunk, origin in pairs]
        table = table.append_column(DOCUMENT, pa.array(texts, pa.string()))
    return with_documents(table, [origins[first].metadata for first in Documents.of(table).firsts.tolist()])


def searched_texts(rows: pa.Table) -> Iterator[str]:
    """Yield the text that lexical search covers: each row's headings and text."""
    for first in range(0, rows.num_rows, _TEXTS_AT_ONCE):
        some = rows.slice(first, _TEXTS_AT_ONCE)
        yield from pc.binary_join_element_wise(some.column("heading"), some.column("text"), "\n").to_pylist()


def check_rows(rows: pa.Table, name: str) -> pa.Table:
    """Return the rows, checked to have the columns of chunks; raises IndexDamaged, which names them `name`."""
    found = list(rows.schema)
    for expected, field in zip_longest(SCHEMA, found[: len(SCHEMA)]):
        if field != expected:
            raise IndexDamaged(
                f"{name} holds other columns, expected those of chunks: {_described(field)} in place of "
                f"{_described(expected)}"
            )
    if len(set(rows.schema.names)) < len(found):
        raise IndexDamaged(f"{name} holds two columns of one name")
    for field in found[len(SCHEMA) :]:
        if not is_optional_column(field):
            raise IndexDamaged(f"{name} holds a column {field.name} of {field.type}, which no index has")
    return rows


def _described(field: pa.Field | None) -> str:
    if field is None:
        return "none"
    return f"{field.name} of {field.type}{'' if field.nullable else ' without nulls'}"


def without_field_ids(rows: pa.Table) -> pa.Table:
    """Return the rows without the field numbers that Parquet adds to a schema."""
    fields = []
    for field in rows.schema:
        kept = {key: value for key, value in (field.metadata or {}).items() if not key.startswith(b"PARQUET:")}
        fields.append(field.with_metadata(kept or None))
    return rows.cast(pa.schema(fields))
