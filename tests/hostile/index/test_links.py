"""Links, FIFOs and devices inside an index: in place of its folders, of its files, and beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, IndexDamaged, VecsearchError, list_versions, restore_version, verify_index
from vecsearch.storage.store import FOLDERS, Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="making a link needs a privilege on Windows")
HEX = "0123456789abcdef" * 2


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user's, with names that an index might have."""
    folder = tmp_path / "victim"
    names = ("precious.txt", ".hidden/x", f"{HEX}/chunks.parquet", "00000001.json", "writer.lock", ".tmp-1", HEX[::-1])
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"the content of {name}")
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """An index of several versions, with deleted rows, stamps of files and a tag."""
    (tmp_path / "notes").mkdir()
    for name in "abc":
        (tmp_path / "notes" / f"{name}.md").write_text(f"a note about {name} and herons")
        os.utime(tmp_path / "notes" / f"{name}.md", (0, 0))  # settled, so that the index keeps its stamp
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.sync(tmp_path / "notes")
    index.add([Document("d", "a heron stands"), Document("e", "a stork")])
    index.delete(["e"])
    index.tag("good")
    return index.path


def content_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def uses(path: Path) -> dict[str, Callable[[], object]]:
    """What one may do to an index from Python, each in its own right."""

    def opened() -> Index:
        return Index.open(path, model=CountingEncoder())

    return {
        "open": opened,
        "search": lambda: opened().search("heron"),
        "add": lambda: opened().add([Document("x", "new")]),
        "sync": lambda: opened().sync(path.parent / "notes"),
        "delete": lambda: opened().delete(["d"]),
        "compact": lambda: opened().compact(),
        "keep": lambda: opened().keep_versions(1),
        "tag": lambda: opened().tag("other"),
        "untag": lambda: opened().untag("good"),
        "restore": lambda: restore_version(path, 2),
        "verify": lambda: verify_index(path),
        "repair": lambda: verify_index(path, repair=True),
        "log": lambda: list_versions(path),
        "export": lambda: opened().export(path.parent / "out.parquet"),
        "create": lambda: Index.create(path, model=CountingEncoder()),
        "open or create": lambda: Index.open_or_create(path, model=CountingEncoder()),
    }


USES = list(uses(Path()))


def replaced(path: Path, target: Path) -> None:
    """Put a link in place of a file or folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("use", USES)
def test_cannot_delete_or_change_what_a_link_in_place_of_a_folder_points_to(
    theirs: Path, victim: Path, folder: str, use: str
) -> None:
    before = content_of(victim)
    replaced(theirs / folder, victim)
    with pytest.raises(IndexDamaged, match=rf"{folder} is a symbolic link, expected a folder: an index has no links"):
        uses(theirs)[use]()
    assert content_of(victim) == before


@pytest.mark.parametrize("folder", FOLDERS)
def test_cannot_make_a_new_index_delete_what_a_link_points_to(tmp_path: Path, victim: Path, folder: str) -> None:
    before = content_of(victim)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / folder).symlink_to(victim)
    for make in (Index.create, Index.open_or_create):
        with pytest.raises(IndexDamaged, match="is a symbolic link"):
            make(tmp_path / "new", model=CountingEncoder())
    assert content_of(victim) == before
    assert os.listdir(tmp_path / "new") == [folder]


@pytest.mark.parametrize("target", ["nowhere", "a file"])
@pytest.mark.parametrize("folder", ["manifests", "segments", "tombstones"])
def test_is_refused_with_a_link_to_nothing_or_to_a_file_in_place_of_a_folder(
    theirs: Path, tmp_path: Path, folder: str, target: str
) -> None:
    (tmp_path / "a file").write_text("mine")
    replaced(theirs / folder, tmp_path / target)
    for use in USES:
        with pytest.raises(IndexDamaged, match="is a symbolic link"):
            uses(theirs)[use]()
    assert (tmp_path / "a file").read_text() == "mine"


def special(path: Path, kind: str, victim: Path) -> None:
    """Put something that is no regular file in place of a file."""
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(victim / "precious.txt")
        case "dangling":
            path.symlink_to(victim / "to be made")
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()


def files_of(index: Path) -> list[Path]:
    """A file of each kind that the current version uses."""
    manifest = Store(index).manifest()
    [entry] = [entry for entry in manifest.segments if entry.tombstones]
    assert entry.tombstones
    segment = index / "segments" / entry.id
    names = ("chunks.parquet", "rows.arrow", "vectors.faiss", "postings.bin")
    manifests = index / "manifests" / f"{manifest.version:08}.json"
    return [*(segment / name for name in names), manifests, index / "tombstones" / entry.tombstones.id]


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "device", "folder"])
def test_cannot_hang_a_reader_or_a_writer_by_what_is_no_file(theirs: Path, victim: Path, kind: str) -> None:
    before = content_of(victim)
    for path in files_of(theirs):
        kept = path.read_bytes()
        special(path, kind, victim)
        for name in ("search", "verify", "repair", "log"):
            with suppress(VecsearchError):
                uses(theirs)[name]()
        with pytest.raises(IndexDamaged, match=f"{path.name} is .*, expected a file"):
            uses(theirs)["search"]()
        assert not verify_index(theirs).ok
        path.rmdir() if kind == "folder" else path.unlink()
        path.write_bytes(kept)
    assert verify_index(theirs).ok
    assert content_of(victim) == before


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "device", "folder", "hard link"])
@pytest.mark.parametrize("use", ["add", "delete", "keep", "repair", "restore"])
def test_cannot_empty_a_file_or_hang_by_its_lock(theirs: Path, victim: Path, kind: str, use: str) -> None:
    before = content_of(victim)
    if use == "repair":
        (next((theirs / "segments").iterdir()) / "rows.arrow").write_bytes(b"damage")
    if kind == "hard link":
        (theirs / "writer.lock").unlink(missing_ok=True)
        os.link(victim / "precious.txt", theirs / "writer.lock")
    else:
        special(theirs / "writer.lock", kind, victim)
    with pytest.raises(IndexDamaged, match=r"writer\.lock (is|has) .*expected"):
        uses(theirs)[use]()
    assert content_of(victim) == before


def test_cannot_write_through_a_link_in_place_of_a_segment(theirs: Path, victim: Path) -> None:
    segment = files_of(theirs)[0].parent
    shutil.move(segment, victim / "moved")
    before = content_of_bytes(victim)
    segment.symlink_to(victim / "moved")
    (victim / "moved" / "rows.arrow").write_bytes(b"damage")
    before["moved/rows.arrow"] = b"damage"
    with pytest.raises(IndexDamaged, match="is a symbolic link, expected a folder"):
        uses(theirs)["search"]()
    found = verify_index(theirs, repair=True)
    assert {problem.kind for problem in found.problems} == {"link"}
    assert found.repaired == ()
    assert content_of_bytes(victim) == before


def content_of_bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        *((folder, name) for folder in ("segments", "tombstones", "sources") for name in (HEX, ".tmp-link")),
        *(("manifests", name) for name in ("00000001.json", ".tmp-link")),
    ],
)
def test_loses_a_link_that_no_version_names_and_not_what_it_points_to(
    theirs: Path, victim: Path, folder: str, name: str
) -> None:
    before = content_of(victim)
    for target in (victim, victim / "precious.txt"):
        (theirs / folder / name).unlink(missing_ok=True)
        (theirs / folder / name).symlink_to(target)
        with suppress(VecsearchError):
            uses(theirs)["add"]()
        assert content_of(victim) == before


@pytest.mark.parametrize("name", ["notes.txt", "photos", HEX.upper(), f"{HEX}0", "1.json", ".hidden"])
@pytest.mark.parametrize("folder", ["segments", "tombstones", "sources", "manifests"])
def test_keeps_what_no_index_made(theirs: Path, folder: str, name: str) -> None:
    (theirs / folder / name).mkdir()
    (theirs / folder / name / "mine").write_text("mine")
    uses(theirs)["add"]()
    uses(theirs)["keep"]()
    assert (theirs / folder / name / "mine").read_text() == "mine"
    assert f"{folder}/{name}" in verify_index(theirs).foreign


def test_may_itself_be_reached_through_a_link_and_have_files_with_other_names(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(theirs)
    copy = tmp_path / "backup"
    shutil.copytree(theirs, copy, copy_function=os.link)
    (copy / "writer.lock").unlink()
    for path in (tmp_path / "link", copy):
        index = Index.open(path, model=CountingEncoder())
        index.add([Document("x", "new heron")])
        assert len(index.search("heron", k=10, mode="lexical")) == 5
    assert verify_index(theirs).ok
    assert verify_index(copy).ok


COMMANDS = [
    *(("index", "notes"), ("search", "heron"), ("info",), ("log",), ("log", "--keep", "1"), ("verify",), ("compact",)),
    *(("verify", "--repair"), ("delete", "d"), ("tag", "x"), ("restore", "2"), ("export", "x.parquet"), ("map",)),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_is_refused_by_every_command_in_one_line(
    theirs: Path, victim: Path, command: tuple[str, ...], vecsearch_command: Command
) -> None:
    before = content_of(victim)
    replaced(theirs / "tombstones", victim)
    done = vecsearch_command(*command, "-i", theirs)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "tombstones is a symbolic link" in done.err
    assert content_of(victim) == before


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
