"""What is removed, listed and written while links, folders within folders and devices are where files should be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.helpers.counting import CountingEncoder
from vecsearch import (
    Document,
    Index,
    IndexLocked,
    PathNotFound,
    VecsearchError,
    list_versions,
    verify_index,
)
from vecsearch.storage import garbage
from vecsearch.storage.store import Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="making a link needs a privilege on Windows")
HEX = "0123456789abcdef" * 2


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user's, with names that an index might have."""
    folder = tmp_path / "victim"
    for name in ("precious.txt", f"{HEX}/chunks.parquet", "00000000.json", ".tmp-1"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"the content of {name}")
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.add(Document(name, f"heron {name}") for name in "abcd")
    index.delete(["a"])
    return index.path


def content_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def opened(path: Path) -> Index:
    return Index.open(path, model=CountingEncoder())


@pytest.mark.parametrize("folder", ["segments", "tombstones", "manifests"])
def test_cannot_delete_by_a_link_that_takes_the_place_of_a_folder_while_it_is_emptied(
    theirs: Path, victim: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (theirs / folder / ("00000000.json" if folder == "manifests" else HEX)).write_text("left by a commit")
    before = content_of(victim)
    unnamed = garbage.unnamed

    def unnamed_then_swapped(listed: Path, named: set[str]) -> list[Path]:
        found = unnamed(listed, named)
        if listed == theirs / folder:
            listed.rename(theirs / "moved")
            listed.symlink_to(victim)
        return found

    monkeypatch.setattr(garbage, "unnamed", unnamed_then_swapped)
    garbage.collect(Store(theirs))
    assert (theirs / folder).is_symlink()
    assert content_of(victim) == before


@pytest.mark.parametrize("place", [".", "a", "a/b"])
def test_loses_links_inside_a_segment_and_not_what_they_point_to(theirs: Path, victim: Path, place: str) -> None:
    before = content_of(victim)
    left = theirs / "segments" / HEX
    (left / place).mkdir(parents=True)
    for name, target in (("to a folder", victim), ("to a file", victim / "precious.txt"), ("nowhere", victim / "no")):
        (left / place / name).symlink_to(target)
    opened(theirs).add([Document("x", "new")])
    assert not left.exists()
    assert content_of(victim) == before


DEEP: dict[str, Callable[[Path], object]] = {
    "add": lambda path: opened(path).add([Document("x", "new")]),
    "keep": lambda path: opened(path).keep_versions(1),
    "verify": verify_index,
    "info": lambda path: opened(path).info(),
    "log": list_versions,
}


@pytest.mark.parametrize("use", DEEP.values(), ids=DEEP)
def test_cannot_crash_by_folders_that_are_nested_deeply(theirs: Path, use: Callable[[Path], object]) -> None:
    (theirs / "segments" / HEX).mkdir()
    at = os.open(theirs / "segments" / HEX, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("x", dir_fd=at)
        below = os.open("x", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    try:
        use(theirs)
        assert f"segments/{HEX}" in verify_index(theirs).leftovers
    finally:
        subprocess.run(["rm", "-rf", theirs / "segments" / HEX], check=True)  # pytest could not


@pytest.mark.parametrize("note", [b"[" * 10**6, b'{"pid": 1, "host": "' + b"x" * 10**6, b"\xff\x00", b"null"])
def test_cannot_crash_a_writer_that_waits_by_what_its_lock_says(theirs: Path, note: bytes) -> None:
    index = opened(theirs)
    with FileLock(theirs / "writer.lock"):
        (theirs / "writer.lock").write_bytes(note)
        with pytest.raises(IndexLocked, match=r"by another process: try again"):
            index.delete(["d"], wait=0)


@pytest.mark.parametrize("kind", ["dangling", "loop", "device", "fifo"])
def test_is_no_index_where_its_folder_is_something_else(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "index"
    match kind:
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "loop":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "fifo":
            os.mkfifo(path)
    for use in (Index.open, verify_index, list_versions, lambda path: Index.create(path, model=CountingEncoder())):
        with pytest.raises((VecsearchError, OSError)) as raised:
            use(path)
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to a device"])
def test_is_not_exported_to_what_is_no_file(theirs: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out.parquet"
    match kind:
        case "fifo":
            os.mkfifo(out)
        case "folder":
            out.mkdir()
        case "link to a device":
            out.symlink_to("/dev/null")
    before = os.lstat(out)
    with pytest.raises(PathNotFound, match=r"out\.parquet cannot be written: name a file"):
        Index.open(theirs).export(out)
    assert os.path.samestat(os.lstat(out), before)
