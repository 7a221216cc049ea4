"""What was renamed or moved is recognised by its contents: nothing is encoded again, nothing is there twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write, write_records
from vecsearch import Index


class Forgetful:
    """A cache that keeps nothing."""

    def get(self, *_: object) -> dict[str, object]:
        return {}

    def put(self, *_: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    """An index without a cache: what is known of moved files comes from the index itself."""
    return Index.create(
        tmp_path / "index",
        model=encoder,
        cache=Forgetful(),  # type: ignore[arg-type]
    )


def held(index: Index) -> set[str]:
    return set(index.document_ids())


def names_of_roots(index: Index) -> list[str]:
    return [Path(root.path).name for root in index.roots()]


@pytest.fixture
def synced(index: Index, folder: Path, encoder: CountingEncoder) -> Index:
    for name in ("a.md", "b.md", "deep/c.md"):
        write(folder / name, f"text of {name}")
    index.sync(folder)
    encoder.encoded.clear()
    return index


@pytest.mark.parametrize("young", [False, True], ids=["kept times", "new times"])
def test_a_renamed_root(synced: Index, folder: Path, encoder: CountingEncoder, young: bool) -> None:
    new = folder.parent / "notes-2024"
    if young:
        for file in [file for file in folder.rglob("*") if file.is_file()]:
            target = new / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
        shutil.rmtree(folder)
    else:
        folder.rename(new)
    hits = synced.search("text of a.md", k=1, mode="dense")
    report = synced.sync(new)
    assert held(synced) == {"notes-2024/a.md", "notes-2024/b.md", "notes-2024/deep/c.md"}
    assert (report.encoded, encoder.encoded[2:], names_of_roots(synced)) == (0, [], ["notes-2024"])
    assert [(move.source, move.target, move.documents) for move in report.moved] == [(str(folder), str(new), 3)]
    assert report.missing == ()
    assert synced.search("text of a.md", k=1, mode="dense")[0].score == pytest.approx(hits[0].score)
    assert synced.sync().unchanged == 3


def test_a_renamed_parent(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "projects" / "one" / "a.md", "text of a")
    write(folder / "projects" / "one" / "b.md", "text of b")
    index.sync(folder / "projects" / "one")
    encoder.encoded.clear()
    (folder / "projects").rename(folder / "work")
    report = index.sync(folder / "work" / "one")
    assert held(index) == {"notes/work/one/a.md", "notes/work/one/b.md"}
    assert (report.encoded, encoder.encoded, names_of_roots(index), report.missing) == (0, [], ["one"], ())


def test_a_root_that_moved_into_another(synced: Index, folder: Path, encoder: CountingEncoder) -> None:
    archive = write(folder.parent / "archive" / "old.md", "an old text").parent
    synced.sync(archive)
    encoder.encoded.clear()
    folder.rename(archive / "notes")
    report = synced.sync()
    assert held(synced) == {f"archive/{name}" for name in ("old.md", "notes/a.md", "notes/b.md", "notes/deep/c.md")}
    assert (encoder.encoded, names_of_roots(synced), report.missing) == ([], ["archive"], ())


def test_a_root_that_was_renamed_and_edited(synced: Index, folder: Path, encoder: CountingEncoder) -> None:
    new = folder.parent / "renamed"
    folder.rename(new)
    write(new / "a.md", "another text")
    write(new / "d.md", "a new text")
    synced.sync(new)
    assert held(synced) == {f"renamed/{name}" for name in ("a.md", "b.md", "d.md", "deep/c.md")}
    assert sorted(encoder.encoded) == ["a new text", "another text"]
    assert names_of_roots(synced) == ["renamed"]


def test_what_is_not_found_again_stays_and_is_reported(synced: Index, folder: Path) -> None:
    new = folder.parent / "renamed"
    folder.rename(new)
    (new / "a.md").unlink()
    report = synced.sync(new)
    assert held(synced) == {"notes/a.md", "renamed/b.md", "renamed/deep/c.md"}
    assert [(root.path, root.documents) for root in report.missing] == [(str(folder), 1)]
    synced.prune()
    assert held(synced) == {"renamed/b.md", "renamed/deep/c.md"}


def test_a_disk_that_is_away_loses_nothing_to_a_folder_that_shares_some_files(synced: Index, folder: Path) -> None:
    other = write(folder.parent / "other" / "b.md", "text of b.md").parent
    folder.rename(folder.parent / ".away")
    report = synced.sync(other)
    assert held(synced) == {"notes/a.md", "notes/b.md", "notes/deep/c.md", "other/b.md"}
    assert [root.documents for root in report.missing] == [3]


def test_a_copy_is_no_move(synced: Index, folder: Path, encoder: CountingEncoder) -> None:
    shutil.copytree(folder, folder.parent / "copy")
    report = synced.sync(folder.parent / "copy")
    assert (len(held(synced)), report.added, report.moved, report.missing) == (6, 3, (), ())


def test_a_nested_folder_and_a_file_within_their_root(synced: Index, folder: Path, encoder: CountingEncoder) -> None:
    (folder / "deep").rename(folder / "deeper")
    (folder / "a.md").rename(folder / "z.md")
    report = synced.sync()
    assert held(synced) == {"notes/z.md", "notes/b.md", "notes/deeper/c.md"}
    assert (report.encoded, encoder.encoded, report.deleted) == (0, [], 2)


def test_a_folder_that_moved_to_another_root_that_alone_is_synced(
    synced: Index, folder: Path, encoder: CountingEncoder
) -> None:
    other = write(folder.parent / "other" / "o.md", "text of o").parent
    synced.sync(other)
    encoder.encoded.clear()
    (folder / "deep").rename(other / "deep")
    (folder / "a.md").rename(other / "renamed.md")
    report = synced.sync(other)
    assert held(synced) == {"notes/b.md", "other/o.md", "other/deep/c.md", "other/renamed.md"}
    assert (report.encoded, encoder.encoded, len(report.moved)) == (0, [], 2)
    assert names_of_roots(synced) == ["notes", "other"]


def test_a_renamed_file_that_is_a_root(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    path = write(folder / "paper.md", "text of a paper")
    index.sync(path)
    encoder.encoded.clear()
    index.sync(path.rename(folder / "paper-v2.md"))
    assert (held(index), encoder.encoded, names_of_roots(index)) == ({"notes/paper-v2.md"}, [], ["paper-v2.md"])


def test_records_of_a_renamed_root_keep_their_ids(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    write_records(folder / "r.jsonl", {"one": "text one", "two": "text two"})
    index.sync(folder)
    encoder.encoded.clear()
    folder.rename(folder.parent / "renamed")
    report = index.sync(folder.parent / "renamed")
    assert (held(index), report.failed, report.missing) == ({"one", "two"}, (), ())
    assert names_of_roots(index) == ["renamed"]


def test_an_interrupted_run_is_no_obstacle(
    synced: Index, folder: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new documents were committed, the old ones not deleted yet."""
    new = folder.parent / "renamed"
    folder.rename(new)
    with monkeypatch.context() as patch:
        patch.setattr("vecsearch.ingest.moves.Moves.gone", lambda _: ())
        patch.setattr("vecsearch.ingest.draft.Draft.stamp", lambda *_: None)
        synced.sync(new)
    assert len(held(synced)) == 6
    synced.sync(new)
    assert held(synced) == {"renamed/a.md", "renamed/b.md", "renamed/deep/c.md"}
    assert encoder.encoded == []


def test_an_index_of_an_older_release_knows_no_roots_and_recognises_the_folder(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        write(folder / f"{name}.md", f"text of {name}")
    with monkeypatch.context() as patch:
        patch.setattr("vecsearch.ingest.draft.Draft.set_roots", lambda *_: None)
        index.sync(folder)
    folder.rename(folder.parent / "renamed")
    index.sync(folder.parent / "renamed")
    assert held(index) == {"renamed/a.md", "renamed/b.md"}


def test_a_dry_run_counts_what_a_move_does(synced: Index, folder: Path) -> None:
    folder.rename(folder.parent / "renamed")
    planned = synced.sync(folder.parent / "renamed", dry_run=True)
    done = synced.sync(folder.parent / "renamed")
    for name in ("added", "updated", "unchanged", "deleted", "chunks", "encoded", "cached", "moved", "missing"):
        assert getattr(planned, name) == getattr(done, name), name


def test_a_renamed_root_that_is_given_other_flags(synced: Index, folder: Path) -> None:
    new = folder.parent / "renamed"
    folder.rename(new)
    report = synced.sync(new, metadata={"team": "x"})
    assert held(synced) == {"renamed/a.md", "renamed/b.md", "renamed/deep/c.md"}
    assert [(change.path, change.before, change.after) for change in report.changed_flags] == [
        (str(new), {}, {"metadata": {"team": "x"}})
    ]
    assert (names_of_roots(synced), report.missing) == (["renamed"], ())


def test_files_of_one_size_and_time_that_lie_elsewhere_are_others(synced: Index, folder: Path) -> None:
    other = write(folder.parent / "other" / "x" / "a.md", "another text!").parents[1]
    times = (folder / "a.md").stat()
    os.utime(other / "x" / "a.md", ns=(times.st_atime_ns, times.st_mtime_ns))
    (other / "x" / "a.md").write_text("text of z.md")
    os.utime(other / "x" / "a.md", ns=(times.st_atime_ns, times.st_mtime_ns))
    folder.rename(folder.parent / ".away")
    report = synced.sync(other)
    assert (len(held(synced)), report.moved, len(report.missing)) == (4, (), 1)
