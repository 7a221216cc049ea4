"""Words that a defect has written: found behind right checksums, replaced in a new version, gone with the old ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import flip
from tests.helpers.writing import content_of, write
from vecsearch import Document, Index, verify_index
from vecsearch.reports import Verification
from vecsearch.storage.lexical.terms import Stemmers
from vecsearch.storage.segment import Segment
from vecsearch.storage.store import SEGMENTS, Store

TEXTS = ["cats purr", "dogs bark", "birds sing"]
RECENT = 3  # versions that are kept


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Version 2 holds three documents, each found by words that it has not."""
    made = Index.create(tmp_path / "index", model=encoder, keep_versions=RECENT)
    with monkeypatch.context() as patch:
        patch.setattr(Stemmers, "terms", lambda self, form, number: [self.term(f"{form}x", number)])
        made.add(Document(text.split()[0], text) for text in TEXTS)
    return made


def found_by(index: Index, word: str) -> list[str]:
    return [hit.document_id for hit in index.search(word, mode="lexical")]


def segment_of(index: Index) -> Segment:
    [entry] = Store(index.path).manifest().segments
    return Segment(index.path / SEGMENTS / entry.id, entry)


def states(found: Verification) -> list[tuple[str, str, bool, bool]]:
    return [(problem.file, problem.kind, problem.repairable, problem.past) for problem in found.problems]


def words_of(index: Index) -> str:
    """The file with the words of the only segment of the current version."""
    return f"segments/{segment_of(index).entry.id}/postings.bin"


def test_wrong_words_are_repaired_once_and_stay_known_until_their_version_goes(index: Index) -> None:
    wrong = words_of(index)
    assert (found_by(index, "purr"), found_by(index, "purrx")) == ([], ["cats"])
    assert states(index.verify()) == [(wrong, "content", True, False)]
    found = index.verify(repair=True)
    assert (found.repaired, states(found)) == ((wrong,), [(wrong, "content", False, True)])
    assert (found_by(index, "purr"), found_by(index, "purrx")) == (["cats"], [])
    before = content_of(index.path)
    again = index.verify(repair=True)
    assert (again.repaired, states(again)) == ((), states(found))
    assert content_of(index.path) == before
    index.keep_versions(1)
    assert index.verify().ok


def test_going_back_to_wrong_words_makes_them_repairable_again(index: Index) -> None:
    wrong = words_of(index)
    index.verify(repair=True)
    index.restore(2)
    assert states(index.verify()) == [(wrong, "content", True, False)]
    assert index.verify(repair=True).repaired == (wrong,)
    assert found_by(index, "bark") == ["dogs"]


def test_wrong_words_below_a_manifest_that_cannot_be_read_are_no_matter_of_the_past(index: Index) -> None:
    wrong = words_of(index)
    index.tag("good")
    flip(index.path / "manifests" / "00000001.json", 9)
    assert (wrong, "content", True, False) in states(verify_index(index.path))
    index.keep_versions(RECENT + 1)
    flip(index.path / "manifests" / "00000003.json", 9)
    found = verify_index(index.path, repair=True)
    assert found.repaired == ()
    assert (wrong, "content", False, False) in states(found)


def test_a_damaged_table_of_files_that_only_the_past_has_is_not_repairable_and_keeps_no_other_from_it(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_versions=RECENT)
    tables = []
    for text in TEXTS[:2]:
        write(tmp_path / "notes" / "a.md", text)
        index.sync(tmp_path / "notes")
        tables += [table for table in (index.path / "sources").iterdir() if table not in tables]
    old, new = tables
    names = f"sources/{old.name}", f"sources/{new.name}"
    flip(old, 77)
    assert states(index.verify()) == [(names[0], "checksum", False, True)]
    flip(new, 77)
    found = index.verify(repair=True)
    assert found.repaired == (names[1],)
    assert states(found) == [(name, "checksum", False, True) for name in names]
    index.keep_versions(1)
    assert index.verify().ok


def test_a_damaged_record_that_only_the_past_has_goes_with_it(index: Index) -> None:
    record = words_of(index).replace("postings.bin", "chunks.parquet")
    index.verify(repair=True)
    flip(index.path / record, 800)
    assert states(index.verify(repair=True)) == [(record, "checksum", False, True)]
    index.keep_versions(1)
    assert index.verify().ok


def test_a_segment_has_the_words_of_its_texts_or_has_not_in_the_rows_asked_for(index: Index) -> None:
    every, none = np.ones(3, np.bool_), np.zeros(3, np.bool_)
    assert not segment_of(index).words_match_texts(every, "auto")
    assert segment_of(index).words_match_texts(none, "auto")
    index.verify(repair=True)
    assert segment_of(index).words_match_texts(every, "auto")
    for row in range(3):
        assert segment_of(index).words_match_texts(np.arange(3) == row, "auto")


def test_words_that_other_rules_have_written_are_not_held_to_the_texts(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vecsearch.storage.lexical.terms._RULES", 99)
    assert segment_of(index).words_match_texts(np.ones(3, np.bool_), "auto")
    assert index.verify().ok
