"""Documents of an index as a program reads, changes and deletes them: get, in, iteration, update_metadata, where."""

from __future__ import annotations

import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidFilter, InvalidOption, InvalidQuery
from vecsearch.storage import merge_policy

LANGS = ["en", "de", "fr"]


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    """Nine documents in several segments: "d0" to "d8", of three languages; one of them was deleted and added again."""
    index = Index.create(tmp_path / "index", model=encoder)
    for n in (3, 1, 2, 8, 0, 7, 6, 4, 5):
        index.add([Document(f"d{n}", f"text number {n}", {"lang": LANGS[n % 3], "n": n}, source=f"source-{n}")])
    index.delete("d3")
    index.add([Document("d3", "text number 3", {"lang": "en", "n": 3}, source="source-3")])
    return index


def ids(documents: Any) -> list[str]:
    return [document.id for document in documents]


def test_one_document_or_none_several_or_those_that_are_there(index: Index) -> None:
    assert index.get("d3") == Document("d3", "text number 3", {"lang": "en", "n": 3}, source="source-3")
    assert index.get("nothing") is None
    assert ids(index.get(["d8", "nothing", "d0", "d8", "\ud800"])) == ["d8", "d0", "d8"]
    assert index.get(iter(["d1"]))[0].metadata == {"lang": "de", "n": 1}
    assert index.get([]) == []
    with pytest.raises(InvalidQuery, match="the id of a document is 5, expected a text"):
        index.get([5])  # type: ignore[list-item]
    with pytest.raises(InvalidQuery, match="is 5, expected a text, or a list of texts"):
        index.get(5)  # type: ignore[call-overload]


def test_an_id_is_in_the_index_or_it_is_not(index: Index) -> None:
    assert "d3" in index
    assert "d" not in index
    assert "d3#0" not in index
    for other in (3, None, "\ud800", ["d3"]):
        assert other not in index
    index.delete("d3")
    assert "d3" not in index


def test_documents_come_in_alphabetical_order_whatever_was_written_when(index: Index) -> None:
    expected = [f"d{n}" for n in range(9)]
    assert ids(index) == ids(index.documents()) == expected
    index.compact()
    assert ids(index) == expected
    assert ids(index.documents({"lang": "en"})) == ["d0", "d3", "d6"]
    assert ids(index.documents("n > 100")) == []


def test_documents_are_read_as_they_are_taken_and_of_one_version(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    import vecsearch.search.documents as room

    real = room._document
    monkeypatch.setattr(room, "_document", lambda *given: read.append("one") or real(*given))
    documents = iter(index)
    assert next(documents).id == "d0"
    assert len(read) == 1
    index.delete(where={"lang": "de"})
    index.compact()
    assert ids(documents) == [f"d{n}" for n in range(1, 9)]
    assert inspect.isgenerator(index.documents())
    with pytest.raises(InvalidFilter):
        index.documents("nonsense = 1")  # at once, not when the first is taken


def test_an_index_can_be_copied_by_its_documents(index: Index, tmp_path: Path, encoder: CountingEncoder) -> None:
    copy = Index.create(tmp_path / "copy", model=encoder)
    assert copy.add(index).added == 9
    assert list(copy) == list(index)
    assert index.add(index).unchanged == 9
    assert list(Index.create(tmp_path / "empty", model=encoder)) == []


WORDS = st.text(st.sampled_from("ab .\n\r\t #-é\U0001f600"), min_size=1, max_size=200)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=WORDS.filter(str.strip), tokens=st.integers(8, 12), overlap=st.integers(0, 3))
def test_a_text_that_is_put_together_has_every_chunk_at_its_place(
    text: str, tokens: int, overlap: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    index = Index.create(folder / "a", model=CountingEncoder(), chunk_tokens=tokens, overlap=overlap)
    kept = Index.create(folder / "b", model=CountingEncoder(), chunk_tokens=tokens, overlap=overlap, keep_text=True)
    for each in (index, kept):
        each.add([Document("x", text)])
    found, whole = index.get("x"), kept.get("x")
    assert found
    assert whole
    assert whole.text == text
    assert found.text.split() == text.split()
    for hit in index.search(text, k=100, mode="dense"):
        assert found.text[hit.start : hit.end] == hit.text == text[hit.start : hit.end]


def test_the_document_of_a_file_has_its_path_as_source(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "# Title\n\nOne paragraph.\n\nAnother one.\n")
    index.sync(folder)
    document = index.get("notes/a.md")
    assert document
    assert document.source == str(path)
    assert document.text == "# Title\n\nOne paragraph.\n\nAnother one."
    assert document.metadata["type"] == "markdown"


# Deleting by a condition


def test_what_matches_is_deleted(index: Index) -> None:
    assert index.delete(where="lang = 'de'") == 3
    assert index.delete(where={"n": {"gt": 100}}) == 0
    assert ids(index) == ["d0", "d2", "d3", "d5", "d6", "d8"]
    assert index.delete(where={"n": {"in": [0, 2]}}) == 2
    assert index.delete(["d3", "d4"]) == 1


def test_what_another_wrote_meanwhile_is_deleted_too(index: Index, encoder: CountingEncoder) -> None:
    Index.open(index.path, model=encoder).add([Document("late", "late text", {"lang": "de"})])
    assert index.delete(where={"lang": "de"}) == 4
    assert "late" not in index


@pytest.mark.parametrize("given", [{}, {"ids": ["d1"], "where": "n = 1"}])
def test_documents_are_chosen_in_exactly_one_way(index: Index, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="delete takes the ids of documents or a condition, where=,"):
        index.delete(**given)
    with pytest.raises(InvalidOption, match="update_metadata takes the ids of documents or a condition"):
        index.update_metadata(**given, changes={"a": 1})
    assert len(list(index)) == 9


def test_a_condition_that_cannot_be_deletes_nothing(index: Index) -> None:
    before = index.info().version
    with pytest.raises(InvalidFilter):
        index.delete(where="nonsense = 1")
    with pytest.raises(InvalidFilter):
        index.update_metadata(where={"n": {"near": 1}}, changes={"a": 1})
    assert index.info().version == before


# Changing metadata


def vectors(index: Index) -> dict[str, bytes]:
    return {
        part.segment.value("document_id", row): part.segment.flat.vectors[row].tobytes()
        for part in index.session().parts
        for row in np.flatnonzero(part.mask()).tolist()
    }


def test_metadata_changes_without_the_text_and_without_encoding(index: Index, encoder: CountingEncoder) -> None:
    before, version, kept = list(encoder.encoded), index.info().version, vectors(index)
    assert index.update_metadata(["d1", "d4", "nothing"], {"lang": "nl", "seen": True, "n": None}) == 2
    assert index.info().version == version + 1
    assert index.log()[0].change == {"added": 0, "updated": 2, "deleted": 0}
    assert encoder.encoded == before
    assert vectors(index) == kept
    assert index.get("d1") == Document("d1", "text number 1", {"lang": "nl", "seen": True}, source="source-1")
    assert index.get("d7").metadata == {"lang": "de", "n": 7}
    assert index.document_ids({"lang": "nl"}) == ["d1", "d4"]
    assert index.document_ids("n IS NULL") == ["d1", "d4"]
    assert {hit.document_id for hit in index.search("number 4", mode="lexical", where="seen")} == {"d1", "d4"}
    assert index.verify().ok
    assert len(list(index)) == 9


def test_documents_that_match_are_changed_and_each_may_have_changes_of_its_own(index: Index) -> None:
    assert index.update_metadata(where={"lang": "en"}, changes={"lang": "english"}) == 3
    assert index.count({"lang": "english"}) == 3
    assert index.update_metadata({"d0": {"price": Decimal("1.10")}, "d2": {"price": "free", "lang": None}}) == 2
    assert [index.get(name).metadata.get("price") for name in ("d0", "d1", "d2")] == [Decimal("1.10"), None, "free"]
    assert "lang" not in index.get("d2").metadata
    assert index.update_metadata("d8", {"nested": {"a": [1, 2]}}) == 1
    assert index.document_ids("2 = ANY(nested.a)") == ["d8"]


def test_what_changes_nothing_makes_no_version(index: Index) -> None:
    version = index.info().version
    assert index.update_metadata("d1", {"lang": "de", "absent": None}) == 1
    assert index.update_metadata("nothing", {"lang": "de"}) == 0
    assert index.update_metadata([], {"lang": "de"}) == 0
    assert index.update_metadata("d1", {}) == 1
    assert index.info().version == version
    index.update_metadata("d1", {"n": True})  # equal to 1 for Python
    assert index.get("d1").metadata["n"] is True


def test_adding_a_document_again_as_it_was_restores_it(index: Index) -> None:
    document = Document("d1", "text number 1", {"lang": "de", "n": 1}, source="source-1")
    assert index.add([document]).unchanged == 1
    index.update_metadata("d1", {"lang": "nl"})
    report = index.add([document])
    assert (report.updated, report.encoded) == (1, 0)
    assert index.get("d1") == document


def test_a_file_keeps_what_was_changed_until_its_content_changes(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "alpha")
    index.sync(folder)
    index.update_metadata("notes/a.md", {"label": "good"})
    path.touch()
    assert index.sync(folder).unchanged == 1
    assert index.get("notes/a.md").metadata["label"] == "good"
    write(path, "beta")
    assert index.sync(folder).updated == 1
    assert "label" not in index.get("notes/a.md").metadata


def test_many_small_changes_leave_few_segments(index: Index) -> None:
    index.add([Document(f"e{n:03}", f"text {n}", {"n": n}) for n in range(200)])
    for n in range(200):
        index.update_metadata(f"e{n:03}", {"n": -n})
    assert index.info().segments <= 8
    assert [document.metadata["n"] for document in index.documents("document_id LIKE 'e%'")] == [-n for n in range(200)]


def test_large_changes_are_written_segment_by_segment(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory is bounded by a segment."""
    index.add([Document(f"e{n:03}", f"text {n}", {"n": n}) for n in range(100)])
    monkeypatch.setattr(merge_policy, "SEGMENT_CHUNKS", 50)
    assert index.update_metadata(where="n >= 0", changes={"n": -1}) == 109
    assert index.count("n = -1") == 109
    assert index.info().deleted == 0
    assert index.verify().ok
    assert [document.text for document in index][:2] == ["text number 0", "text number 1"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("lang", "the changes are str, expected a dict of metadata, such as {'lang': 'en'}"),
        ({"lang": object()}, "metadata 'lang' is object, expected str"),
        ({5: "a"}, "metadata key 5 is int"),
    ],
)
def test_changes_that_cannot_be_stored_are_refused_before_anything_is_written(
    index: Index, changes: Any, said: str
) -> None:
    for change in (lambda: index.update_metadata("d1", changes), lambda: index.update_metadata({"d1": changes})):
        with pytest.raises(InvalidOption, match=said):
            change()
    with pytest.raises(InvalidOption, match="not both"):
        index.update_metadata({"d1": {"a": 1}}, {"b": 1})


def test_ids_that_no_document_can_have_are_unknown_or_refused(index: Index) -> None:
    assert index.update_metadata(["\ud800", "d1"], {"seen": True}) == 1
    for wrong in ([5], {5: {"seen": True}}, [None]):
        with pytest.raises(InvalidOption, match=r"the id of a document is (5|None), expected a text"):
            index.update_metadata(wrong, None if isinstance(wrong, dict) else {"seen": True})  # type: ignore[arg-type]


def test_kept_texts_and_clusters_of_chunks_survive_a_change(tmp_path: Path, encoder: CountingEncoder) -> None:
    from vecsearch.analysis import find_clusters

    index = Index.create(tmp_path / "index", model=encoder, keep_text=True, chunk_tokens=8)
    index.add([Document(f"d{n}", f"one two three four\n\nfive six seven {n}", {"n": n}) for n in range(10)])
    find_clusters(index, 2, write_to="cluster")
    before = {hit.chunk_id: hit.metadata["cluster"] for hit in index.search("one", k=100, mode="dense")}
    index.update_metadata([f"d{n}" for n in range(5)], {"n": "other"})
    assert {hit.chunk_id: hit.metadata["cluster"] for hit in index.search("one", k=100, mode="dense")} == before
    assert index.get("d1").text == index.text("d1") == "one two three four\n\nfive six seven 1"
