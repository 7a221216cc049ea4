"""What a row of a segment says: one chunk, where its document came from, the length of its vector, its metadata.

As an Arrow table, whatever file that is in. Opens none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.storage.columns import DOCUMENT, metadata_columns
from vecsearch.types import Chunk, FloatArray

_TEXTS_AT_ONCE = 4_096
OF_CHUNK = ("document_id", "ordinal", "start", "end", "line", "page", "place", "heading", "text")
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
        pa.field("path", pa.string()),  # the file it was read from, relative to the index; null: added by a program
        pa.field("source", pa.string()),  # what a program said the source is
        pa.field("content", pa.binary(16), nullable=False),  # a digest of the whole document: equal means unchanged
        pa.field("norm", pa.float32(), nullable=False),  # the length of the vector before it was made a unit vector
    ]
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from and what it was: the columns that all its rows share."""

    path: str | None
    source: str | None
    content: bytes
    metadata: Mapping[str, Any]
    text: str | None = None  # all of the document, when that is kept


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is read for a hit."""

    chunk: Chunk
    path: str | None
    source: str | None
    metadata: dict[str, Any]


def chunk_table(chunks: Sequence[Chunk], origins: Sequence[Origin], norms: FloatArray) -> pa.Table:
    """The rows of a segment; origins[i] and norms[i] belong to chunks[i], and a document's chunks stand together."""
    columns = [[getattr(chunk, name) for chunk in chunks] for name in OF_CHUNK]
    columns += [[getattr(origin, name) for origin in origins] for name in ("path", "source", "content")]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=False)]
    table = pa.table([*arrays, pa.array(norms, pa.float32())], schema=SCHEMA)
    if any(origin.text is not None for origin in origins):
        pairs = zip(chunks, origins, strict=True)
        texts = [origin.text if chunk.ordinal == 0 else None for chunk, origin in pairs]
        table = table.append_column(DOCUMENT, pa.array(texts, pa.string()))
    for field, column in metadata_columns([origin.metadata for origin in origins]):
        table = table.append_column(field, column)
    return table


def searched_texts(rows: pa.Table) -> Iterator[str]:
    """What the words of a query are looked for in: each row's headings and its text."""
    for first in range(0, rows.num_rows, _TEXTS_AT_ONCE):
        some = rows.slice(first, _TEXTS_AT_ONCE)
        yield from pc.binary_join_element_wise(some.column("heading"), some.column("text"), "\n").to_pylist()


def check_rows(rows: pa.Table, place: str) -> pa.Table:
    """The rows, known to have the columns of chunks; raises IndexDamaged."""
    if list(rows.schema)[: len(SCHEMA)] != list(SCHEMA):
        raise IndexDamaged(f"{place} holds the columns {', '.join(rows.schema.names)}, expected those of chunks")
    return rows


def without_field_ids(rows: pa.Table) -> pa.Table:
    """The rows with a schema as before they went through Parquet, which adds numbers to its fields."""
    fields = []
    for field in rows.schema:
        kept = {key: value for key, value in (field.metadata or {}).items() if not key.startswith(b"PARQUET:")}
        fields.append(field.with_metadata(kept or None))
    return rows.cast(pa.schema(fields))
