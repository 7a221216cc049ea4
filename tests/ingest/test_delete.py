"""What `Index.delete` promises: the documents are gone, the others are not, and ids that are not there do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document(name, f"the text of {name}") for name in ("a", "b", "c")])
    return index


def ids(index: Index) -> list[str]:
    return sorted(hit.document_id for hit in index.search("text"))


def test_deleted_documents_are_no_longer_found(index: Index) -> None:
    assert index.delete(["a", "c"]) == 2
    assert (ids(index), len(index), index.info().documents) == (["b"], 1, 1)
    assert ids(Index.open(index.path, model=CountingEncoder())) == ["b"]


def test_unknown_ids_are_counted_as_absent(index: Index) -> None:
    version = index.info().version
    assert index.delete(["x", "", "\udc80", "a#0"]) == 0
    assert (len(index), index.info().version) == (3, version)
    assert index.delete(["x", "a"]) == 1


def test_an_id_given_twice_is_deleted_once(index: Index) -> None:
    assert index.delete(["a", "a"]) == 1
    assert index.delete(["a"]) == 0


def test_a_single_id_is_not_taken_for_its_letters(index: Index) -> None:
    assert index.delete("abc") == 0
    assert index.delete("a") == 1


def test_a_number_deletes_the_document_that_was_added_under_it(index: Index) -> None:
    index.add([{"id": 7, "text": "seven"}])
    assert index.delete([7]) == 1  # type: ignore[list-item]


def test_ids_may_come_from_a_generator(index: Index) -> None:
    assert index.delete(name for name in ("a", "b")) == 2


def test_a_deleted_document_can_be_added_again_without_encoding(index: Index, encoder: CountingEncoder) -> None:
    index.delete(["a"])
    encoder.encoded.clear()
    report = index.add([Document("a", "the text of a")])
    assert (report.added, report.updated, report.encoded, encoder.encoded) == (1, 0, 0, [])
    assert (ids(index), index.info().documents) == (["a", "b", "c"], 3)


def test_deleting_everything_leaves_an_index_that_works(index: Index) -> None:
    assert index.delete(["a", "b", "c"]) == 3
    assert (len(index), ids(index), index.info().segments) == (0, [], 0)
    index.add(["new"])
    assert len(index) == 1


def test_all_chunks_of_a_document_go_with_it(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "other", model=encoder, chunk_tokens=8)
    index.add([Document(name, f"{name} " * 40) for name in ("a", "b", "c")])
    chunks = len(index)
    assert index.delete(["b"]) == 1
    assert len(index) == chunks * 2 // 3
    assert {hit.document_id for hit in index.search("b", k=100)} == {"a", "c"}
