from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.errors import IndexDamaged
from vecsearch.files import sha256
from vecsearch.storage.lexical import Bm25, LivePostings
from vecsearch.storage.manifest import FileEntry, SegmentEntry
from vecsearch.storage.rows import Origin, Row, chunk_table
from vecsearch.storage.segment import CHUNKS, POSTINGS, ROWS, VECTORS, Content, Segment, write_segment
from vecsearch.types import Chunk
from vecsearch.vectors import unit_rows

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def rows_of(sizes: list[int], paths: list[str | None] | None = None) -> list[Row]:
    """The rows of documents d0, d1, ... with so many chunks each."""
    return [
        Row(
            Chunk(
                f"d{number}",
                ordinal,
                ordinal * 9,
                ordinal * 9 + 7,
                f"text {number} {ordinal} é",
                ordinal + 1,
                None,
                "A > B",
            ),
            paths[number] if paths else None,
            f"source {number}" if number % 2 else None,
            {"number": number, "tags": ["a", f"t{number}"]},
        )
        for number, size in enumerate(sizes)
        for ordinal in range(size)
    ]


def raw_vectors(n: int, dim: int = 4) -> np.ndarray:
    return np.random.default_rng(n).standard_normal((n, dim)).astype(np.float32)


def write(folder: Path, rows: list[Row]) -> SegmentEntry:
    unit, norms = unit_rows(raw_vectors(len(rows)))
    digests = [row.chunk.document_id.encode().ljust(16)[:16] for row in rows]
    origins = [Origin(row.path, row.source, digest, row.metadata) for row, digest in zip(rows, digests, strict=True)]
    return write_segment(folder, Content.of(chunk_table([row.chunk for row in rows], origins, norms), unit, "auto"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "segments" / "s1"


def test_a_row_is_the_same_row_in_all_three_files(folder):
    rows = rows_of([2, 1, 3])
    entry = write(folder, rows)
    segment = Segment(folder, entry)
    table, index = pq.read_table(folder / CHUNKS), faiss.read_index(str(folder / VECTORS))
    assert index.ntotal == table.num_rows == segment.table.num_rows == entry.rows == 6
    assert segment.table.whole().to_pylist() == table.to_pylist()
    assert segment.table.schema.names == table.schema.names
    unit, norms = unit_rows(raw_vectors(6))
    np.testing.assert_array_equal(index.reconstruct_n(0, 6), unit)
    np.testing.assert_array_equal(segment.flat.vectors, unit)
    np.testing.assert_array_equal(table["norm"].to_numpy(), norms)
    np.testing.assert_array_equal(segment.norms, norms)
    assert segment.take(range(6)) == rows
    assert table["text"].to_pylist() == [row.chunk.text for row in rows]
    firsts = [row.metadata["number"] if row.chunk.ordinal == 0 else None for row in rows]
    assert table["metadata.number"].to_pylist() == firsts


def test_the_entry_tells_size_and_hash_of_each_file(folder):
    entry = write(folder, rows_of([3]))
    assert (entry.id, entry.rows, entry.live, entry.tombstones) == ("s1", 3, 3, None)
    assert {path.name for path in folder.iterdir()} == set(entry.files) == {CHUNKS, ROWS, VECTORS, POSTINGS}
    for name, file in entry.files.items():
        assert file == FileEntry((folder / name).stat().st_size, sha256(folder / name))


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(st.tuples(st.integers(1, 4), st.none() | st.sampled_from(["a", "b", "c"])), min_size=1, max_size=12),
    st.lists(st.sampled_from(["a", "b", "d0", "d3", "d11", "nowhere", ""]), max_size=4),
    st.data(),
)
def test_rows_are_found_as_a_plain_loop_finds_them(tmp_path_factory, documents, wanted, data):
    rows = rows_of([size for size, _ in documents], [path for _, path in documents])
    folder = tmp_path_factory.mktemp("found") / "s"
    segment = Segment(folder, write(folder, rows))
    firsts = [number for number, row in enumerate(rows) if row.chunk.ordinal == 0]
    assert segment.first_rows.tolist() == firsts
    for column, value in (("path", lambda row: row.path), ("document_id", lambda row: row.chunk.document_id)):
        found = segment.documents_with(column, wanted)
        assert found.tolist() == [first for first in firsts if value(rows[first]) in wanted]
        assert [segment.value(column, row) for row in range(len(rows))] == [value(row) for row in rows]
    for first in firsts:
        own = [i for i, row in enumerate(rows) if row.chunk.document_id == rows[first].chunk.document_id]
        assert list(range(*segment.rows_from(first).indices(len(rows)))) == own
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6))
    assert segment.take(picked) == [rows[i] for i in picked]


@settings(deadline=None, max_examples=examples(40))
@given(st.data())
def test_any_chunk_comes_back_as_it_was(tmp_path_factory, data):
    big = st.integers(0, 2**40)
    chunk = data.draw(
        st.builds(
            Chunk,
            document_id=TEXT,
            ordinal=st.just(0),
            start=big,
            end=big,
            text=TEXT,
            line=big,
            page=st.none() | st.integers(1, 2**31 - 1),
            heading=TEXT,
        )
    )
    row = Row(chunk, data.draw(st.none() | TEXT), data.draw(st.none() | TEXT), data.draw(st.dictionaries(TEXT, TEXT)))
    folder = tmp_path_factory.mktemp("chunk") / "s"
    assert Segment(folder, write(folder, [row])).take([0]) == [row]


def test_no_rows_are_taken_for_no_numbers(folder):
    assert Segment(folder, write(folder, rows_of([2]))).take([]) == []


def test_more_rows_than_a_batch_holds_are_read_alike(folder, monkeypatch):
    monkeypatch.setattr("vecsearch.storage.segment._BATCH", 3)
    monkeypatch.setattr("vecsearch.storage.segment._ROW_GROUP", 2)
    rows = rows_of([2, 5, 1, 3])
    segment = Segment(folder, write(folder, rows))
    assert segment.table.column("text").num_chunks == 4
    assert pq.ParquetFile(folder / CHUNKS).num_row_groups == 6
    assert segment.take(range(11)) == rows
    assert segment.first_rows.tolist() == [0, 2, 7, 8]
    assert segment.documents_with("document_id", ["d2", "d1"]).tolist() == [2, 7]
    assert len(segment.norms) == 11


@pytest.mark.skipif(os.name == "nt", reason="Windows does not remove open files")
def test_an_open_segment_stays_readable_when_its_files_are_removed(folder):
    rows = rows_of([4])
    segment = Segment(folder, write(folder, rows))
    for path in folder.iterdir():
        path.unlink()
    assert segment.take([3, 0]) == [rows[3], rows[0]]
    assert len(segment.flat.search(segment.flat.vectors[:1], 2)[0].rows) == 2


def test_a_folder_that_is_there_already_is_refused(folder):
    folder.mkdir(parents=True)
    with pytest.raises(FileExistsError):
        write(folder, rows_of([1]))


@pytest.mark.parametrize("name", [CHUNKS, ROWS, VECTORS, POSTINGS])
def test_a_missing_file_is_named(folder, name):
    entry = write(folder, rows_of([2]))
    (folder / name).unlink()
    with pytest.raises(IndexDamaged, match=rf"s1.{name} is missing"):
        Segment(folder, entry)


@pytest.mark.parametrize("name", [CHUNKS, ROWS, VECTORS, POSTINGS])
@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda _: b"", lambda content: content + b"\0"])
def test_a_file_of_another_size_is_named_with_both_sizes(folder, name, change):
    entry = write(folder, rows_of([2]))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(change(content))
    with pytest.raises(IndexDamaged, match=rf"{name} has \d+ bytes, expected {len(content)}"):
        Segment(folder, entry)


def as_it_is(folder: Path, entry: SegmentEntry) -> SegmentEntry:
    """The entry with the sizes that the files have now, as a manifest that was wrong from the start."""
    files = {name: FileEntry((folder / name).stat().st_size, "") for name in entry.files}
    return replace(entry, files=files)


@pytest.mark.parametrize("name", [ROWS, VECTORS, POSTINGS])
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_named(folder, name, kept):
    entry = write(folder, rows_of([50]))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(IndexDamaged, match=name):
        Segment(folder, as_it_is(folder, entry))


@pytest.mark.parametrize("name", [ROWS, VECTORS, POSTINGS])
def test_a_foreign_file_of_the_same_size_is_named(folder, name):
    entry = write(folder, rows_of([2]))
    (folder / name).write_bytes(random.Random(1).randbytes((folder / name).stat().st_size))
    with pytest.raises(IndexDamaged, match=name):
        Segment(folder, entry)


def test_a_table_of_other_columns_is_named(folder):
    entry = write(folder, rows_of([2]))
    table = pa.table({"document_id": ["a", "b"], "ordinal": [0, 0]})
    with pa.OSFile(str(folder / ROWS), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(IndexDamaged, match=rf"{ROWS} holds other columns, expected those of chunks: document_id"):
        Segment(folder, as_it_is(folder, entry))


def test_files_that_disagree_about_the_rows_are_damaged(folder):
    entry = write(folder, rows_of([2]))
    other = folder.with_name("s2")
    three = write(other, rows_of([3]))
    (other / VECTORS).replace(folder / VECTORS)
    with pytest.raises(IndexDamaged, match="2 rows, 3 vectors and the words of 2, expected 2"):
        Segment(folder, as_it_is(folder, entry))
    with pytest.raises(IndexDamaged, match="expected 3"):
        Segment(folder, replace(as_it_is(folder, three), id="s1"))


def test_the_words_of_other_rows_are_damage(folder):
    entry = write(folder, rows_of([2]))
    other = folder.with_name("s2")
    write(other, rows_of([3]))
    (other / POSTINGS).replace(folder / POSTINGS)
    with pytest.raises(IndexDamaged, match="2 rows, 2 vectors and the words of 3, expected 2"):
        Segment(folder, as_it_is(folder, entry))


def test_the_words_of_a_row_are_those_of_its_headings_and_its_text(folder):
    segment = Segment(folder, write(folder, rows_of([2, 1])))
    words = Bm25([LivePostings(segment.postings, None)])
    having = {word: words.search(word, 10)[0].rows.tolist() for word in ("text", "A B", "1", "é", "source")}
    assert having == {"text": [0, 1, 2], "A B": [0, 1, 2], "1": [1, 2], "é": [0, 1, 2], "source": []}
