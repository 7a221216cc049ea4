"""Which versions are kept: those with a tag, and as many of the newest as the index is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of
from vecsearch import (
    Document,
    Index,
    IndexDamaged,
    IndexNotFound,
    InvalidOption,
    list_versions,
)

QUERY = np.linspace(1, 2, 32, dtype=np.float32)


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    """Version 1 is empty, 2 holds a and b, 3 holds a, changed, and c; all are kept."""
    made = Index.create(tmp_path / "index", model=encoder, keep_versions=100)
    made.add([Document("a", "apples"), Document("b", "bread")])
    made.add([Document("a", "apricots"), Document("c", "cheese")])
    return made


def texts(index: Index) -> dict[str, str]:
    return {hit.document_id: hit.text for hit in index.search(QUERY, k=100)}


def numbers(index: Index) -> list[int]:
    return [version.number for version in index.log()]


def segments(index: Index) -> dict[str, bytes]:
    return content_of(index.path / "segments")


def test_a_tag_keeps_its_version_through_any_number_of_commits_until_it_is_taken_away(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_versions=2)
    index.add([Document("a", "apples"), Document("b", "bread")])
    index.delete(["b"])
    index.tag("good")
    for i in range(12):
        index.add([Document(f"d{i % 3}", f"text number {i}")])
    index.delete(["a"])
    assert numbers(index) == [16, 15, 3]
    assert texts(Index.open(index.path, version="good", model=encoder)) == {"a": "apples"}
    assert index.verify().ok
    taken = index.log()[-1].bytes
    before = index.info().bytes
    index.untag("good")
    assert numbers(index) == [16, 15]
    assert index.info().bytes < before - taken
    assert index.verify().leftovers == ()
    with pytest.raises(IndexNotFound, match=r"no tag 'good' at .*: it has none"):
        Index.open(index.path, version="good")


def test_a_version_may_have_several_names_and_stays_until_the_last_is_gone(index: Index) -> None:
    index.tag("good", 2)
    index.tag("better", 2)
    index.keep_versions(1)
    assert index.log()[-1].tags == ("better", "good")
    index.untag("good")
    assert numbers(index) == [4, 2]
    index.untag("better")
    assert numbers(index) == [4]


def test_a_name_that_is_given_again_moves_and_the_version_that_had_it_goes_with_the_next_commit(index: Index) -> None:
    index.tag("good", 2)
    index.keep_versions(1)
    index.tag("good")
    assert index._store.tags() == {"good": 4}
    index.delete(["a"])
    assert numbers(index) == [5, 4]


def test_a_version_is_tagged_by_the_name_it_has_already(index: Index) -> None:
    index.tag("good", 2)
    index.tag("release", "good")
    assert index._store.tags() == {"good": 2, "release": 2}


def test_a_tag_stands_for_the_version_that_its_index_sees(index: Index, encoder: CountingEncoder) -> None:
    other = Index.open(index.path, model=encoder)
    other.delete(["a"])
    index.tag("seen")
    assert index._store.tags() == {"seen": 3}
    assert len(index) == 2  # a write, and a tag is one, refreshes


@pytest.mark.parametrize(
    "name", ["", "7", "007", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "ä", "x\n", "x" * 101, "a\0b"]
)
def test_a_name_that_is_no_plain_name_is_refused(index: Index, name: str) -> None:
    before = content_of(index.path)
    with pytest.raises(InvalidOption, match="cannot be a tag"):
        index.tag(name)
    with pytest.raises(IndexNotFound, match="no tag"):
        index.untag(name)
    assert content_of(index.path) == before


@pytest.mark.parametrize("name", ["v1.0", "2024-06-01", "A_b", "x" * 100, "1a"])
def test_plain_names_are_taken(index: Index, encoder: CountingEncoder, name: str) -> None:
    index.tag(name, 2)
    assert Index.open(index.path, model=encoder, version=name).info().version == 2


def test_taking_away_a_name_that_no_version_has_says_which_there_are(index: Index) -> None:
    index.tag("good")
    index.tag("better")
    with pytest.raises(IndexNotFound, match=r"no tag 'best' at .*: it has better, good"):
        index.untag("best")


def test_a_damaged_tag_names_no_version_and_removes_none(index: Index, encoder: CountingEncoder) -> None:
    index.tag("good", 2)
    index.keep_versions(1)
    (index.path / "tags" / "good").write_bytes(b"3 sha256:0000\n")
    for use in (lambda: Index.open(index.path, version="good"), index.log):
        with pytest.raises(IndexDamaged, match="vecsearch tag good N"):
            use()
    [problem] = list_versions(index.path).problems
    assert "vecsearch tag good N" in problem
    index.delete(["a"])
    assert texts(Index.open(index.path, model=encoder, version=2)) == {"a": "apples", "b": "bread"}
    index.tag("good", 2)
    index.delete(["b"])
    assert numbers(index) == [6, 2]


def test_as_many_versions_are_kept_as_the_index_was_made_with(tmp_path: Path, encoder: CountingEncoder) -> None:
    kept = {}
    for n in (None, 1, 5):
        option = {} if n is None else {"keep_versions": n}
        index = Index.create(tmp_path / f"index{n}", model=encoder, **option)
        for i in range(8):
            index.add([f"text {i}"])
        kept[n] = numbers(index)
    assert kept == {None: [9, 8, 7], 1: [9], 5: [9, 8, 7, 6, 5]}


def test_how_many_are_kept_can_be_changed_and_is_remembered(index: Index, encoder: CountingEncoder) -> None:
    index.keep_versions(2)
    assert numbers(index) == [4, 3]
    again = Index.open(index.path, model=encoder)
    again.keep_versions(2)  # nothing to change
    assert numbers(again) == [4, 3]
    again.keep_versions(3)
    for i in range(4):
        again.add([f"text {i}"])
    assert numbers(again) == [9, 8, 7]
    assert len(again) == 7


def test_restoring_does_not_bring_back_how_few_versions_were_kept(index: Index) -> None:
    index.keep_versions(2)
    index.tag("few")
    index.keep_versions(50)
    index.add([Document("d", "dates")])
    index.restore("few")
    assert index._store.manifest().keep_versions == 50
    assert numbers(index) == [7, 6, 5, 4, 3]


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3", None])
def test_a_number_of_versions_that_cannot_be_is_refused_and_changes_nothing(
    index: Index, tmp_path: Path, encoder: CountingEncoder, n: object
) -> None:
    before = content_of(index.path)
    with pytest.raises(InvalidOption, match=r"keep_versions is .*at least 1"):
        index.keep_versions(n)
    assert content_of(index.path) == before
    with pytest.raises(InvalidOption, match=r"keep_versions is .*at least 1"):
        Index.create(tmp_path / "new", model=encoder, keep_versions=n)
    assert not (tmp_path / "new").exists()
