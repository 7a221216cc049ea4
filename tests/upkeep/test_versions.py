"""Versions: the log, reading and restoring a version of the past, and what a writer may do meanwhile."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, touch, write
from vecsearch import (
    Document,
    Index,
    IndexDamaged,
    IndexLocked,
    IndexNotFound,
    InvalidOption,
    VecsearchError,
    restore_version,
)
from vecsearch.storage.lock import hold_lock

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


def test_the_log_has_the_newest_version_first_and_says_what_each_changed(index: Index) -> None:
    index.delete(["b", "absent"])
    index.tag("good", 2)
    log = index.log()
    assert [version.number for version in log] == [4, 3, 2, 1]
    assert [version.change for version in log] == [
        {"added": 0, "updated": 0, "deleted": 1},
        {"added": 1, "updated": 1, "deleted": 0},
        {"added": 2, "updated": 0, "deleted": 0},
        {},
    ]
    assert [(version.documents, version.chunks) for version in log] == [(2, 2), (3, 3), (2, 2), (0, 0)]
    assert [version.tags for version in log] == [(), (), ("good",), ()]
    assert [version.created for version in log] == sorted((version.created for version in log), reverse=True)


def test_the_log_counts_the_bytes_of_segments_and_info_all_that_is_on_disk(index: Index) -> None:
    log = index.log()
    assert log[-1].bytes == 0
    one_segment = log[0]
    assert one_segment.segments == 1
    index.compact()
    for version in index.log():
        manifest = index._store.manifest(version.number)
        folders = [index.path / "segments" / entry.id for entry in manifest.segments]
        assert version.bytes == sum(path.stat().st_size for folder in folders for path in folder.iterdir())
        assert version.segments == len(folders)
    assert index.info().bytes == sum(len(content) for content in content_of(index.path).values())


@pytest.mark.parametrize("version", [2, "2", "00000002", "good"])
def test_a_version_of_the_past_answers_as_it_did_then(
    index: Index, encoder: CountingEncoder, version: int | str
) -> None:
    index.tag("good", 2)
    past = Index.open(index.path, model=encoder, version=version)
    assert texts(past) == {"a": "apples", "b": "bread"}
    assert (len(past), past.info().version, past.info().documents) == (2, 2, 2)
    assert past.search("bread", k=1)[0].document_id == "b"
    assert texts(index) == {"a": "apricots", "b": "bread", "c": "cheese"}


def test_a_version_of_the_past_refuses_every_write_and_says_how_to_write(
    index: Index, encoder: CountingEncoder, folder: Path
) -> None:
    past = Index.open(index.path, model=encoder, version=2)
    before = content_of(index.path)
    for write_it in (
        lambda: past.add(["new"]),
        lambda: past.delete(["a"]),
        lambda: past.sync(folder),
        lambda: past.sync(folder, dry_run=True),
        lambda: past.restore(1),
        lambda: past.tag("name"),
        lambda: past.untag("name"),
        lambda: past.keep_versions(1),
        lambda: past.compact(),
    ):
        with pytest.raises(InvalidOption, match="opened at version 2, to read: open it without a version to write"):
            write_it()
    assert content_of(index.path) == before


def test_refreshing_a_version_of_the_past_leaves_it_what_it_is(index: Index, encoder: CountingEncoder) -> None:
    past = Index.open(index.path, model=encoder, version=2, refresh=True)
    now = Index.open(index.path, model=encoder, refresh=True)
    index.delete(["a"])
    past.refresh()
    assert texts(past) == {"a": "apples", "b": "bread"}
    assert texts(now) == {"b": "bread", "c": "cheese"}


def test_a_version_that_is_open_answers_on_when_it_is_kept_no_longer(index: Index, encoder: CountingEncoder) -> None:
    past = Index.open(index.path, model=encoder, version=2)
    index.keep_versions(1)
    assert numbers(index) == [4]
    assert texts(past) == {"a": "apples", "b": "bread"}
    with pytest.raises(IndexNotFound, match="no version 2"):
        Index.open(index.path, version=2)


def test_restoring_makes_a_new_version_and_rewrites_nothing(index: Index) -> None:
    before = segments(index)
    index.restore(2)
    assert texts(index) == {"a": "apples", "b": "bread"}
    assert (numbers(index), index.log()[0].change) == ([4, 3, 2, 1], {"restored": 2})
    assert segments(index) == before
    index.restore(3)
    assert texts(index) == {"a": "apricots", "b": "bread", "c": "cheese"}
    assert segments(index) == before
    assert index.verify().ok


def test_restoring_takes_a_tag_and_needs_no_open_index(index: Index, encoder: CountingEncoder) -> None:
    index.tag("good", 2)
    info = restore_version(index.path, "good")
    assert (info.version, info.documents) == (4, 2)
    assert len(index) == 3
    index.refresh()
    assert texts(index) == {"a": "apples", "b": "bread"}


def test_what_is_added_after_restoring_goes_on_from_what_was_restored(index: Index) -> None:
    index.restore(2)
    report = index.add([Document("a", "apples"), Document("b", "butter"), Document("d", "dates")])
    assert (report.unchanged, report.updated, report.added) == (1, 1, 1)
    assert texts(index) == {"a": "apples", "b": "butter", "d": "dates"}


def test_syncing_after_restoring_brings_the_index_in_step_with_the_files_again(
    tmp_path: Path, folder: Path, encoder: CountingEncoder
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_versions=100)
    for name in ("same", "changed", "removed", "dropped"):
        write(folder / f"{name}.txt", f"{name} at first")
    index.sync(folder)
    write(folder / "changed.txt", "changed by now")
    write(folder / "new.txt", "a new file")
    os.unlink(folder / "removed.txt")
    os.unlink(folder / "dropped.txt")
    index.sync(folder)
    held = texts(index)
    assert index.info().files == 3
    index.restore(2)
    assert index.info().files == 4
    assert sorted(texts(index).values()) == [f"{name} at first" for name in ("changed", "dropped", "removed", "same")]
    encoder.encoded.clear()
    report = index.sync(folder)
    assert (report.added, report.updated, report.unchanged, report.deleted) == (1, 1, 1, 2)
    assert (texts(index), encoder.encoded) == (held, [])
    touch(folder / "same.txt")
    assert index.sync(folder).unchanged == 3


@pytest.mark.parametrize("version", [0, -1, 9, 4, "0", "4", "-1", "", "../manifests/00000001", "good", "²", "9" * 5000])
def test_a_version_that_there_is_not_is_said(index: Index, version: int | str) -> None:
    before = content_of(index.path)
    for use in (
        lambda: Index.open(index.path, version=version),
        lambda: index.restore(version),
        lambda: restore_version(index.path, version),
        lambda: index.tag("name", version),
    ):
        with pytest.raises(IndexNotFound, match=r"no (version|tag)"):
            use()
    assert content_of(index.path) == before


def test_a_version_that_is_no_longer_kept_is_not_restored(index: Index) -> None:
    index.keep_versions(2)
    assert numbers(index) == [4, 3]
    with pytest.raises(IndexNotFound, match=r"no version 2 at .* it has 3 to 4"):
        index.restore(2)
    assert numbers(index) == [4, 3]


@pytest.mark.parametrize("version", [1, "1", "good"])
def test_without_an_index_that_is_what_is_said_and_nothing_is_made(tmp_path: Path, version: int | str) -> None:
    for use in (Index.open, restore_version):
        with pytest.raises(IndexNotFound, match="vecsearch index FOLDER"):
            use(tmp_path / "nowhere", version=version)
    assert not (tmp_path / "nowhere").exists()


def test_restoring_works_when_the_current_version_is_damaged(index: Index, encoder: CountingEncoder) -> None:
    damaged = index.path / "manifests" / "00000003.json"
    damaged.write_bytes(damaged.read_bytes().replace(b"documents", b"dokuments"))
    with pytest.raises(IndexDamaged, match="run vecsearch restore N to go back"):
        Index.open(index.path)
    assert restore_version(index.path, 2).version == 4
    again = Index.open(index.path, model=encoder)
    assert texts(again) == {"a": "apples", "b": "bread"}
    again.add([Document("c", "cheese")])
    assert len(again) == 3
    again.keep_versions(1)
    assert numbers(again) == [6]
    assert again.verify().ok


def test_a_version_whose_files_are_gone_is_not_restored(index: Index) -> None:
    entry = index._store.manifest(2).segments[0]
    (index.path / "segments" / entry.id / "vectors.faiss").unlink()
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss is missing"):
        index.restore(2)
    assert numbers(index) == [3, 2, 1]


def test_while_another_writes_versions_can_be_read_and_not_changed(index: Index, encoder: CountingEncoder) -> None:
    index.tag("good", 2)
    with hold_lock(index.path / "writer.lock", 0):
        assert numbers(index) == [3, 2, 1]
        assert len(Index.open(index.path, model=encoder, version="good")) == 2
        for change in (
            lambda: index.restore(2),
            lambda: index.tag("x"),
            lambda: index.untag("good"),
            lambda: index.keep_versions(1),
            lambda: index.compact(),
            lambda: restore_version(index.path, 2),
        ):
            with pytest.raises(IndexLocked):
                change()
    assert numbers(index) == [3, 2, 1]


def test_a_version_that_a_writer_removes_while_the_log_is_read_is_not_in_it(
    index: Index, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Index.open(index.path, model=encoder)
    real = index._store.versions
    monkeypatch.setattr(index._store, "versions", lambda: (real(), writer.keep_versions(1))[0])
    assert [version.number for version in index.log()] == []
    monkeypatch.undo()
    assert numbers(index) == [4]


def test_sizes_of_chunks_that_a_manifest_could_not_hold_are_refused(tmp_path: Path, encoder: CountingEncoder) -> None:
    for wrong in ({"chunk_tokens": 16.0}, {"overlap": 1.5}, {"overlap": False}):
        with pytest.raises(VecsearchError, match="expected a whole number"):
            Index.create(tmp_path / "index", model=encoder, **wrong)
    assert not (tmp_path / "index").exists()


def test_what_a_version_is_does_not_change_when_another_is_made(index: Index) -> None:
    before = {version.number: version for version in index.log()}
    index.tag("good", 2)
    index.restore(1)
    after = {version.number: version for version in index.log()}
    assert after[2] == replace(before[2], tags=("good",))
    assert (after[1], after[3]) == (before[1], before[3])


def test_an_index_to_which_nothing_was_committed_can_be_discarded(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = Index.create(tmp_path / "made", model=encoder)
    assert made.discard_if_empty()
    assert not (tmp_path / "made").exists()
    with pytest.raises(IndexNotFound):
        made.discard_if_empty()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("change", ["add", "tag", "import"])
def test_an_index_that_holds_anything_is_not_discarded(tmp_path: Path, encoder: CountingEncoder, change: str) -> None:
    kept = Index.create(tmp_path / "kept", model=encoder)
    if change == "tag":
        kept.tag("begun")
    else:
        kept.add(["a text"])
    if change == "import":
        kept.export(tmp_path / "file.parquet")
        kept = Index.from_export(tmp_path / "file.parquet", tmp_path / "imported")
    before = content_of(kept.path)
    assert not kept.discard_if_empty()
    assert {**content_of(kept.path), "writer.lock": b""} == {**before, "writer.lock": b""}
    with hold_lock(kept.path / "writer.lock", 0), pytest.raises(IndexLocked):
        kept.discard_if_empty()
