"""What `Index.sync` promises for files: the index holds what they hold, and what did not change costs nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.ingest.sync
import vecsearch.models.encoder
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import touch, write
from vecsearch import Index, PathNotFound, Report

needs_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="this user may read every file",
)


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from here on."""
    names: list[str] = []
    real = vecsearch.ingest.sync.load

    def spy(path: Path, *arguments: Any, **options: Any) -> Iterator[Any]:
        names.append(path.name)
        return real(path, *arguments, **options)

    monkeypatch.setattr(vecsearch.ingest.sync, "load", spy)
    return names


def texts(index: Index) -> dict[str, str]:
    """What the index holds, by document id; of documents with one chunk."""
    hits = index.search(np.ones(index.info().dim, np.float32), k=10_000)
    return {hit.document_id: hit.text for hit in hits}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


def test_files_become_documents_called_by_their_path(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "deep" / "b.txt", "beta")
    report = index.sync(folder)
    assert counts(report) == (2, 0, 0, 0)
    assert texts(index) == {"notes/a.md": "alpha", "notes/deep/b.txt": "beta"}
    assert index.search("beta", k=1)[0].source == str(folder / "deep" / "b.txt")
    assert index.info().files == 2


def test_unchanged_files_are_not_read_again(
    index: Index, folder: Path, read: list[str], encoder: CountingEncoder
) -> None:
    for name in "abc":
        write(folder / f"{name}.md", f"text of {name}")
    index.sync(folder)
    version = index.info().version
    read.clear()
    encoder.encoded.clear()
    assert counts(index.sync(folder)) == (0, 0, 3, 0)
    assert (read, encoder.encoded, index.info().version) == ([], [], version)


def test_only_what_changed_is_read_and_encoded(
    index: Index, folder: Path, read: list[str], encoder: CountingEncoder
) -> None:
    for name in "abc":
        write(folder / f"{name}.md", f"text of {name}")
    index.sync(folder)
    read.clear()
    encoder.encoded.clear()
    write(folder / "b.md", "another text")
    assert counts(index.sync(folder)) == (0, 1, 2, 0)
    assert (read, encoder.encoded) == (["b.md"], ["another text"])
    assert texts(index)["notes/b.md"] == "another text"


def test_a_change_that_keeps_the_size_is_seen(index: Index, folder: Path) -> None:
    write(folder / "a.md", "black")
    index.sync(folder)
    write(folder / "a.md", "white")
    assert counts(index.sync(folder)) == (0, 1, 0, 0)
    assert texts(index) == {"notes/a.md": "white"}


def test_a_touched_file_is_read_once_and_found_unchanged(
    index: Index, folder: Path, read: list[str], encoder: CountingEncoder
) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder)
    touch(folder / "a.md")
    read.clear()
    encoder.encoded.clear()
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert (read, encoder.encoded) == (["a.md"], [])


def test_a_young_file_is_read_again_rather_than_trusted(index: Index, folder: Path, read: list[str]) -> None:
    path = write(folder / "a.md", "black")
    soon = time.time_ns() + 3_600_000_000_000  # a clock that runs ahead: as young as a file can be
    os.utime(path, ns=(soon, soon))
    index.sync(folder)
    path.write_text("white")
    os.utime(path, ns=(soon, soon))
    assert counts(index.sync(folder)) == (0, 1, 0, 0)
    assert texts(index) == {"notes/a.md": "white"}
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert read == ["a.md"] * 3
    touch(path)
    index.sync(folder)
    index.sync(folder)
    assert read == ["a.md"] * 4


def test_a_file_that_vanished_leaves_the_index(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "b.md", "beta")
    index.sync(folder)
    (folder / "b.md").unlink()
    assert counts(index.sync(folder)) == (0, 0, 1, 1)
    assert (texts(index), index.info().files) == ({"notes/a.md": "alpha"}, 1)


def test_a_folder_that_vanished_leaves_the_index_when_its_parent_is_synced(index: Index, folder: Path) -> None:
    write(folder / "deep" / "a.md", "alpha")
    write(folder / "b.md", "beta")
    index.sync(folder)
    shutil.rmtree(folder / "deep")
    assert counts(index.sync(folder)) == (0, 0, 1, 1)


def test_a_renamed_file_costs_no_encoding(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder)
    encoder.encoded.clear()
    (folder / "a.md").rename(folder / "b.md")
    report = index.sync(folder)
    assert counts(report) == (1, 0, 0, 1)
    assert (report.encoded, encoder.encoded) == (0, [])
    assert texts(index) == {"notes/b.md": "alpha"}


def test_a_missing_root_is_an_error_and_nothing_is_removed(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    other = write(folder.parent / "other" / "b.md", "beta").parent
    index.sync([folder, other])
    shutil.rmtree(folder)
    (other / "b.md").unlink()
    with pytest.raises(PathNotFound, match="notes"):
        index.sync([other, folder])
    assert set(texts(Index.open(index.path))) == {"notes/a.md", "other/b.md"}


@needs_permissions
def test_an_unreadable_file_keeps_its_old_version(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "b.md", "beta")
    index.sync(folder)
    write(folder / "a.md", "new").chmod(0)
    report = index.sync(folder)
    (folder / "a.md").chmod(0o600)
    assert [failure.source for failure in report.failed] == [str(folder / "a.md")]
    assert texts(index) == {"notes/a.md": "alpha", "notes/b.md": "beta"}
    assert counts(index.sync(folder)) == (0, 1, 1, 0)


def test_a_file_that_cannot_be_read_keeps_its_old_version_and_is_tried_again(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder)
    write(folder / "a.md", "new")
    real, broken = Path.open, [True]

    def open_or_fail(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == folder / "a.md" and broken:
            raise OSError(5, "Input/output error")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_or_fail)
    report = index.sync(folder)
    assert [(failure.source, failure.reason) for failure in report.failed] == [
        (str(folder / "a.md"), "input/output error")
    ]
    assert texts(index) == {"notes/a.md": "alpha"}
    broken.clear()
    assert counts(index.sync(folder)) == (0, 1, 0, 0)


def test_documents_of_a_folder_that_cannot_be_listed_stay(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "deep" / "deeper" / "a.md", "alpha")
    write(folder / "b.md", "beta")
    index.sync(folder)
    (folder / "b.md").unlink()
    real = os.scandir

    def list_or_fail(path: Any) -> Any:
        if Path(path) == folder / "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", list_or_fail)
    report = index.sync(folder)
    assert [failure.source for failure in report.failed] == [str(folder / "deep")]
    assert texts(index) == {"notes/deep/deeper/a.md": "alpha"}


@pytest.mark.parametrize("content", ["", " \n ", b"\x00\x01binary\x00", b"%PDF-1.7 ..."])
def test_a_file_without_text_any_more_leaves_the_index(index: Index, folder: Path, content: str | bytes) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder)
    write(folder / "a.md", content)
    report = index.sync(folder)
    assert [failure.source for failure in report.skipped] == [str(folder / "a.md")]
    assert (report.failed, report.deleted, texts(index)) == ((), 1, {})


def test_a_file_without_text_is_not_read_again(index: Index, folder: Path, read: list[str]) -> None:
    write(folder / "empty.md", "")
    index.sync(folder)
    index.sync(folder)
    assert read == ["empty.md"]
