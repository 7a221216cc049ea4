"""What `Index.add` and `Index.delete` promise: upsert by id, nothing encoded twice, nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.models.encoder
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, InvalidDocument, Progress


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 4 documents, segments of 8 chunks."""
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 4)
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 8)


def texts(index: Index) -> dict[str, str]:
    """The documents that a search can find, by id; each of one chunk."""
    hits = index.search(np.ones(index.info().dim, np.float32), k=10_000)
    found = {hit.document_id: hit.text for hit in hits}
    assert len(found) == len(hits) == len(index)
    return found


def test_documents_texts_and_mappings_can_be_added(index: Index) -> None:
    report = index.add(
        [
            Document("first", "alpha", {"n": 1}, "somewhere.txt"),
            "beta",
            {"_id": "third", "title": "Greek", "text": "gamma", "year": 2020},
            {"id": 4, "text": "delta", "metadata": {"deep": [1, 2]}},
        ]
    )
    assert (report.added, report.failed, report.skipped) == (4, (), ())
    by_text = {hit.text: hit for hit in index.search("alpha beta gamma delta")}
    assert set(by_text) == {"alpha", "beta", "Greek gamma", "delta"}
    assert (by_text["alpha"].source, by_text["alpha"].metadata) == ("somewhere.txt", {"n": 1})
    assert by_text["Greek gamma"].document_id == "third"
    assert by_text["Greek gamma"].metadata == {"title": "Greek", "year": 2020}
    assert (by_text["delta"].document_id, by_text["delta"].metadata) == ("4", {"deep": [1, 2]})


def test_a_document_replaces_the_one_with_its_id(index: Index) -> None:
    index.add([Document("a", "old words"), Document("b", "other words")])
    report = index.add([Document("a", "new words")])
    assert (report.added, report.updated, report.unchanged) == (0, 1, 0)
    assert texts(index) == {"a": "new words", "b": "other words"}
    assert index.info().documents == 2


def test_a_shorter_version_leaves_no_chunk_of_the_longer_one(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=8)
    index.add([Document("a", " ".join(f"word{i}" for i in range(50)))])
    assert len(index) > 5
    index.add([Document("a", "short")])
    assert texts(index) == {"a": "short"}


def test_what_is_unchanged_is_not_encoded(index: Index, encoder: CountingEncoder) -> None:
    documents = [Document(str(i), f"text number {i}", {"i": i}) for i in range(5)]
    index.add(documents)
    version, encoded = index.info().version, len(encoder.encoded)
    report = index.add(documents)
    assert (report.added, report.updated, report.unchanged, report.chunks) == (0, 0, 5, 0)
    assert len(encoder.encoded) == encoded
    assert index.info().version == version


def test_new_metadata_updates_a_document_without_encoding_it(index: Index, encoder: CountingEncoder) -> None:
    index.add([Document("a", "some text", {"year": 2020})])
    encoder.encoded.clear()
    report = index.add([Document("a", "some text", {"year": 2021})])
    assert (report.updated, report.encoded, report.cached, encoder.encoded) == (1, 0, 1, [])
    assert index.search("some text")[0].metadata == {"year": 2021}


def test_equal_texts_are_encoded_once_and_found_twice(index: Index, encoder: CountingEncoder) -> None:
    report = index.add([Document("a", "the same"), Document("b", "the same")])
    assert encoder.encoded == ["the same"]
    assert (report.chunks, report.encoded, report.cached) == (2, 1, 1)
    assert texts(index) == {"a": "the same", "b": "the same"}


def test_the_later_of_one_id_wins(index: Index) -> None:
    index.add([Document("a", "first"), Document("b", "other"), Document("a", "second")])
    assert texts(index) == {"a": "second", "b": "other"}
    assert index.info().documents == 2


def test_the_later_of_one_id_wins_even_when_the_index_holds_it_already(index: Index) -> None:
    index.add([Document("a", "first")])
    index.add([Document("a", "second"), Document("a", "first")])
    assert texts(index) == {"a": "first"}
    index.add([Document("a", "first"), Document("a", "third")])
    assert texts(index) == {"a": "third"}


@pytest.mark.parametrize("distance", [1, 3, 4, 7, 8, 11, 40])
def test_the_later_of_one_id_wins_across_windows_and_commits(index: Index, small_windows: None, distance: int) -> None:
    between = [Document(f"b{i}", f"between {i}") for i in range(distance)]
    index.add([Document("a", "first"), *between, Document("a", "second"), Document("c", "last")])
    expected = {"a": "second", "c": "last"} | {document.id: document.text for document in between}
    assert texts(index) == expected
    assert index.info().documents == len(expected)


@pytest.mark.parametrize("item", [5, None, b"bytes", ["a", "list"]])
def test_an_item_of_another_type_is_refused_and_nothing_changes(index: Index, item: Any) -> None:
    index.add(["kept"])
    with pytest.raises(InvalidDocument, match=type(item).__name__):
        index.add(["new", item])
    assert list(texts(index).values()) == ["kept"]


@pytest.mark.parametrize("single", ["a text", {"id": "a", "text": "b"}, Document("a", "b"), b"bytes"])
def test_one_document_instead_of_an_iterable_is_refused(index: Index, single: Any) -> None:
    with pytest.raises(InvalidDocument, match="list"):
        index.add(single)
    assert len(index) == 0


@pytest.mark.parametrize(
    ("item", "name", "reason"),
    [
        ({"text": "no id"}, "document 1", "id"),
        ({"id": None, "text": "no id"}, "document 1", "id"),
        ({"id": True, "text": "no id"}, "document 1", "id"),
        ({"id": "bad"}, "bad", "text"),
        ({"id": "bad", "text": 7}, "bad", "text"),
        ({"id": "bad", "text": "x", "metadata": "none"}, "bad", "metadata"),
        ({"id": "bad", "text": "x", "source": 5}, "5", "source"),
        (Document("bad", None), "bad", "text is NoneType"),  # type: ignore[arg-type]
        (Document("bad", "x", metadata=5), "bad", "metadata"),  # type: ignore[arg-type]
        (Document(5, "x"), "5", "id is int"),  # type: ignore[arg-type]
        (Document("", "x"), "", "id is empty"),
        (Document("bad", "half a pair \ud83d"), "bad", "surrogate"),
        (Document("\ud83d", "x"), "\ud83d", "surrogate"),
        (Document("bad", "x", {"a": "\udc80"}), "bad", "surrogate"),
        (Document("bad", "x", {5: "a"}), "bad", "key 5"),  # type: ignore[dict-item]
        (Document("bad", "x", {"a": object()}), "bad", "object"),
        (Document("bad", "x", {"a": {"b": [object()]}}), "bad", "object"),
    ],
)
def test_a_document_that_cannot_be_indexed_is_named(index: Index, item: Any, name: str, reason: str) -> None:
    report = index.add(["before", item, "after"])
    assert [(failure.source, reason in failure.reason) for failure in report.failed] == [(name, True)]
    assert (report.added, set(texts(index).values())) == (2, {"before", "after"})


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u2003"])
def test_a_document_without_text_is_skipped_by_name(index: Index, text: str) -> None:
    report = index.add([Document("blank", text), Document("a", "text")])
    assert [failure.source for failure in report.skipped] == ["blank"]
    assert (report.failed, set(texts(index))) == ((), {"a"})


def test_a_failed_document_leaves_the_version_that_the_index_has(index: Index) -> None:
    index.add([Document("a", "good")])
    assert index.add([Document("a", "bad", {"a": object()})]).failed
    assert texts(index) == {"a": "good"}


def test_adding_nothing_commits_nothing(index: Index) -> None:
    version = index.info().version
    report = index.add([])
    assert (report.added, report.chunks, index.info().version) == (0, 0, version)


def test_a_generator_is_never_pulled_more_than_a_window_ahead(
    index: Index, encoder: CountingEncoder, small_windows: None
) -> None:
    reader = Index.open(index.path, model=encoder)
    lead = []

    def stream() -> Iterator[Document]:
        for i in range(60):
            reader.refresh()
            lead.append(i - reader.info().documents)
            yield Document(str(i), f"text {i}")

    assert index.add(stream()).added == 60
    assert max(lead) < 8 + 4  # a segment that waits to be full, and a window
    assert len(index) == 60


def test_one_huge_document_closes_its_window(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_CHARACTERS", 100)
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 1)
    seen: list[int] = []

    def stream() -> Iterator[Document]:
        for i in range(6):
            seen.append(Index.open(index.path).info().documents)
            yield Document(str(i), f"{i} " * 60)

    index.add(stream())
    assert seen == [0, 1, 2, 3, 4, 5]


def test_the_counts_of_a_report_add_up(index: Index) -> None:
    index.add([Document("same", "same text"), Document("changed", "old text"), Document("bad", "good once")])
    items: list[Any] = [
        Document("same", "same text"),
        Document("changed", "new text"),
        Document("bad", "bad", {"a": object()}),
        Document("blank", " "),
        Document("new", "brand new text"),
        {"text": "no id"},
    ]
    report = index.add(items)
    assert (report.added, report.updated, report.unchanged, report.deleted) == (1, 1, 1, 0)
    assert (len(report.failed), len(report.skipped)) == (2, 1)
    assert report.added + report.updated + report.unchanged + len(report.failed) + len(report.skipped) == len(items)
    assert report.chunks == report.encoded + report.cached == 2
    assert report.seconds > 0


def test_progress_ends_with_what_the_report_says(index: Index, small_windows: None) -> None:
    reports: list[Progress] = []
    report = index.add([Document(str(i), f"text {i}") for i in range(10)], progress=reports.append)
    assert [p.documents for p in reports] == sorted(p.documents for p in reports)
    assert (reports[-1].documents, reports[-1].chunks) == (report.added, report.chunks) == (10, 10)


def test_length_and_info_count_live_documents_and_chunks(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder(dim=48), chunk_tokens=10, overlap=2, metric="dot")
    index.add([Document("long", " ".join(f"word{i}" for i in range(40))), Document("short", "word")])
    chunks = len(index)
    index.delete(["short"])
    info = index.info()
    assert chunks > 4
    assert (len(index), info.chunks, info.documents, info.deleted) == (chunks - 1, chunks - 1, 1, 1)
    assert (info.model, info.dim, info.chunk_tokens, info.overlap, info.metric) == ("counting", 48, 10, 2, "dot")
    assert (info.path, info.segments, info.files) == (str(index.path), 1, 0)
    assert info.bytes == sum(path.stat().st_size for path in index.path.rglob("*") if path.is_file())
