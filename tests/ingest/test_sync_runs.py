"""Which files a sync takes, and what holds of a run as a whole: dry runs, interrupted ones, progress, many roots."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.ingest.sync
import vecsearch.models.capabilities
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, touch, write
from vecsearch import Document, Index, InvalidOption, Progress, Report


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


def texts(index: Index) -> dict[str, str]:
    """What the index holds, by document id; of documents with one chunk."""
    hits = index.search(np.ones(index.info().dim, np.float32), k=10_000)
    return {hit.document_id: hit.text for hit in hits}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


def test_roots_that_overlap_are_read_once(index: Index, folder: Path) -> None:
    path = write(folder / "deep" / "a.md", "alpha")
    report = index.sync([folder, folder / "deep", path, folder / "deep" / ".."])
    assert counts(report) == (1, 0, 0, 0)
    assert len(index) == 1
    assert counts(index.sync(folder / "deep")) == (0, 0, 1, 0)


def test_a_single_file_can_be_a_root(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "b.md", "beta")
    index.sync(str(folder / "a.md"))
    assert texts(index) == {"notes/a.md": "alpha"}
    write(folder / "a.md", "changed")
    index.sync([folder / "b.md"])
    assert texts(index) == {"notes/a.md": "alpha", "notes/b.md": "beta"}


def test_a_path_relative_to_the_working_folder_is_the_same_file(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder)
    monkeypatch.chdir(folder)
    assert counts(index.sync(".")) == (0, 0, 1, 0)
    assert counts(index.sync("a.md")) == (0, 0, 1, 0)


def test_other_folders_and_added_documents_are_left_alone(index: Index, tmp_path: Path) -> None:
    for name in ("one", "two", "one-and-a-half"):
        write(tmp_path / name / "a.md", f"text of {name}")
        index.sync(tmp_path / name)
    index.add([Document("added", "added"), Document("one/b.md", "only looks like a file")])
    (tmp_path / "one" / "a.md").unlink()
    write(tmp_path / "two" / "a.md", "changed")
    assert counts(index.sync(tmp_path / "one")) == (0, 0, 0, 1)
    assert set(texts(index)) == {"two/a.md", "one-and-a-half/a.md", "added", "one/b.md"}
    assert texts(index)["two/a.md"] == "text of two"


def test_an_index_moved_together_with_its_files_knows_them(tmp_path: Path, encoder: CountingEncoder) -> None:
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    write(old / "notes" / "a.md", "alpha")
    Index.create(old / "index", model=encoder).sync(old / "notes")
    new.parent.mkdir()
    shutil.move(old, new)
    index = Index.open(new / "index", model=encoder)
    assert index.search("alpha")[0].source == str(new / "notes" / "a.md")
    encoder.encoded.clear()
    assert counts(index.sync(new / "notes")) == (0, 0, 1, 0)
    assert encoder.encoded == []


def test_an_index_inside_the_folder_is_not_a_part_of_it(folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "a.md", "alpha")
    index = Index.create(folder / "index", model=encoder)
    assert counts(index.sync(folder)) == (1, 0, 0, 0)
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert texts(index) == {"a.md": "alpha"}


def test_include_and_exclude_decide_what_is_in_the_index(index: Index, folder: Path) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md"):
        write(folder / name, f"text of {name}")
    index.sync(folder, include=["*.md"])
    assert set(texts(index)) == {"notes/a.md", "notes/drafts/c.md"}
    assert counts(index.sync(folder, exclude=["drafts/"])) == (1, 0, 1, 1)
    assert set(texts(index)) == {"notes/a.md", "notes/b.txt"}


def test_an_invalid_glob_is_refused(index: Index, folder: Path) -> None:
    with pytest.raises(InvalidOption, match="include"):
        index.sync(folder, include=[""])
    with pytest.raises(InvalidOption, match="include"):
        index.sync(folder, include="*.md")


def test_a_dry_run_predicts_the_run_and_changes_nothing(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    for name in "abcde":
        write(folder / f"{name}.md", f"text of {name}")
    index.sync(folder)
    write(folder / "a.md", "changed")
    write(folder / "new.md", "new")
    write(folder / "twin.md", "new")
    (folder / "b.md").unlink()
    (folder / "c.md").rename(folder / "c2.md")
    touch(folder / "d.md")
    write(folder / "e.md", "")
    encoder.encoded.clear()
    before = content_of(index.path)
    predicted = index.sync(folder, dry_run=True)
    assert (content_of(index.path), encoder.encoded) == (before, [])
    report = index.sync(folder)
    for name in ("added", "updated", "unchanged", "deleted", "failed", "skipped", "chunks", "encoded", "cached"):
        assert getattr(predicted, name) == getattr(report, name), name
    assert (counts(report), report.encoded) == ((3, 1, 1, 3), 2)


def test_a_dry_run_counts_a_text_once_across_windows(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 2)
    for i in range(6):
        write(folder / f"{i}.md", "the same text")
    predicted, report = index.sync(folder, dry_run=True), index.sync(folder)
    assert (predicted.encoded, predicted.cached) == (report.encoded, report.cached) == (1, 5)


def test_an_interrupted_run_leaves_an_index_that_opens_and_its_rerun_encodes_the_rest(
    index: Index, folder: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 8)
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 4)
    monkeypatch.setattr(vecsearch.models.capabilities, "_PART", 2)
    for i in range(20):
        write(folder / f"{i:02}.md", f"text number {i}")

    def interrupt(progress: Progress) -> None:
        if progress.chunks >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.sync(folder, progress=interrupt)
    reopened = Index.open(index.path, model=encoder)
    assert 0 < len(reopened) < 10
    paid = set(encoder.encoded)
    encoder.encoded.clear()
    report = reopened.sync(folder)
    assert not paid & set(encoder.encoded)
    assert report.added + report.unchanged == 20
    assert report.encoded == len(encoder.encoded) == 20 - len(paid)
    assert texts(reopened) == {f"notes/{i:02}.md": f"text number {i}" for i in range(20)}


def test_progress_counts_the_bytes_that_have_to_be_read(index: Index, folder: Path) -> None:
    write(folder / "a.md", "12345")
    index.sync(folder)
    write(folder / "b.md", "1234567")
    reports: list[Progress] = []
    index.sync(folder, progress=reports.append)
    assert (reports[-1].bytes_done, reports[-1].bytes_total) == (7, 7)
