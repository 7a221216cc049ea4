"""The roots of an index: what was indexed once is followed from then on, each root with its own flags."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, touch, write, write_records
from vecsearch import Index, InvalidOption, PathNotFound, Report
from vecsearch.ingest.followed import _documents_in, root_of
from vecsearch.storage.store import Store


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write(tmp_path / "other" / "o.md", "text of other").parent


def held(index: Index) -> set[str]:
    return set(index.document_ids())


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


def roots(index: Index) -> dict[str, tuple[int, dict[str, object]]]:
    """By name: the number of documents, and the flags."""
    return {os.path.relpath(root.path, index.path.parent): (root.documents, dict(root.flags)) for root in index.roots()}


def test_without_paths_all_roots_are_brought_in_step(index: Index, folder: Path, other: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync(folder)
    index.sync(other)
    write(folder / "b.md", "text of b")
    (other / "o.md").unlink()
    assert counts(index.sync()) == (1, 0, 1, 1)
    assert held(index) == {"notes/a.md", "notes/b.md"}


def test_each_root_keeps_its_flags(index: Index, folder: Path, other: Path) -> None:
    write(folder / "draft.txt", "a draft")
    write(folder / "a.md", "text of a")
    write_records(other / "r.jsonl", [])
    (other / "o.md").unlink()
    (other / "r.jsonl").write_text('{"key": "k1", "body": "text of k1"}\n')
    index.sync(folder, exclude=["*.txt"], metadata={"day": date(2024, 5, 31), "n": 3, "lang": "en"})
    index.sync(other, id_field="key", text_field="body")
    write(folder / "late.txt", "another draft")
    write(folder / "b.md", "text of b")
    (other / "r.jsonl").write_text('{"key": "k1", "body": "text of k1"}\n{"key": "k2", "body": "text of k2"}\n')
    assert counts(index.sync()) == (2, 0, 2, 0)
    assert held(index) == {"notes/a.md", "notes/b.md", "k1", "k2"}
    assert index.document_ids("day = DATE '2024-05-31' AND n = 3 AND lang = 'en'") == ["notes/a.md", "notes/b.md"]
    reopened = Index.open(index.path, model=CountingEncoder())
    assert counts(reopened.sync()) == (0, 0, 4, 0)
    assert roots(reopened)["other"] == (2, {"id_field": "key", "text_field": "body"})


def test_a_run_that_changes_nothing_commits_no_version(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync(folder, metadata={"x": 1.5})
    version = index.info().version
    index.sync(folder, metadata={"x": 1.5})
    index.sync()
    assert index.info().version == version


def test_options_without_paths_are_refused(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync(folder)
    with pytest.raises(InvalidOption, match=r"exclude is for paths"):
        index.sync(exclude=["*.txt"])


def test_an_index_without_roots_says_what_to_do(index: Index) -> None:
    with pytest.raises(InvalidOption, match=r"has no roots to follow: name"):
        index.sync()


def test_documents_that_a_program_added_stay(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    index.add([{"id": "own", "text": "text of a program"}])
    index.sync(folder)
    index.sync()
    assert held(index) == {"own", "notes/a.md"}


def test_a_folder_in_a_root_belongs_to_the_root(index: Index, folder: Path) -> None:
    write(folder / "sub" / "a.md", "text of a")
    write(folder / "sub" / "no.txt", "excluded")
    write(folder / "b.md", "text of b")
    index.sync(folder, exclude=["*.txt"], metadata={"team": "x"})
    write(folder / "sub" / "c.md", "text of c")
    write(folder / "d.md", "text of d")
    report = index.sync(folder / "sub")
    assert counts(report) == (1, 0, 1, 0)
    assert list(roots(index)) == ["notes"]
    assert index.document_ids("team = 'x'") == ["notes/b.md", "notes/sub/a.md", "notes/sub/c.md"]
    shutil.rmtree(folder / "sub")
    with pytest.raises(PathNotFound):
        index.sync(folder / "sub")
    assert counts(index.sync()) == (1, 0, 1, 2)


def test_a_folder_that_its_root_passes_by_is_a_root_of_its_own(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    hidden = write(folder / ".hidden" / "h.md", "text of h").parent
    index.sync(folder)
    index.sync(hidden)
    assert list(roots(index)) == ["notes", "notes/.hidden"]
    for _ in range(2):
        assert counts(index.sync()) == (0, 0, 2, 0)
        assert counts(index.sync(folder)) == (0, 0, 2, 0)
    assert held(index) == {"notes/a.md", "notes/.hidden/h.md"}


def test_a_folder_with_flags_of_its_own_keeps_them(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    write(folder / "sub" / "b.md", "text of b")
    index.sync(folder)
    index.sync(folder / "sub", metadata={"team": "x"})
    assert counts(index.sync()) == (0, 0, 2, 0)
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert index.document_ids("team = 'x'") == ["notes/sub/b.md"]
    assert roots(index) == {"notes": (1, {}), "notes/sub": (1, {"metadata": {"team": "x"}})}


def test_roots_become_part_of_a_root_around_them(index: Index, folder: Path) -> None:
    for name in "abc":
        write(folder / f"{name}.md", f"text of {name}")
    write(folder / "sub" / "d.md", "text of d")
    index.sync([folder / "a.md", folder / "b.md", folder / "sub"])
    assert len(roots(index)) == 3
    index.sync(folder)
    assert list(roots(index)) == ["notes"]
    (folder / "a.md").unlink()
    shutil.rmtree(folder / "sub")
    report = index.sync()
    assert (counts(report), report.missing) == ((0, 0, 2, 2), ())


def test_a_named_file_that_its_folder_has_too_is_no_root(index: Index, folder: Path) -> None:
    write(folder / "a.md", "text of a")
    write(folder / ".b.md", "text of b")
    index.sync([folder, folder / "a.md", folder / ".b.md"])
    assert list(roots(index)) == ["notes", "notes/.b.md"]
    index.sync(folder / "a.md")
    assert list(roots(index)) == ["notes", "notes/.b.md"]


def test_a_missing_root_is_reported_and_its_documents_stay(index: Index, folder: Path, other: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync([folder, other])
    shutil.move(folder, folder.parent / "away")
    for report in (index.sync(), index.sync(other)):
        assert [(Path(root.path), root.documents, root.mounted) for root in report.missing] == [(folder, 1, True)]
        assert counts(report) == (0, 0, 1, 0)
    assert [root.exists for root in index.roots()] == [False, True]
    with pytest.raises(PathNotFound, match=r"which this index follows: if it was moved, index the new path"):
        index.sync(folder)
    shutil.move(folder.parent / "away", folder)
    report = index.sync()
    assert (report.missing, counts(report)) == ((), (0, 0, 2, 0))


def test_a_root_that_is_not_mounted_keeps_its_documents(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is not mounted leaves an empty folder."""
    mounted = write(folder / "disk" / "a.md", "text of a").parent
    write(folder / "b.md", "text of b")
    real = os.stat

    def stat(path: object, *arguments: object, **options: object) -> os.stat_result:
        found = real(path, *arguments, **options)  # type: ignore[arg-type]
        if str(path) == str(mounted) and (mounted / "a.md").exists():
            return os.stat_result([*found[:2], found.st_dev + 1, *found[3:]])
        return found

    monkeypatch.setattr(os, "stat", stat)
    index.sync(folder)
    (mounted / "a.md").rename(folder.parent / "a.md")
    report = index.sync()
    assert [(root.path, root.documents, root.mounted) for root in report.missing] == [(str(mounted), 1, False)]
    assert (counts(report), held(index)) == ((0, 0, 1, 0), {"notes/b.md", "notes/disk/a.md"})
    (folder.parent / "a.md").rename(mounted / "a.md")
    report = index.sync()
    assert (counts(report), report.missing) == ((0, 0, 2, 0), ())
    (mounted / "a.md").unlink()
    assert index.prune(mounted).deleted == 1
    report = index.sync()
    assert (counts(report), report.missing) == ((0, 0, 1, 0), ())


def test_the_roots_of_a_version_come_back_with_it(index: Index, folder: Path, other: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync([folder, other])
    version = index.info().version
    index.prune(other)
    assert list(roots(index)) == ["notes"]
    index.restore(version)
    assert list(roots(index)) == ["notes", "other"]


def test_an_interrupted_first_run_is_continued_without_paths(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vecsearch.ingest.run
    import vecsearch.storage.merge_policy

    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 1)
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 2)
    for name in "abcdef":
        write(folder / f"{name}.md", f"text of {name}")
    real = CountingEncoder.encode

    def fail_at_f(self: CountingEncoder, texts: list[str], role: object) -> np.ndarray:
        if any("of f" in text for text in texts):
            raise KeyboardInterrupt
        return real(self, texts, role)  # type: ignore[arg-type]

    monkeypatch.setattr(CountingEncoder, "encode", fail_at_f)
    with pytest.raises(KeyboardInterrupt):
        index.sync(folder, metadata={"team": "x"})
    monkeypatch.setattr(CountingEncoder, "encode", real)
    again = Index.open(index.path, model=CountingEncoder())
    assert 0 < len(held(again)) < 6
    again.sync()
    assert len(again.document_ids("team = 'x'")) == 6


def test_force_reads_what_seems_unchanged(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    path = write(folder / "a.md", "release 1.2.3")
    write(folder / "b.md", "text of b")
    index.sync(folder)
    times = path.stat()
    path.write_text("release 1.2.4")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    encoder.encoded.clear()
    assert counts(index.sync(folder, force=True)) == (0, 1, 1, 0)
    assert encoder.encoded == ["release 1.2.4"]


@pytest.mark.skipif(os.name == "nt", reason="Windows tells no time of a change")
def test_a_change_that_sets_size_and_time_back_is_seen(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "release 1.2.3")
    index.sync(folder)
    times = path.stat()
    path.write_text("release 1.2.4")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert counts(index.sync(folder)) == (0, 1, 0, 0)


@pytest.mark.skipif(os.name == "nt", reason="Windows tells no number of a file")
def test_another_file_of_the_same_size_and_time_is_seen(index: Index, folder: Path, tmp_path: Path) -> None:
    path = write(folder / "a.md", "release 1.2.3")
    index.sync(folder)
    times = path.stat()
    fresh = tmp_path / "fresh"
    fresh.write_text("release 1.2.4")
    os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
    fresh.replace(path)
    assert counts(index.sync(folder)) == (0, 1, 0, 0)


def test_a_copied_tree_with_its_index_is_read_again_but_not_encoded(
    index: Index, folder: Path, tmp_path: Path, cache_folder: Path
) -> None:
    for name in "ab":
        write(folder / f"{name}.md", f"text of {name}")
    index.sync(folder, exclude=["*.txt"])
    index.close()
    shutil.copytree(tmp_path, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("elsewhere"))
    encoder = CountingEncoder()
    copy = Index.open(tmp_path / "elsewhere" / "index", model=encoder)
    report = copy.sync()
    assert (counts(report), encoder.encoded, report.missing) == ((0, 0, 2, 0), [], ())
    assert [Path(root.path) for root in copy.roots()] == [tmp_path / "elsewhere" / "notes"]


def test_an_index_that_moved_with_its_files_follows_them(index: Index, tmp_path: Path) -> None:
    base = tmp_path / "project"
    write(base / "notes" / "a.md", "text of a")
    encoder = CountingEncoder()
    made = Index.create(base / ".vecsearch", model=encoder)
    made.sync(base / "notes")
    made.close()
    base.rename(tmp_path / "renamed")
    moved = Index.open(tmp_path / "renamed" / ".vecsearch", model=encoder)
    report = moved.sync()
    assert (counts(report), report.missing, report.moved) == ((0, 0, 1, 0), (), ())


def test_a_dry_run_changes_nothing(index: Index, folder: Path, other: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync(folder)
    before = content_of(index.path)
    folder.rename(folder.parent / "renamed")
    index.sync([other, folder.parent / "renamed"], dry_run=True)
    index.prune(dry_run=True)
    assert content_of(index.path) == before


def test_last_sync_is_noted_by_root(index: Index, folder: Path, other: Path) -> None:
    write(folder / "a.md", "text of a")
    index.sync([folder, other])
    first = {root.path: root.synced for root in index.roots()}
    assert all(first.values())
    index.sync(folder)
    second = {root.path: root.synced for root in index.roots()}
    assert second[str(other)] == first[str(other)]
    (index.path / "synced.json").write_text("[")
    assert [root.synced for root in index.roots()] == [None, None]
    assert index.verify().ok
    assert index.verify().leftovers == ()


class TestPrune:
    def test_removes_what_came_from_roots_that_are_gone(self, index: Index, folder: Path, other: Path) -> None:
        write(folder / "a.md", "text of a")
        index.add([{"id": "own", "text": "text of a program"}])
        index.sync([folder, other])
        shutil.rmtree(folder)
        assert index.prune(dry_run=True).deleted == 1
        assert index.prune().deleted == 1
        assert (held(index), list(roots(index))) == ({"own", "other/o.md"}, ["other"])
        assert index.prune().deleted == 0
        assert index.sync().missing == ()

    def test_removes_a_named_root_that_exists(self, index: Index, folder: Path, other: Path) -> None:
        write(folder / "a.md", "text of a")
        index.sync([folder, other])
        assert index.prune([folder]).deleted == 1
        assert counts(index.sync()) == (0, 0, 1, 0)
        assert (held(index), list(roots(index))) == ({"other/o.md"}, ["other"])

    def test_leaves_the_documents_of_a_root_inside(self, index: Index, folder: Path) -> None:
        write(folder / "a.md", "text of a")
        write(folder / "sub" / "b.md", "text of b")
        index.sync(folder)
        index.sync(folder / "sub", metadata={"x": 1})
        index.prune(folder / "sub")
        assert held(index) == {"notes/a.md"}

    def test_refuses_what_is_not_known_and_what_would_come_back(self, index: Index, folder: Path, other: Path) -> None:
        write(folder / "sub" / "a.md", "text of a")
        index.sync(folder)
        with pytest.raises(InvalidOption, match=r"is not a root of this index"):
            index.prune(other)
        with pytest.raises(InvalidOption, match=r"exists and is part of a root"):
            index.prune(folder / "sub")

    def test_removes_what_an_older_release_indexed_without_noting_roots(
        self, index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder / "a.md", "text of a")
        with monkeypatch.context() as patch:
            patch.setattr("vecsearch.ingest.draft.Draft.set_roots", lambda *_: None)
            index.sync(folder)
        assert index.roots() == []
        shutil.rmtree(folder)
        assert index.prune().deleted == 1


def test_touching_one_file_of_many_reads_that_one(index: Index, folder: Path) -> None:
    for name in "abc":
        write(folder / f"{name}.md", f"text of {name}")
    index.sync(folder)
    touch(folder / "b.md")
    assert counts(index.sync()) == (0, 0, 3, 0)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "..", "..c", "d..", "..."]), max_size=5), max_size=5),
    st.lists(st.lists(st.sampled_from(["a", "b", "..", "..c", "d..", "..."]), min_size=1, max_size=6), max_size=5),
)
def test_documents_are_counted_by_the_innermost_root(roots: list[list[str]], files: list[list[str]]) -> None:
    store = Store(Path("/w/x/y/z/v/index"))
    paths = {Path(os.path.normpath(Path("/w/x/y/z/v", *names))) for names in roots}
    held = [Path(os.path.normpath(Path("/w/x/y/z/v", *names, "file"))) for names in files]
    counts = _documents_in(store, Counter(map(store.key, held)), paths)
    assert counts == Counter(root_of(path, paths) for path in held)


@pytest.mark.parametrize("repaired", [False, True])
def test_roots_in_a_damaged_table_are_those_of_the_version_before(
    index: Index, folder: Path, other: Path, repaired: bool
) -> None:
    write(folder / "a.md", "text of a")
    index.sync([folder, other], metadata={"x": 1})
    write(folder / "b.md", "text of b")
    index.sync()
    name = json.loads(max((index.path / "manifests").iterdir()).read_text())["sources"]["id"]
    (index.path / "sources" / name).write_bytes(b"damaged")
    if repaired:
        index.verify(repair=True)
    assert roots(index) == {"notes": (2, {"metadata": {"x": 1}}), "other": (1, {"metadata": {"x": 1}})}
    assert counts(index.sync()) == (0, 0, 3, 0)
