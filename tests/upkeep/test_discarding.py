"""An index to which nothing was committed is discarded: nothing of it is left, and nothing else goes with it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index, IndexNotFound, InvalidDocument
from vecsearch.storage.lock import hold_lock
from vecsearch.storage.store import Store


def test_what_a_tag_and_a_commit_that_failed_have_left_goes_too(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.tag("begun")
    index.untag("begun")
    notes = write(tmp_path / "notes" / "a.md", "cats purr").parent

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "publish", fails)
        patch.setattr(Store, "discard", fails)
        with pytest.raises(OSError, match="the disk is full"):
            index.sync(notes)
    left = {path.name for path in index.path.iterdir() if path.is_dir() and any(path.iterdir())}
    assert left == {"manifests", "segments", "sources"}
    assert (index.path / "tags").is_dir()
    assert index.discard_if_empty()
    assert not index.path.exists()


def test_a_folder_that_was_there_before_the_index_stays_and_is_empty_again(
    folder: Path, encoder: CountingEncoder
) -> None:
    assert Index.create(folder, model=encoder).discard_if_empty()
    assert list(folder.iterdir()) == []
    Index.create(folder, model=encoder)
    assert Index.open(folder).discard_if_empty(), "who opens it cannot know who made its folder"
    assert list(folder.iterdir()) == []
    with pytest.raises(IndexNotFound):
        Index.open(folder)


def test_an_import_that_fails_leaves_a_folder_that_was_there_empty(
    tmp_path: Path, folder: Path, encoder: CountingEncoder
) -> None:
    exported = Index.create(tmp_path / "old", model=encoder)
    exported.add(["cats purr"])
    file = tmp_path / "file.parquet"
    exported.export(file)
    rows = pq.read_table(file)
    pq.write_table(pa.concat_tables([rows, rows]), file)
    for place in (folder, tmp_path / "new"):
        with pytest.raises(InvalidDocument, match="a document occurs twice"):
            Index.from_export(file, place)
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "new").exists()


def test_a_lock_file_says_who_holds_it_and_nothing_else(folder: Path) -> None:
    lock = folder / "writer.lock"
    write(lock, "x" * 1000)
    with hold_lock(lock, 0):
        assert lock.read_text().startswith('{"pid": ')
        assert lock.read_text().endswith("}")
    assert not lock.exists() or lock.read_text() == ""


@pytest.mark.skipif("os.name == 'nt'", reason="Windows removes no file that is open")
def test_a_lock_file_that_is_removed_meanwhile_is_not_made_again(folder: Path) -> None:
    with hold_lock(folder / "writer.lock", 0):
        (folder / "writer.lock").unlink()
    assert list(folder.iterdir()) == []
