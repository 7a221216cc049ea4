"""One segment: rows, vectors, postings, and what is derived from them. Never changed once a manifest names it.

    chunks.parquet   the record: one row a chunk; for other tools
    vectors.faiss    the unit vectors; row i belongs to row i of chunks.parquet
    rows.arrow       derived from chunks.parquet: the same rows uncompressed, so that ten of them are read in
                     microseconds and opening reads none
    postings.bin     derived from chunks.parquet: which rows have which words
    codes.faiss      derived from vectors.faiss, in large segments: the ANN index

Deleted rows and versions are not known here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.files import flush_all, naming, sha256
from vecsearch.storage.ann.approximate import Approximate, write_approximate, write_codes
from vecsearch.storage.ann.flat import Flat, write_flat
from vecsearch.storage.buffers import checked_content
from vecsearch.storage.columns import join_tables
from vecsearch.storage.document_values import Documents, of_documents
from vecsearch.storage.lexical import Postings, build_postings, merge_postings, open_postings, write_postings
from vecsearch.storage.manifest import RESTORE, FileEntry, SegmentEntry
from vecsearch.storage.mapped_rows import MappedRows
from vecsearch.storage.real import check_file, check_folder
from vecsearch.storage.row_reader import RowReader
from vecsearch.storage.rows import Row, check_rows, searched_texts, without_field_ids
from vecsearch.types import BoolArray, FloatArray, IntArray

CHUNKS, VECTORS = "chunks.parquet", "vectors.faiss"
ROWS, POSTINGS, CODES = "rows.arrow", "postings.bin", "codes.faiss"  # derived
NEEDED = {CHUNKS, VECTORS, ROWS, POSTINGS}
_ROW_GROUP = 16_384  # rows; small enough that a filter on a few row groups pays, large enough to compress
_BATCH = 65_536  # rows in a batch of rows.arrow


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a segment: rows, their unit vectors, float32 (n, dim), and their postings."""

    rows: pa.Table
    vectors: FloatArray
    postings: Postings

    @classmethod
    def of(cls, rows: pa.Table, vectors: FloatArray, language: str) -> Content:
        """Make content from rows and vectors; `language` is the index's option."""
        return cls(rows, vectors, build_postings(searched_texts(rows), language))

    @classmethod
    def concat(cls, contents: Sequence[Content]) -> Content:
        """Concatenate contents."""
        return cls(
            join_tables([content.rows for content in contents]),
            np.concatenate([content.vectors for content in contents]),
            merge_postings([(content.postings, None) for content in contents]),
        )


def write_segment(
    folder: Path, content: Content, recall: float = 1.0, queries: FloatArray | None = None
) -> SegmentEntry:
    """Write a segment to a new folder; everything is on disk when this returns.

    The ANN index is calibrated to find the share `recall` of the nearest, also for `queries`, unit vectors (m, dim),
    and left out where exact search is as fast. Raises OSError; the caller then removes the folder.
    """
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    with naming(folder):
        pq.write_table(content.rows, folder / CHUNKS, row_group_size=_ROW_GROUP, compression="zstd")
        derive_rows(folder, folder / ROWS)
        write_flat(folder / VECTORS, content.vectors)
        write_postings(folder / POSTINGS, content.postings)
        approximate = write_approximate(folder / CODES, content.vectors, recall, queries)
    files = {}
    for name in (CHUNKS, ROWS, VECTORS, POSTINGS, *([CODES] if approximate else [])):
        files[name] = FileEntry(size=(folder / name).stat().st_size, sha256=sha256(folder / name))
    flush_all([*(folder / name for name in files), folder, folder.parent])
    rows = content.rows.num_rows
    return SegmentEntry(id=folder.name, rows=rows, files=files, tombstones=None, approximate=approximate)


def derive_rows(folder: Path, path: Path) -> None:
    """Write rows.arrow to `path`: the record, uncompressed. The same record gives the same bytes."""
    record = read_record(folder).combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, record.schema) as writer:
        writer.write_table(record, max_chunksize=_BATCH)


def derive_postings(folder: Path, path: Path, language: str) -> None:
    """Write postings.bin to `path`. The same record and word rules give the same bytes."""
    write_postings(path, build_postings(searched_texts(read_record(folder)), language))


def derive_codes(folder: Path, path: Path) -> None:
    """Write codes.faiss to `path`. The same vectors and release of FAISS give the same bytes."""
    write_codes(path, Flat(folder / VECTORS).vectors)


def read_record(folder: Path) -> pa.Table:
    """Return the rows in a segment's chunks.parquet; raises IndexDamaged when it cannot be read."""
    import pyarrow.parquet as pq

    try:
        record = pq.ParquetFile(folder / CHUNKS).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise IndexDamaged(f"{folder / CHUNKS} cannot be read: {error}: run vecsearch verify") from None
    return check_rows(without_field_ids(record), str(folder / CHUNKS))


class Segment:
    """An open segment, whose rows, vectors and words are read from its files as they are needed.

    The files stay readable when they are removed. Any number of threads may read a segment at once: what is opened on
    first use is the same whichever thread opens it. No descriptor is held, and all memory is freed with the last
    reference.
    """

    def __init__(self, folder: Path, entry: SegmentEntry, *, in_memory: bool = False) -> None:
        """Open the files; raises IndexDamaged when one is missing or its size is not the manifest's.

        With `in_memory`, they are read as a whole first and compared with their checksums, and nothing is mapped.
        """
        self.entry = entry
        self._folder = folder
        needed = {*NEEDED, CODES} if entry.approximate else NEEDED
        if missing := needed - entry.files.keys():
            raise IndexDamaged(f"{folder}: the manifest names no {', '.join(sorted(missing))} in it: {RESTORE}")
        check_folder(folder)
        for name, expected in entry.files.items():
            _check_size(os.path.join(folder, name), expected)
        whole: dict[str, bytes] = {}
        if in_memory:
            files = {name: entry.files[name] for name in needed - {CHUNKS}}
            whole = {name: checked_content(folder / name, file.size, file.sha256) for name, file in files.items()}
        self._rows = MappedRows(folder / ROWS, whole.get(ROWS))
        self.flat = Flat(folder / VECTORS, whole.get(VECTORS))
        self.postings = open_postings(folder / POSTINGS, whole.get(POSTINGS))
        self._checked: set[str] = set()
        self.approximate: Approximate | None = None
        if entry.approximate:
            self.approximate = Approximate(folder / CODES, self.flat, entry.approximate, whole.get(CODES))
        counts = (self._rows.num_rows, len(self.flat.vectors), len(self.postings.lengths))
        if counts != (entry.rows,) * 3:
            raise IndexDamaged(
                f"{folder} holds {counts[0]} rows, {counts[1]} vectors and the words of {counts[2]}, "
                f"expected {entry.rows}: run vecsearch verify"
            )

    @property
    def dim(self) -> int:
        """The number of dimensions of the vectors."""
        return int(self.flat.vectors.shape[1])

    @property
    def table(self) -> MappedRows:
        """All rows, read from the file as they are used; a column is validated before anything is computed from it."""
        return self._rows

    @cached_property
    def norms(self) -> FloatArray:
        """The length of each vector before normalization, float32 (n,)."""
        norms: FloatArray = self._rows.column("norm").to_numpy()
        return norms

    @cached_property
    def norm_range(self) -> tuple[float, float]:
        """The smallest and the largest of the norms."""
        return float(self.norms.min()), float(self.norms.max())

    @cached_property
    def first_rows(self) -> IntArray:
        """The first row of each document, int64 (documents,), ascending."""
        return self.documents.firsts

    @cached_property
    def documents(self) -> Documents:
        """The documents and where they begin; raises IndexDamaged when the first row is within one."""
        return Documents.of(self._rows)

    def is_of_documents(self, column: str) -> bool:
        """Whether a column has its values at the first rows of documents only."""
        return column in self._rows.column_names and of_documents(self._rows.schema.field(column))

    def documents_with(self, column: str, values: Sequence[str] | Sequence[bytes]) -> IntArray:
        """Return the first rows of the documents whose value in a column is one of `values`, ascending."""
        value_set = pa.array(values, self._rows.schema.field(column).type)
        wanted = pc.is_in(self._rows.column(column), value_set=value_set).to_numpy()
        rows: IntArray = self.first_rows[wanted[self.first_rows]]
        return rows

    def rows_from(self, first: int) -> slice:
        """Return the rows of the document that begins at `first`."""
        following = int(np.searchsorted(self.first_rows, first, side="right"))
        end = int(self.first_rows[following]) if following < len(self.first_rows) else self.entry.rows
        return slice(first, end)

    def columns(self, names: Sequence[str], rows: IntArray | None = None) -> pa.Table:
        """Return some columns, of some rows or of all."""
        fields = [self._rows.schema.field(name) for name in names]
        columns = [self._rows.column(field.name) for field in fields]
        if rows is None:
            return pa.table(columns, schema=pa.schema(fields))
        return pa.table([column.take(pa.array(rows)) for column in columns], schema=pa.schema(fields))

    def value(self, column: str, row: int) -> Any:
        """Return one value as a Python object."""
        return self._reader.value(column, row)

    def values(self, column: str, rows: IntArray) -> list[Any]:
        """Return the values of these rows as Python objects."""
        return self._reader.values(column, rows.tolist())

    def text_lengths(self) -> IntArray:
        """Return the length of each chunk's text in characters, int64 (n,)."""
        lengths: IntArray = pc.utf8_length(self._rows.column("text")).to_numpy().astype(np.int64)
        return lengths

    def where(self, kept: BoolArray, language: str) -> Content:
        """Return the content of the rows where `kept`, bool (n,), is true, to be written again elsewhere.

        Outdated postings are rebuilt. Raises IndexDamaged when a file is not as it was written.
        """
        self.check()
        rows, vectors = self._rows.filter(pa.array(kept)), self.flat.vectors[kept]
        if not self.postings.is_current:
            return Content.of(rows, vectors, language)
        return Content(rows, vectors, merge_postings([(self.postings, kept)]))

    def check(self, names: Sequence[str] = (ROWS, VECTORS, POSTINGS)) -> None:
        """Raise IndexDamaged unless rows, vectors and postings have their checksums, as they are mapped here.

        Whoever copies from them, or decides by them what to write, calls this: what is derived must not carry damage
        into the record of a later version. Each file is read once.
        """
        mapped = {ROWS: self._rows.sha256, VECTORS: self.flat.sha256, POSTINGS: self.postings.sha256}
        for name in names:
            if name not in self._checked:
                if mapped[name]() != self.entry.files[name].sha256:
                    raise IndexDamaged(
                        f"{self._folder / name} does not match its checksum: run vecsearch verify --repair"
                    )
                self._checked.add(name)

    def words_match_texts(self, some: BoolArray, language: str) -> bool:
        """Whether the postings of the rows where `some`, bool (n,), is true are those of their texts.

        True also for postings of a release with other word rules, which cannot be compared.
        """
        if not self.postings.is_current:
            return True
        texts = searched_texts(self._rows.filter(pa.array(some)))
        return merge_postings([(self.postings, some)]).equals(build_postings(texts, language))

    def take(self, rows: Sequence[int]) -> list[Row]:
        """Return the rows with these numbers, in this order."""
        return self._reader.rows(rows)

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(self._rows)


def _check_size(path: str, expected: FileEntry) -> None:
    try:
        size = check_file(path).st_size
    except FileNotFoundError:
        raise IndexDamaged(f"{path} is missing: run vecsearch verify") from None
    if size != expected.size:
        raise IndexDamaged(f"{path} has {size} bytes, expected {expected.size}: run vecsearch verify")
