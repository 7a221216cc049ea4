"""Near-duplicates are those of exact Jaccard similarity; a sync names them or leaves them out, the later ones."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write, write_records
from vecsearch import Document, ExtraMissing, Index, InvalidOption, Report
from vecsearch.reports import NearDuplicate

pytest.importorskip("rensa", reason="the package that makes MinHash sketches")

from vecsearch.ingest.duplicates import NEAR, Resemblance

ESTIMATE = 0.15  # how far an estimate from 128 numbers may be: four standard deviations at a similarity of one half


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder, chunk_tokens=32, overlap=4)


def text_of(seed: int, n: int = 400) -> list[str]:
    source = random.Random(seed)
    return [f"word{source.randrange(5_000)}" for _ in range(n)]


def changed(words: list[str], places: int, seed: int = 0) -> str:
    """The words with others in so many places."""
    source = random.Random(seed)
    changed = list(words)
    for position in source.sample(range(len(words)), places):
        changed[position] = f"other{position}"
    return " ".join(changed)


def jaccard(first: str, second: str) -> float:
    """Shingles of five words in both texts, over those in any of them; by sets, without MinHash."""
    one, two = ({tuple(words[i : i + 5]) for i in range(len(words) - 4)} for words in (first.split(), second.split()))
    return len(one & two) / len(one | two)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


@pytest.mark.parametrize("places", [0, 1, 3, 6, 8])
def test_the_similarity_is_about_that_of_jaccard(places: int) -> None:
    for seed in range(20):
        words = text_of(seed)
        seen = Resemblance()
        seen.add("a", " ".join(words))
        other = changed(words, places, seed)
        exact = jaccard(" ".join(words), other)
        found = seen.nearest(other)
        if exact > NEAR + ESTIMATE:
            assert found is not None
        if found is not None:
            assert found[0] == "a"
            assert abs(found[1] - exact) < ESTIMATE


def test_exactly_the_near_duplicates_of_many_documents_are_found() -> None:
    seen = Resemblance()
    for seed in range(500):
        seen.add(str(seed), " ".join(text_of(seed)))
    for seed in range(0, 500, 25):
        assert seen.nearest(changed(text_of(seed), 1, seed)) == (str(seed), pytest.approx(0.975, abs=0.1))
        assert seen.nearest(changed(text_of(seed), 200, seed)) is None
        assert seen.nearest(" ".join(text_of(seed + 10_000))) is None


def test_the_nearest_document_is_found_and_the_first_of_equals() -> None:
    words, seen = text_of(1), Resemblance()
    seen.add("far", changed(words, 3))
    for name in ("first", "second"):
        seen.add(name, " ".join(words))
    assert seen.nearest(" ".join(words)) == ("first", 1.0)


@pytest.mark.parametrize("text", ["", "...", "\n"])
def test_a_text_without_words_is_similar_to_no_other(text: str) -> None:
    seen = Resemblance()
    seen.add("a", text)
    assert seen.nearest(text) is None


@pytest.mark.parametrize("text", ["hello", "Hello, WORLD", "東京都庁舎は新宿にある", "हिन्दी"])
def test_short_texts_and_any_script_are_compared(text: str) -> None:
    seen = Resemblance()
    seen.add("a", text)
    assert seen.nearest(text.lower() + "!") == ("a", 1.0)
    assert seen.nearest("something else") is None


@given(st.text())
def test_any_two_texts_can_be_compared(text: str) -> None:
    seen = Resemblance()
    seen.add("a", text)
    assert seen.nearest(text) in (None, ("a", 1.0))


def test_report_names_the_pairs_and_keeps_all_documents(index: Index, folder: Path) -> None:
    words = text_of(1)
    write(folder / "a.md", " ".join(words))
    write(folder / "b.md", changed(words, 1))
    write(folder / "c.md", " ".join(text_of(2)))
    report = index.sync(folder, dedupe="report")
    assert counts(report) == (3, 0, 0, 0)
    [near] = report.near_duplicates
    exact = jaccard(" ".join(words), changed(words, 1))
    similarity = pytest.approx(exact, abs=ESTIMATE)
    assert near == NearDuplicate("notes/b.md", "notes/a.md", similarity, left_out=False)


def test_collapse_leaves_out_the_later_ones_and_the_same_ones_each_time(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    words = text_of(1)
    for name, places in (("a", 0), ("b", 1), ("c", 2)):
        write(folder / f"{name}.md", changed(words, places))
    for _ in range(2):
        report = index.sync(folder, dedupe="collapse")
        assert [(near.document_id, near.before, near.left_out) for near in report.near_duplicates] == [
            ("notes/b.md", "notes/a.md", True),
            ("notes/c.md", "notes/a.md", True),
        ]
        assert index.document_ids() == ["notes/a.md"]
        assert not any("other" in text for text in encoder.encoded)


def test_a_duplicate_comes_in_when_the_document_it_repeats_is_gone(index: Index, folder: Path) -> None:
    write(folder / "a.md", " ".join(text_of(1)))
    write(folder / "b.md", changed(text_of(1), 1))
    index.sync(folder, dedupe="collapse")
    (folder / "a.md").unlink()
    assert counts(index.sync(folder, dedupe="collapse")) == (1, 0, 0, 1)
    assert index.document_ids() == ["notes/b.md"]


def test_duplicates_leave_with_collapse_and_come_back_without(index: Index, folder: Path) -> None:
    write(folder / "a.md", " ".join(text_of(1)))
    write(folder / "b.md", changed(text_of(1), 1))
    index.sync(folder)
    assert index.document_ids() == ["notes/a.md", "notes/b.md"]
    assert counts(index.sync(folder, dedupe="collapse")) == (0, 0, 1, 1)
    assert index.document_ids() == ["notes/a.md"]
    index.sync(folder)
    assert index.document_ids() == ["notes/a.md", "notes/b.md"]


def test_documents_of_other_folders_and_programs_count_as_earlier(index: Index, folder: Path, tmp_path: Path) -> None:
    index.add([Document("added", " ".join(text_of(1)))])
    write(tmp_path / "other" / "x.md", " ".join(text_of(2)))
    index.sync(tmp_path / "other")
    write(folder / "a.md", changed(text_of(1), 1))
    write(folder / "b.md", changed(text_of(2), 1))
    report = index.sync(folder, dedupe="report")
    assert [(near.document_id, near.before) for near in report.near_duplicates] == [
        ("notes/a.md", "added"),
        ("notes/b.md", "other/x.md"),
    ]


def test_a_file_that_changes_a_little_is_no_duplicate_of_itself(index: Index, folder: Path) -> None:
    write(folder / "a.md", " ".join(text_of(1)))
    index.sync(folder, dedupe="collapse")
    write(folder / "a.md", changed(text_of(1), 1))
    report = index.sync(folder, dedupe="collapse")
    assert (counts(report), report.near_duplicates) == ((0, 1, 0, 0), ())


def test_records_are_compared_one_by_one(index: Index, folder: Path) -> None:
    words = text_of(1)
    write_records(folder / "a.jsonl", {"x": " ".join(words), "y": changed(words, 1), "z": " ".join(text_of(2))})
    index.sync(folder, dedupe="collapse")
    assert index.document_ids() == ["x", "z"]


def test_chunks_that_repeat_one_of_another_document_are_counted(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "b.md", "alpha")
    write(folder / "c.md", "beta")
    assert index.sync(folder).duplicates == 0  # counted only with dedupe
    write(folder / "d.md", "alpha")
    write(folder / "e.md", "gamma")
    dry = index.sync(folder, dedupe="report", dry_run=True)
    report = index.sync(folder, dedupe="report")
    assert (report.added, report.duplicates, dry.duplicates) == (2, 1, 1)
    assert dry.near_duplicates == report.near_duplicates == (NearDuplicate("notes/d.md", "notes/a.md", 1.0, False),)


def test_overlapping_chunks_make_the_text_of_the_file_again(index: Index, folder: Path) -> None:
    text = " ".join(text_of(1))
    write(folder / "a.md", text)
    index.sync(folder)
    assert index.show("notes/a.md#0").chunks > 5
    write(folder / "b.md", text)
    [near] = index.sync(folder, dedupe="report").near_duplicates
    assert near.similarity == 1.0


def test_an_unknown_dedupe_is_refused(index: Index, folder: Path) -> None:
    with pytest.raises(InvalidOption, match="dedupe is 'remove'; one of: report, collapse"):
        index.sync(folder, dedupe="remove")


def test_without_rensa_the_error_names_the_command_that_installs_it(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    write(folder / "a.md", "alpha")
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[dedupe\]'"):
        index.sync(folder, dedupe="report")
    assert index.sync(folder).added == 1
