"""One segment: rows, vectors, words, and copies and structures to read them by. Never changed once a manifest names it.

    chunks.parquet   the record: one row a chunk; what other tools read
    vectors.faiss    the unit vectors; row i is row i of chunks.parquet
    rows.arrow       derived from chunks.parquet: the same rows uncompressed, mapped, so that ten of them are read
                     in microseconds and opening reads none
    postings.bin     derived from chunks.parquet: which rows have which words
    codes.faiss      derived from vectors.faiss, in large segments: finds rows that are likely to be near

The only file that reads or writes Parquet. What a segment is for, which of its rows are deleted, and in which
version of the index it stands, is not known here.
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
from vecsearch.storage.buffers import open_buffer
from vecsearch.storage.columns import joined
from vecsearch.storage.lexical import Postings, merged, open_postings, postings_of, write_postings
from vecsearch.storage.manifest import FileEntry, SegmentEntry
from vecsearch.storage.row_reader import RowReader
from vecsearch.storage.rows import Row, check_rows, searched_texts, without_field_ids
from vecsearch.types import BoolArray, FloatArray, IntArray

CHUNKS, VECTORS = "chunks.parquet", "vectors.faiss"
ROWS, POSTINGS, CODES = "rows.arrow", "postings.bin", "codes.faiss"  # derived
_ROW_GROUP = 16_384  # rows; small enough that a filter on a few row groups pays, large enough to compress
_BATCH = 65_536  # rows in a batch of rows.arrow


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment is made of: rows, their unit vectors, float32 (n, dim), and their words."""

    rows: pa.Table
    vectors: FloatArray
    postings: Postings

    @classmethod
    def of(cls, rows: pa.Table, vectors: FloatArray, language: str) -> Content:
        """The content with these rows, whose words are read as the index's `language` says."""
        return cls(rows, vectors, postings_of(searched_texts(rows), language))

    @classmethod
    def joined(cls, contents: Sequence[Content]) -> Content:
        """One content after the other."""
        return cls(
            joined([content.rows for content in contents]),
            np.concatenate([content.vectors for content in contents]),
            merged([(content.postings, None) for content in contents]),
        )


def write_segment(folder: Path, content: Content, recall: float = 1.0, asked: FloatArray | None = None) -> SegmentEntry:
    """Makes the new folder and its files, on the disk when this returns.

    What finds rows approximately is measured to find the share `recall` of the nearest, for vectors that were `asked`
    before, unit rows (m, dim), too, and is left out where searching exactly is as fast.
    Raises OSError; what was written until then is for the caller to remove.
    """
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    with naming(folder):
        pq.write_table(content.rows, folder / CHUNKS, row_group_size=_ROW_GROUP, compression="zstd")
        derive_rows(folder, folder / ROWS)
        write_flat(folder / VECTORS, content.vectors)
        write_postings(folder / POSTINGS, content.postings)
        approximate = write_approximate(folder / CODES, content.vectors, recall, asked)
    files = {}
    for name in (CHUNKS, ROWS, VECTORS, POSTINGS, *([CODES] if approximate else [])):
        files[name] = FileEntry(size=(folder / name).stat().st_size, sha256=sha256(folder / name))
    flush_all([*(folder / name for name in files), folder, folder.parent])
    rows = content.rows.num_rows
    return SegmentEntry(id=folder.name, rows=rows, files=files, tombstones=None, approximate=approximate)


def derive_rows(folder: Path, path: Path) -> None:
    """Writes to `path` what rows.arrow is: the record, uncompressed. The same record gives the same bytes."""
    record = read_record(folder).combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, record.schema) as writer:
        writer.write_table(record, max_chunksize=_BATCH)


def derive_postings(folder: Path, path: Path, language: str) -> None:
    """Writes to `path` what postings.bin is. The same record gives the same bytes while words are read alike."""
    write_postings(path, postings_of(searched_texts(read_record(folder)), language))


def derive_codes(folder: Path, path: Path) -> None:
    """Writes to `path` what codes.faiss is. The same vectors give the same bytes with one release of FAISS."""
    write_codes(path, Flat(folder / VECTORS).vectors)


def read_record(folder: Path) -> pa.Table:
    """The rows of a segment as its chunks.parquet has them; raises IndexDamaged when it cannot be read."""
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

    def __init__(self, folder: Path, entry: SegmentEntry) -> None:
        """Opens the files; raises IndexDamaged when one is missing or its size is not the manifest's."""
        self.entry = entry
        self._folder = folder
        for name, expected in entry.files.items():
            _check_size(os.path.join(folder, name), expected)
        self._rows = _open_rows(folder / ROWS)
        self.flat = Flat(folder / VECTORS)
        self.postings = open_postings(folder / POSTINGS)
        self.approximate: Approximate | None = None
        if entry.approximate:
            self.approximate = Approximate(folder / CODES, self.flat, entry.approximate)
        counts = (self._rows.num_rows, len(self.flat.vectors), len(self.postings.lengths))
        if counts != (entry.rows,) * 3:
            raise IndexDamaged(
                f"{folder} holds {counts[0]} rows, {counts[1]} vectors and the words of {counts[2]}, "
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
    def norm_range(self) -> tuple[float, float]:
        """The least and the greatest of the lengths."""
        return float(self.norms.min()), float(self.norms.max())

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
        return self._reader.value(column, row)

    def values(self, column: str, rows: IntArray) -> list[Any]:
        """The values of these rows, as Python has them."""
        return [self._reader.value(column, row) for row in rows.tolist()]

    def text_lengths(self) -> IntArray:
        """The length of each chunk's text in characters, int64 (n,)."""
        lengths: IntArray = pc.utf8_length(self._rows.column("text")).to_numpy().astype(np.int64)
        return lengths

    def where(self, kept: BoolArray, language: str) -> Content:
        """What the rows are made of where `kept`, bool (n,), is true; words are read anew if that is done otherwise."""
        rows, vectors = self._rows.filter(pa.array(kept)), self.flat.vectors[kept]
        if not self.postings.is_current:
            return Content.of(rows, vectors, language)
        return Content(rows, vectors, merged([(self.postings, kept)]))

    def has_words_of(self, some: BoolArray, language: str) -> bool:
        """Whether the words of the rows where `some`, bool (n,), is true are those of their texts, as of this release.

        True as well where another release has read them, in another way.
        """
        if not self.postings.is_current:
            return True
        texts = searched_texts(self._rows.filter(pa.array(some)))
        return merged([(self.postings, some)]).says_what(postings_of(texts, language))

    def take(self, rows: Sequence[int]) -> list[Row]:
        """The rows with these numbers, in this order, read from the file one by one."""
        return self._reader.rows(rows)

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(self._rows, str(self._folder / ROWS))


def _check_size(path: str, expected: FileEntry) -> None:
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        raise IndexDamaged(f"{path} is missing: run vecsearch verify") from None
    if size != expected.size:
        raise IndexDamaged(f"{path} has {size} bytes, expected {expected.size}: run vecsearch verify")


def _open_rows(path: Path) -> pa.Table:
    try:
        rows = pa.ipc.open_file(open_buffer(path)).read_all()
        rows.validate()  # reads no rows, but finds some of what would make Arrow read outside of the file
        list(rows.schema)  # reads the names, which may be damaged too
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
    return check_rows(rows, str(path))
