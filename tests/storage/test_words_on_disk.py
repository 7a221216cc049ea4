"""The words of an index on disk: damaged, made anew, carried along, and those of deleted rows nowhere counted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import vecsearch.storage.lexical.terms
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import cut, damaged_files, flip
from tests.helpers.writing import content_of
from vecsearch import Document, Hit, Index, IndexDamaged, verify_index

TEXTS = [
    "die Häuser stehen am Fluss",
    "ein Haus aus Stein",
    "Brot und Salz für alle",
    "das Wasser im Fluss ist kalt",
    "viele Steine liegen im Wasser",
    "Salz und Brot",
    "Wolken ziehen über die Häuser",
]
QUERIES = ["Haus", "Stein im Fluss", "Salz", "Brot und Wasser", "Wolke"]
MODES = ["hybrid", "dense", "lexical"]


@pytest.fixture(autouse=True)
def many_segments(monkeypatch):
    monkeypatch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])


@pytest.fixture
def index(tmp_path, encoder):
    """German texts in three segments, of which some are deleted."""
    made = Index.create(tmp_path / "index", model=encoder, language="de", chunk_tokens=8, recall=0.9, keep_versions=9)
    for batch in range(3):
        made.add(Document(f"{batch}-{number}", f"{text} {batch}") for number, text in enumerate(TEXTS))
    made.delete(["0-0", "1-1", "1-5"])
    return made


def answers(index: Index) -> dict[str, list[list[tuple[Any, ...]]]]:
    """Every hit with its scores, in every mode."""
    return {
        mode: [[told(hit) for hit in hits] for hits in index.search(QUERIES, k=100, mode=mode, explain=True)]
        for mode in MODES
    }


def told(hit: Hit) -> tuple[Any, ...]:
    return hit.chunk_id, hit.score, hit.similarity, hit.text, hit.explanation


def opened(path: Path, **how: Any) -> Index:
    return Index.open(path, model=CountingEncoder(), **how)


def words_files(index: Index) -> list[str]:
    return sorted(path.relative_to(index.path).as_posix() for path in index.path.glob("segments/*/postings.bin"))


def test_the_index_is_what_the_tests_below_need(index):
    assert (len(words_files(index)), index.info().segments, index.info().deleted) == (3, 3, 3)
    assert [hit.document_id for hit in index.search("Haus", mode="lexical")] != []
    assert "0-0" not in {hit.document_id for hit in index.search("Häuser", k=100, mode="lexical")}


@pytest.mark.parametrize("harm", [cut, Path.unlink, lambda path: path.write_bytes(b"")], ids=["cut", "gone", "empty"])
def test_an_index_whose_words_are_cut_or_gone_is_not_opened_and_repaired_whole(index, harm):
    before, held = content_of(index.path), answers(index)
    for name in words_files(index):
        harm(index.path / name)
        with pytest.raises(IndexDamaged, match=r"postings\.bin .*run vecsearch verify") as refused:
            opened(index.path)
        assert "\n" not in str(refused.value)
        assert damaged_files(index.path) == [name]
        found = verify_index(index.path, repair=True)
        assert (found.ok, found.repaired) == (True, (name,))
        assert content_of(index.path) == before
    assert answers(opened(index.path)) == held


@pytest.mark.parametrize("place", [0.0, 0.02, 0.3, 0.6, 0.99])
def test_a_bit_that_flipped_in_the_words_is_found_and_mended(index, place):
    before = content_of(index.path)
    name = words_files(index)[1]
    flip(index.path / name, int(place * 8 * (index.path / name).stat().st_size))
    assert damaged_files(index.path) == [name]
    assert verify_index(index.path, repair=True).repaired == (name,)
    assert content_of(index.path) == before


def test_words_swapped_between_segments_are_found_and_mended(index):
    before, held = content_of(index.path), answers(index)
    first, second = (index.path / name for name in words_files(index)[:2])
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    assert damaged_files(index.path) == words_files(index)[:2]
    found = index.verify(repair=True)
    assert (found.ok, sorted(found.repaired)) == (True, words_files(index)[:2])
    assert content_of(index.path) == before
    assert answers(index) == held


def test_where_words_are_read_otherwise_by_now_a_repair_writes_the_segment_again(index, monkeypatch):
    """Another release may stem otherwise: the bytes that the manifest expects cannot be made any more."""
    index.keep_versions(1)
    held, broken = answers(index), words_files(index)[0]
    monkeypatch.setattr(vecsearch.storage.lexical.terms, "_RULES", vecsearch.storage.lexical.terms._RULES + 1)
    flip(index.path / broken, 999)
    found = index.verify(repair=True)
    assert (found.ok, found.repaired) == (True, (broken,))
    assert broken not in words_files(index)
    assert index.log()[0].change == {"repaired": 1}
    assert index.info().deleted == 3
    assert answers(index) == answers(opened(index.path)) == held


def test_compaction_reads_words_again_that_were_read_otherwise(index, monkeypatch):
    held = answers(index)
    monkeypatch.setattr(vecsearch.storage.lexical.terms, "_RULES", vecsearch.storage.lexical.terms._RULES + 1)
    assert not any(part.segment.postings.is_current for part in index.session().parts)
    assert index.compact()
    assert all(part.segment.postings.is_current for part in index.session().parts)
    assert answers(index) == held


def test_an_index_that_was_compacted_exported_imported_or_restored_answers_alike_in_every_mode(index, tmp_path):
    held = answers(index)
    index.tag("before")
    index.export(tmp_path / "all.parquet")
    Index.from_export(tmp_path / "all.parquet", tmp_path / "imported")
    imported = opened(tmp_path / "imported")
    index.compact()
    index.add([Document("more", "noch ein Haus")])
    assert answers(index) != held
    index.restore("before")
    for one in (imported, index, opened(index.path, version="before")):
        assert answers(one) == held
        assert (one.info().language, one.info().recall) == ("de", 0.9)
    assert imported.compact() is False
    index.compact()
    assert answers(index) == held
    assert (index.info().language, index.info().recall) == ("de", 0.9)


def test_the_language_decides_how_words_are_read_when_they_come_and_after_a_rewrite(tmp_path, encoder, monkeypatch):
    monkeypatch.undo()  # segments are folded again
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path / "cache"))
    for language, found in (("de", ["a", "b", "c"]), ("none", ["b"])):
        index = Index.create(tmp_path / language, model=encoder, language=language)
        for name, text in (("a", "zwei Häuser"), ("b", "ein Haus"), ("c", "vor dem Hause")):
            index.add([Document(name, text)])
        for _ in range(2):
            assert sorted(hit.document_id for hit in index.search("Haus", mode="lexical")) == found
            index.compact()


def test_words_of_deleted_rows_count_neither_before_compaction_nor_after(index, tmp_path, encoder):
    fresh = Index.create(tmp_path / "fresh", model=encoder, language="de", chunk_tokens=8)
    gone = {"0-0", "1-1", "1-5"}
    texts = {f"{batch}-{number}": f"{text} {batch}" for batch in range(3) for number, text in enumerate(TEXTS)}
    fresh.add(Document(name, text) for name, text in texts.items() if name not in gone)
    assert answers(index) == answers(fresh)
    assert index.compact()
    assert answers(index) == answers(fresh)


def test_an_old_version_keeps_the_words_it_had(index, tmp_path):
    shutil.copytree(index.path, tmp_path / "copy")
    past = opened(index.path, version=4)  # before the deletions
    assert "0-0" in {hit.document_id for hit in past.search("Häuser", k=100, mode="lexical")}
    index.compact()
    assert answers(opened(index.path, version=4)) == answers(opened(tmp_path / "copy", version=4)) != answers(index)


def test_a_search_reads_the_words_of_the_version_it_sees(index):
    follower = opened(index.path, refresh=True)
    reader = opened(index.path)
    assert follower.search("Giraffe", mode="lexical") == reader.search("Giraffe", mode="lexical") == []
    index.add([Document("new", "eine Giraffe")])
    assert [hit.document_id for hit in follower.search("Giraffe", mode="lexical")] == ["new"]
    assert reader.search("Giraffe", mode="lexical") == []
    index.delete("new")
    assert follower.search("Giraffe", mode="lexical") == []
