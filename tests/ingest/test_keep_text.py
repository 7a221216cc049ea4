"""An index with `keep_text` holds what was extracted of each document, and checks every span against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vecsearch.ingest.run
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidDocument, InvalidOption, InvalidQuery
from vecsearch.ingest.background import BackgroundEncoding

TEXT = "# Cats\n\n" + "Cats purr, é und 猫. " * 30 + "\n\n## Food\n\n" + "Fish and milk. " * 30 + "\n"


@pytest.fixture(params=["one segment", "many segments"])
def index(
    tmp_path: Path, encoder: CountingEncoder, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Index:
    if request.param == "many segments":
        monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 1)
        monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 4)
    return Index.create(tmp_path / "index", model=encoder, chunk_tokens=16, overlap=4, keep_text=True)


def check_spans(index: Index) -> None:
    """Each chunk is what its document has at its span."""
    hits = index.search(np.ones(32, np.float32), k=10_000)
    assert len(hits) == len(index) > 0
    for hit in hits:
        assert index.text(hit.document_id)[hit.start : hit.end] == hit.text


def test_the_text_of_each_document_is_there_and_every_span_is_a_part_of_it(index: Index, folder: Path) -> None:
    write(folder / "a.md", TEXT)
    write(folder / "b.html", "<html><body><main><p>birds sing</p></main></body></html>")
    index.sync(folder, metadata={"document": "no text", "text": 1})
    index.add([Document("c", "  gamma\n", {"year": 2020}), Document("d", "delta")])
    assert (index.text("notes/a.md"), index.text("c"), index.text("d")) == (TEXT, "  gamma\n", "delta")
    assert index.text("notes/b.html").strip() == "birds sing"
    check_spans(index)
    assert index.show("c#0").metadata == {"year": 2020}
    assert index.document_ids("document = 'no text'") == ["notes/a.md", "notes/b.html"]
    assert (index.info().keep_text, index.verify().ok) == (True, True)


def test_texts_are_those_of_the_version_through_changes_compaction_and_restoring(index: Index) -> None:
    index.add([Document("a", "old words"), Document("b", "beta"), Document("c", "gamma")])
    index.tag("first")
    index.add([Document("a", "new words")])
    index.delete(["b"])
    for _ in range(2):
        assert (index.text("a"), index.text("c")) == ("new words", "gamma")
        with pytest.raises(InvalidQuery, match="has no document 'b'"):
            index.text("b")
        index.compact()
    assert Index.open(index.path, version="first").text("a") == "old words"
    index.restore("first")
    assert (index.text("a"), index.text("b"), index.verify().ok) == ("old words", "beta", True)


def test_an_exported_index_brings_its_texts_along(index: Index, tmp_path: Path) -> None:
    index.add([Document("a", TEXT), Document("b", "beta", {"year": 2020})])
    index.export(tmp_path / "all.parquet")
    made = Index.from_export(tmp_path / "all.parquet", tmp_path / "made")
    assert (made.text("a"), made.text("b"), made.info().keep_text) == (TEXT, "beta", True)
    assert made.verify().ok


@pytest.mark.parametrize("texts", [pa.array([1, None]), pa.array([None, "x"], pa.string())])
def test_an_export_with_invalid_texts_is_not_imported(tmp_path: Path, encoder: CountingEncoder, texts: Any) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_text=True)
    index.add(["alpha", "beta"])
    index.export(tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    position = table.column_names.index("document")
    pq.write_table(table.set_column(position, "document", texts), tmp_path / "bad.parquet")
    with pytest.raises(InvalidDocument, match=r"text|document"):
        Index.from_export(tmp_path / "bad.parquet", tmp_path / "made")


def test_verify_finds_a_chunk_that_differs_from_its_document(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_text=True)
    real = BackgroundEncoding.start

    def shift(self: Any, opened: Any, chunked: Any, characters: int) -> Any:
        for document in chunked:
            document.chunks[:] = [replace(chunk, start=chunk.start + 1, end=chunk.end + 1) for chunk in document.chunks]
        return real(self, opened, chunked, characters)

    monkeypatch.setattr(BackgroundEncoding, "start", shift)
    index.add([Document("a", "alpha beta")])
    [problem] = index.verify().problems
    assert (problem.kind, "chunk 'a#0' differs from the text of its document" in problem.detail) == ("content", True)


def test_an_index_made_without_keep_text_refuses_to_give_texts(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "alpha")])
    with pytest.raises(InvalidOption, match=r"keeps no document texts: .* --keep-text"):
        index.text("a")
    assert not index.info().keep_text


def test_an_index_that_refreshes_has_the_text_that_is_current(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_text=True)
    index.add([Document("a", "old")])
    reader = Index.open(index.path, refresh=True)
    index.add([Document("a", "new")])
    assert reader.text("a") == "new"
