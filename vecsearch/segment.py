"""One segment: rows, vectors and a copy of the rows to read from. Never changed once a manifest names it.

    chunks.parquet   the record: one row a chunk; what other tools read
    vectors.faiss    the unit vectors; row i is row i of chunks.parquet
    rows.arrow       derived from chunks.parquet: the same rows uncompressed, mapped, so that ten of them are read
                     in microseconds and opening reads none

The only file that reads or writes Parquet. What a segment is for, which of its rows are deleted, and in which
version of the index it stands, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.ann import Flat, write_flat
from vecsearch.columns import metadata_columns, metadata_of
from vecsearch.errors import IndexDamaged
from vecsearch.files import flush_all, naming, sha256
from vecsearch.manifest import FileEntry, SegmentEntry
from vecsearch.types import BoolArray, Chunk, FloatArray, IntArray

CHUNKS, VECTORS, ROWS = "chunks.parquet", "vectors.faiss", "rows.arrow"
_ROW_GROUP = 16_384  # rows; small enough that a filter on a few row groups pays, large enough to compress
_BATCH = 65_536  # rows in a batch of rows.arrow
_SCHEMA = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("page", pa.int32()),
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


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is read for a hit."""

    chunk: Chunk
    path: str | None
    source: str | None
    metadata: dict[str, Any]


def chunk_table(chunks: Sequence[Chunk], origins: Sequence[Origin], norms: FloatArray) -> pa.Table:
    """The rows of a segment; origins[i] and norms[i] belong to chunks[i], and a document's chunks stand together."""
    columns = [
        [getattr(chunk, name) for chunk in chunks]
        for name in ("document_id", "ordinal", "start", "end", "line", "page", "heading", "text")
    ]
    columns += [[getattr(origin, name) for origin in origins] for name in ("path", "source", "content")]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=False)]
    table = pa.table([*arrays, pa.array(norms, pa.float32())], schema=_SCHEMA)
    for field, column in metadata_columns([origin.metadata for origin in origins]):
        table = table.append_column(field, column)
    return table


def write_segment(folder: Path, rows: pa.Table, vectors: FloatArray) -> SegmentEntry:
    """Makes the new folder and its files, on the disk when this returns; vectors are unit rows, float32 (n, dim).

    Raises OSError; what was written until then is for the caller to remove.
    """
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    with naming(folder):
        pq.write_table(rows, folder / CHUNKS, row_group_size=_ROW_GROUP, compression="zstd")
        derive_rows(folder, folder / ROWS)
        write_flat(folder / VECTORS, vectors)
    files = {}
    for name in (CHUNKS, ROWS, VECTORS):
        files[name] = FileEntry(size=(folder / name).stat().st_size, sha256=sha256(folder / name))
    flush_all([*(folder / name for name in files), folder, folder.parent])
    return SegmentEntry(id=folder.name, rows=rows.num_rows, files=files, tombstones=None)


def derive_rows(folder: Path, path: Path) -> None:
    """Writes to `path` what rows.arrow is: the record, uncompressed. The same record gives the same bytes."""
    record = read_record(folder).combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, record.schema) as writer:
        writer.write_table(record, max_chunksize=_BATCH)


def read_record(folder: Path) -> pa.Table:
    """The rows of a segment as its chunks.parquet has them; raises IndexDamaged when it cannot be read."""
    import pyarrow.parquet as pq

    try:
        record = pq.ParquetFile(folder / CHUNKS).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise IndexDamaged(f"{folder / CHUNKS} cannot be read: {error}: run vecsearch verify") from None
    return check_rows(without_field_ids(record), str(folder / CHUNKS))


def without_field_ids(rows: pa.Table) -> pa.Table:
    """The rows with a schema as before they went through Parquet, which adds numbers to its fields."""
    fields = []
    for field in rows.schema:
        kept = {key: value for key, value in (field.metadata or {}).items() if not key.startswith(b"PARQUET:")}
        fields.append(field.with_metadata(kept or None))
    return rows.cast(pa.schema(fields))


class Segment:
    """An open segment: its rows and vectors are mapped from the files, which stay readable when they are removed."""

    def __init__(self, folder: Path, entry: SegmentEntry) -> None:
        """Opens the files; raises IndexDamaged when one is missing or its size is not the manifest's."""
        self.entry = entry
        for name, expected in entry.files.items():
            _check_size(folder / name, expected)
        self._rows = _open_rows(folder / ROWS)
        self.flat = Flat(folder / VECTORS)
        if not self._rows.num_rows == entry.rows == len(self.flat.vectors):
            raise IndexDamaged(
                f"{folder} holds {self._rows.num_rows} rows and {len(self.flat.vectors)} vectors, "
                f"expected {entry.rows}: run vecsearch verify"
            )

    @property
    def table(self) -> pa.Table:
        """All the rows, mapped from the file."""
        return self._rows

    @cached_property
    def norms(self) -> FloatArray:
        """The length that each vector had, float32 (n,)."""
        norms: FloatArray = self._rows.column("norm").to_numpy()
        return norms

    @cached_property
    def first_rows(self) -> IntArray:
        """The row where each document begins, int64 (documents,), ascending."""
        starts: IntArray = np.flatnonzero(self._rows.column("ordinal").to_numpy() == 0)
        return starts

    def documents_with(self, column: str, values: Sequence[str]) -> IntArray:
        """The first rows of the documents whose value in a text column is one of `values`, ascending."""
        wanted = pc.is_in(self._rows.column(column), value_set=pa.array(values, pa.string())).to_numpy()
        found: IntArray = self.first_rows[wanted[self.first_rows]]
        return found

    def rows_from(self, first: int) -> slice:
        """The rows of the document that begins at `first`."""
        following = int(np.searchsorted(self.first_rows, first, side="right"))
        end = int(self.first_rows[following]) if following < len(self.first_rows) else self.entry.rows
        return slice(first, end)

    def value(self, column: str, row: int) -> Any:
        """One value, as Python has it."""
        return self._rows.column(column)[row].as_py()

    def text_lengths(self) -> IntArray:
        """The length of each chunk's text in characters, int64 (n,)."""
        lengths: IntArray = pc.utf8_length(self._rows.column("text")).to_numpy().astype(np.int64)
        return lengths

    def where(self, kept: BoolArray) -> tuple[pa.Table, FloatArray]:
        """The rows and vectors where `kept`, bool (n,), is true."""
        return self._rows.filter(pa.array(kept)), self.flat.vectors[kept]

    def take(self, rows: Sequence[int]) -> list[Row]:
        """The rows with these numbers, in this order, read from the file one by one."""
        return [self._row(self._rows.slice(row, 1).to_pylist()[0]) for row in rows]

    def _row(self, values: dict[str, Any]) -> Row:
        chunk = Chunk(
            **{
                name: values[name]
                for name in ("document_id", "ordinal", "start", "end", "text", "line", "page", "heading")
            }
        )
        return Row(chunk, values["path"], values["source"], metadata_of(values, self._rows.schema))


def _check_size(path: Path, expected: FileEntry) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise IndexDamaged(f"{path} is missing: run vecsearch verify") from None
    if size != expected.size:
        raise IndexDamaged(f"{path} has {size} bytes, expected {expected.size}: run vecsearch verify")


def _open_rows(path: Path) -> pa.Table:
    try:
        rows = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        rows.validate()  # reads no rows, but finds some of what would make Arrow read outside of the file
        list(rows.schema)  # reads the names, which may be damaged too
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
    return check_rows(rows, str(path))


def check_rows(rows: pa.Table, place: str) -> pa.Table:
    """The rows, known to have the columns of chunks; raises IndexDamaged."""
    if list(rows.schema)[: len(_SCHEMA)] != list(_SCHEMA):
        raise IndexDamaged(f"{place} holds the columns {', '.join(rows.schema.names)}, expected those of chunks")
    return rows
