"""The folder of an index: who may write, which version is current, how the next one is published.

    manifests/00000007.json   one for each commit; the highest number is the current version
    segments/<id>/            see segment.py
    tombstones/<id>           deleted rows of a segment: a numpy file, uint32, ascending
    sources/<id>              see file_stamps.py
    tags/<name>               the number of a version that is kept
    synced.json               when each root was last brought in step
    writer.lock               locked by the process that writes
    .gitignore, CACHEDIR.TAG  in a folder named .vecsearch: see marks.py

None of them is a link: see real.py. Files are written under names that no manifest has yet; creating the manifest is
the commit.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from vecsearch import files
from vecsearch.errors import IndexDamaged, IndexExists, IndexNotFound, InvalidOption, VecsearchError
from vecsearch.storage import file_stamps
from vecsearch.storage.lock import hold_lock
from vecsearch.storage.manifest import Manifest, SegmentEntry, SideFile, from_json, to_json
from vecsearch.storage.marks import NEARBY, is_own_mark, remove_marks, write_marks
from vecsearch.storage.real import check_folder, is_at_home, read_file
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.segment import Segment
from vecsearch.types import BoolArray, IntArray

MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, TAGS = "manifests", "segments", "tombstones", "sources", "tags"
LOCK = "writer.lock"
FOLDERS = (MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, TAGS)
_ENTRIES = {*FOLDERS, LOCK}
_MOST_TAG = 1000  # bytes
_MOST_MANIFEST = 8 << 20  # bytes; a segment takes some 600, and JSON thirty times its size in memory
_LAST_VERSION = 99_999_999  # the last that a manifest can be named after
_MANIFEST_NAME = re.compile(r"[0-9]{8}\.json")


@dataclass(frozen=True, slots=True)
class Part:
    """A segment as one version sees it, for any number of threads.

    `alive`, bool (rows,), marks the rows that are not deleted; None means all.
    """

    segment: Segment
    alive: BoolArray | None
    live: int  # the number of live rows

    def is_live(self, row: int) -> bool:
        """Whether a row is not deleted."""
        return self.alive is None or bool(self.alive[row])

    def mask(self) -> BoolArray:
        """Return which rows are live, bool (rows,), as a copy."""
        return np.ones(self.segment.entry.rows, np.bool_) if self.alive is None else self.alive.copy()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version, open for reading by any number of threads; it stays as it is whatever is committed meanwhile."""

    manifest: Manifest
    parts: tuple[Part, ...]


class Store:
    """The index in the folder `path`."""

    def __init__(self, path: Path, *, beside: Path | None = None, in_memory: bool = False) -> None:
        """`beside` is the folder to which names of files are relative, by default the one that contains the index.

        With `in_memory`, segments are read as a whole, compared with their checksums, and never mapped.
        """
        self.path = path.absolute()  # absolute: the working folder may change
        self.name = str(path)  # as the user wrote it, for messages
        self.created_folder = False  # whether creating the index created its folder
        self._in_memory = in_memory
        self._parent = Path(os.path.realpath(path)).parent if beside is None else beside
        self._prefix = f"{self._parent.as_posix().rstrip('/')}/"
        self._named = {name: os.path.join(self.path, name) for name in FOLDERS}

    def exists(self) -> bool:
        """Whether the folder holds an index; raises IndexDamaged when it has links inside."""
        return bool(self.versions())

    def create(self, manifest: Manifest, wait: float = 0.0) -> None:
        """Makes the folder with `manifest` as its first version, or raises and makes none: see `creating`."""
        with self.creating(wait):
            self.publish(manifest)

    @contextmanager
    def creating(self, wait: float = 0.0) -> Iterator[None]:
        """Only this process writes in a block that publishes the first version; when it raises, no index is left.

        Raises IndexExists when there is an index, InvalidOption when the folder holds something else.
        """
        self._check_unused()
        self.created_folder = not self.path.exists()
        if self.created_folder:
            self.path.mkdir(0o700 if is_at_home(self.path) else 0o777, parents=True, exist_ok=True)
        with self.locked(wait):
            self._check_unused()
            try:
                for name in (
                    MANIFESTS,
                    SEGMENTS,
                ):  # by which a scan for documents recognizes an index, and skips it
                    (self.path / name).mkdir(exist_ok=True)
                write_marks(self.path)
                for folder in (self.path, self._parent):
                    files.flush_folder(folder)
                yield
            except BaseException:
                if not self.exists():
                    self.remove_empty_folders()
                raise

    def versions(self) -> list[int]:
        """Return the numbers of the versions on disk, ascending; raises IndexDamaged when a folder is a link."""
        for name in FOLDERS:
            check_folder(self._named[name])
        try:
            names = os.listdir(self.path / MANIFESTS)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(name[:8]) for name in names if _MANIFEST_NAME.fullmatch(name))

    def manifest_path(self, version: int) -> Path:
        """Return the file of a version's manifest."""
        return self.path / MANIFESTS / f"{version:08}.json"

    def manifest(self, version: int | None = None) -> Manifest:
        """Read a version's manifest, by default the current one; raises IndexNotFound, IndexDamaged, FormatTooNew."""
        versions = self.versions()
        while versions:
            number = versions[-1] if version is None else version
            path = self.manifest_path(number)
            try:
                manifest = from_json(read_file(path, _MOST_MANIFEST), str(path))
            except FileNotFoundError:
                seen, versions = versions, self.versions()
                if version is None and versions != seen:
                    continue  # a writer has published a newer version and removed this one
                has = f"{seen[0]} to {seen[-1]}"
                raise IndexNotFound(f"no version {number} at {self.name}: it has {has}") from None
            if manifest.version != number:
                raise IndexDamaged(f"{path} holds version {manifest.version}, expected {number}: rename it back")
            return manifest
        raise IndexNotFound(f"no index at {self.name}: run vecsearch index FOLDER -i {self.name} to create one")

    def snapshot(self, version: int | None = None, reuse: Snapshot | None = None) -> Snapshot:
        """Open a version for reading, by default the current one; segments that `reuse` has open are shared.

        A reader takes no lock. 1. It reads manifest 7. 2. A writer commits 8, then 9, and removes files that only 7
        needed. 3. The reader finds a file of 7 missing. Then a newer manifest exists, and it starts over with that.
        """
        manifest = self.manifest(version)
        while True:
            try:
                return self._open(manifest, reuse)
            except (IndexDamaged, FileNotFoundError):
                newest = self.manifest(version)
                if newest.version == manifest.version:
                    raise
                manifest = newest

    def snapshot_of(self, manifest: Manifest) -> Snapshot:
        """Open the version that a manifest describes, whatever is on disk by now; raises IndexDamaged."""
        return self._open(manifest, None)

    def open_segment(self, entry: SegmentEntry) -> Segment:
        """Open one segment; raises IndexDamaged."""
        return Segment(self.path / SEGMENTS / entry.id, entry, in_memory=self._in_memory)

    def locked(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Only this process writes until the block ends; raises IndexLocked when another does after `wait` seconds."""
        return hold_lock(self.path / LOCK, wait)

    def publish(self, manifest: Manifest) -> None:
        """Make `manifest` the current version, on disk. Raises FileExistsError or OSError: see `landed`.

        Raises IndexDamaged for a version that no reader would find or read.
        """
        path, content = self.manifest_path(manifest.version), to_json(manifest)
        if manifest.version > _LAST_VERSION or len(content) > _MOST_MANIFEST:
            raise IndexDamaged(
                f"{path} with {len(content):,} bytes would not be read, as versions end at {_LAST_VERSION:,} and "
                f"manifests at {_MOST_MANIFEST:,} bytes: run vecsearch export, then import into a new folder"
            )
        files.create(path, content)

    def landed(self, manifest: Manifest) -> bool | None:
        """After `publish` raised: True if the version is on disk, False if it is not, None if that is unknown."""
        path = self.manifest_path(manifest.version)
        try:
            if read_file(path) != to_json(manifest):
                return False
            files.flush_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        return True

    def new_segment_folder(self) -> Path:
        """Return a new path for a segment's folder."""
        return self.path / SEGMENTS / uuid4().hex

    def write_tombstones(self, dead: IntArray) -> SideFile:
        """Write the deleted rows of a segment, ascending, to a new file."""
        buffer = io.BytesIO()
        np.save(buffer, dead.astype("<u4"), allow_pickle=False)
        return self._write_side_file(TOMBSTONES, buffer.getvalue(), len(dead))

    def write_stamps(self, stamps: dict[str, file_stamps.Stamp], roots: Sequence[StoredRoot] = ()) -> SideFile:
        """Write the stamps of the files that were read, and the roots, to a new file."""
        return self._write_side_file(SOURCES, file_stamps.encode_stamps(stamps, roots), len(stamps))

    def read_stamps(self, manifest: Manifest) -> dict[str, file_stamps.Stamp]:
        """Read the stamps of the files that a version was made from; empty when they are lost, as they are a hint."""
        content = self._sources(manifest)
        with suppress(IndexDamaged):
            return file_stamps.decode_stamps(content, SOURCES) if content else {}
        return {}

    def read_roots(self, manifest: Manifest) -> tuple[StoredRoot, ...]:
        """Read the roots of a version; empty when they are lost, or noted by no run of this release yet.

        Where the version's own table is damaged they are those of the newest version before it that has another.
        """
        content = self._sources(manifest)
        for number in reversed(self.versions()) if manifest.sources and not content else ():
            with suppress(VecsearchError):
                if not content and number < manifest.version:
                    content = self._sources(self.manifest(number))
        with suppress(IndexDamaged):
            return file_stamps.decode_stamp_roots(content, SOURCES) if content else ()
        return ()

    def _sources(self, manifest: Manifest) -> bytes:
        """The table of stamps and roots; empty when it is lost."""
        if manifest.sources is not None:
            with suppress(OSError, IndexDamaged):
                content = read_file(self.path / SOURCES / manifest.sources.id)
                if hashlib.sha256(content).hexdigest() == manifest.sources.sha256:
                    return content
        return b""

    def tags(self) -> dict[str, int]:
        """Return the tagged versions by tag; raises IndexDamaged when one cannot be read."""
        return {name: self.tagged(name) for name in self.tag_names()}

    def tag_names(self) -> list[str]:
        """Return the names of the tags, in alphabetical order; raises IndexDamaged when their folder is a link."""
        check_folder(self._named[TAGS])
        try:
            return sorted(name for name in os.listdir(self.path / TAGS) if not name.startswith(files.TEMPORARY))
        except FileNotFoundError:
            return []

    def tag(self, name: str, version: int) -> None:
        """Give a version a tag, taking it from any other. The caller holds the lock."""
        folder = self.path / TAGS
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            files.flush_folder(self.path)
        with files.replacing(folder / name) as stream:
            stream.write(_tag_text(version))

    def untag(self, name: str) -> bool:
        """Remove a tag; return whether it existed. The caller holds the lock."""
        try:
            (self.path / TAGS / name).unlink()
        except FileNotFoundError:
            return False
        files.flush_folder(self.path / TAGS)
        return True

    def discard(self, segments: Sequence[str], side_files: Sequence[tuple[str, SideFile]]) -> None:
        """Remove files of a commit that did not land: segments by id, others by folder."""
        files.remove_from(self.path / SEGMENTS, segments)
        for folder, side_file in side_files:
            files.remove_from(self.path / folder, [side_file.id])

    def key(self, path: Path) -> str:
        """Return a file's name inside the index: relative to the index's folder, so that both can move together."""
        text = path.as_posix()
        if text.startswith(self._prefix) and "/.." not in text:  # a short cut to the same
            return text[len(self._prefix) :]
        try:
            relative = os.path.relpath(path, self._parent)
        except ValueError:  # another drive on Windows
            return path.as_posix()
        return Path(relative).as_posix()

    def resolve(self, key: str) -> Path:
        """Return the file with this `key` inside the index."""
        return Path(os.path.normpath(self._parent / key))

    def _check_unused(self) -> None:
        if self.exists():
            raise IndexExists(f"there is an index at {self.name} already: open it or choose another folder")
        if self.path.is_symlink() and not self.path.exists():
            raise InvalidOption(f"{self.name} is a link that leads nowhere: make its folder or choose another")
        if self.path.exists() and not self.path.is_dir():
            raise InvalidOption(f"{self.name} is a file, expected a folder for the index alone: choose another")
        if self.path.is_dir() and not all(e.name in _ENTRIES or is_own_mark(e) for e in self.path.iterdir()):
            raise InvalidOption(
                f"{self.name} holds other files, expected a folder for the index alone: choose another, such as "
                f"{os.path.join(self.name, NEARBY)}"
            )

    def remove_empty_folders(self) -> None:
        """Remove the empty folders of an index that was not created or was discarded. The caller holds the lock."""
        files.remove_file(self.path / LOCK)
        remove_marks(self.path)
        for path in [*(self.path / name for name in _ENTRIES - {LOCK}), *([self.path] if self.created_folder else [])]:
            files.remove_folder(path)

    def _open(self, manifest: Manifest, reuse: Snapshot | None) -> Snapshot:
        opened = {part.segment.entry.id: part.segment for part in reuse.parts} if reuse else {}
        parts = []
        for entry in manifest.segments:
            segment = opened.get(entry.id) or self.open_segment(entry)
            if segment.dim != manifest.model.dim:
                raise IndexDamaged(
                    f"{self.path / SEGMENTS / entry.id} holds vectors of {segment.dim} dimensions, expected "
                    f"{manifest.model.dim}: run vecsearch verify"
                )
            parts.append(Part(segment, self._alive(entry), entry.live))
        return Snapshot(manifest, tuple(parts))

    def _alive(self, entry: SegmentEntry) -> BoolArray | None:
        if entry.tombstones is None:
            return None
        path = self.path / TOMBSTONES / entry.tombstones.id
        try:
            content = read_file(path, entry.tombstones.size)
        except FileNotFoundError:
            raise IndexDamaged(f"{path} is missing: run vecsearch verify") from None
        if hashlib.sha256(content).hexdigest() != entry.tombstones.sha256:  # otherwise a deleted row might come back
            raise IndexDamaged(f"{path} does not match its checksum: run vecsearch verify")
        alive = np.ones(entry.rows, np.bool_)
        try:
            alive[_rows_in(content, entry.tombstones.rows)] = False
        except (ValueError, IndexError, EOFError, RecursionError, MemoryError) as error:
            raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
        if int(alive.sum()) != entry.live:
            raise IndexDamaged(f"{path} leaves {int(alive.sum())} rows, expected {entry.live}: run vecsearch verify")
        return alive

    def tagged(self, name: str) -> int:
        """Return the version with this tag; raises IndexDamaged when the file cannot be read."""
        path = self.path / TAGS / name
        text = read_file(path, _MOST_TAG)
        number, _, _ = text.partition(b" ")
        if not number.isdigit() or text != _tag_text(int(number)):
            raise IndexDamaged(f"{path} is damaged: run vecsearch tag {path.name} N to rewrite it")
        return int(number)

    def _write_side_file(self, folder: str, content: bytes, rows: int) -> SideFile:
        path = self.path / folder / uuid4().hex
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            files.flush_folder(self.path)
        files.create(path, content)
        return SideFile(id=path.name, rows=rows, size=len(content), sha256=files.sha256(path))


def _rows_in(content: bytes, count: int) -> IntArray:
    """Return the row numbers in a numpy file, read only when it holds as many as it should; raises ValueError."""
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("it is not a numpy file of version 1.0")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if (shape, dtype) != ((count,), np.dtype("<u4")):
        raise ValueError(f"it holds {dtype} {shape}, expected uint32 ({count},)")
    return np.frombuffer(content, "<u4", count, stream.tell()).astype(np.int64)


def _tag_text(version: int) -> bytes:
    """Return a version's number and its checksum, so that a damaged tag never names another version."""
    return f"{version} sha256:{hashlib.sha256(str(version).encode()).hexdigest()}\n".encode()
