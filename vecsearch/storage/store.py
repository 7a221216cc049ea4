"""The directory of an index: who may write, what is the current version, how the next one is published.

    manifests/00000007.json   one for each commit; the highest number is the current state
    segments/<id>/            see segment.py
    tombstones/<id>           deleted rows of a segment: a numpy file, uint32, ascending
    sources/<id>              see file_stamps.py
    tags/<name>               the number of a version that is kept
    writer.lock               locked by the process that writes

Files are written under names that no manifest has yet, then the manifest is created; that one step is the commit.
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
from vecsearch.errors import IndexDamaged, IndexExists, IndexNotFound, InvalidOption
from vecsearch.storage import file_stamps
from vecsearch.storage.lock import writing
from vecsearch.storage.manifest import Manifest, SegmentEntry, SideFile, from_json, to_json
from vecsearch.storage.segment import Segment
from vecsearch.types import BoolArray, IntArray

MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, TAGS = "manifests", "segments", "tombstones", "sources", "tags"
LOCK = "writer.lock"
_OURS = {MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, TAGS, LOCK}
_MANIFEST_NAME = re.compile(r"\d{8}\.json")


@dataclass(frozen=True, slots=True)
class Part:
    """A segment as one version sees it, for any number of threads.

    `alive`, bool (rows,), says which rows are there; None means all.
    """

    segment: Segment
    alive: BoolArray | None
    live: int  # how many rows are there

    def is_live(self, row: int) -> bool:
        """Whether a row is there, and not deleted."""
        return self.alive is None or bool(self.alive[row])

    def mask(self) -> BoolArray:
        """Which rows are there, bool (rows,), as a copy."""
        return np.ones(self.segment.entry.rows, np.bool_) if self.alive is None else self.alive.copy()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version, open for reading by any number of threads; it stays as it is whatever is committed meanwhile."""

    manifest: Manifest
    parts: tuple[Part, ...]


class Store:
    """The index in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # the working folder may change while an index is open
        self.name = str(path)  # as the user calls it
        self.made = False  # whether the folder came with the index, and nobody had made it before
        self._beside = path.resolve().parent

    def exists(self) -> bool:
        """Whether there is an index."""
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
        self._refuse_what_is_there()
        self.made = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        with self.locked(wait):
            self._refuse_what_is_there()
            try:
                for name in (MANIFESTS, SEGMENTS):  # by both a scan of files knows an index and passes over it
                    (self.path / name).mkdir(exist_ok=True)
                for folder in (self.path, self._beside):
                    files.flush_folder(folder)
                yield
            except BaseException:
                if not self.exists():
                    self.unmake()
                raise

    def versions(self) -> list[int]:
        """The numbers of the versions that are there, ascending."""
        try:
            names = os.listdir(self.path / MANIFESTS)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(name[:8]) for name in names if _MANIFEST_NAME.fullmatch(name))

    def manifest_path(self, version: int) -> Path:
        """The file of a version's manifest."""
        return self.path / MANIFESTS / f"{version:08}.json"

    def manifest(self, version: int | None = None) -> Manifest:
        """A version's manifest, by default the current one's; raises IndexNotFound, IndexDamaged, FormatTooNew."""
        versions = self.versions()
        while versions:
            number = versions[-1] if version is None else version
            path = self.manifest_path(number)
            try:
                manifest = from_json(path.read_bytes(), str(path))
            except FileNotFoundError:
                seen, versions = versions, self.versions()
                if version is None and versions != seen:
                    continue  # a writer has removed it, which it does when there are newer ones
                has = f"{seen[0]} to {seen[-1]}"
                raise IndexNotFound(f"no version {number} at {self.name}: it has {has}") from None
            if manifest.version != number:
                raise IndexDamaged(f"{path} holds version {manifest.version}: it is not where it was written")
            return manifest
        raise IndexNotFound(f"no index at {self.name}: vecsearch index FOLDER -i {self.name} makes one")

    def snapshot(self, version: int | None = None, reuse: Snapshot | None = None) -> Snapshot:
        """A version open for reading, by default the current one; segments that `reuse` has open are shared.

        A reader takes no lock. 1. It reads manifest 7. 2. A writer commits 8, then 9, and removes what only 7 needed.
        3. The reader finds a file of 7 missing. Then there is a newer manifest, and it starts again with that.
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

    def locked(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Only this process writes until the block ends; raises IndexLocked when another does after `wait` seconds."""
        return writing(self.path / LOCK, wait)

    def publish(self, manifest: Manifest) -> None:
        """Returns: `manifest` is the current version, on the disk. Raises FileExistsError or OSError: see `landed`."""
        files.create(self.manifest_path(manifest.version), to_json(manifest))

    def landed(self, manifest: Manifest) -> bool | None:
        """After `publish` raised: True, the version is there, on the disk; False, it is not; None, no one knows."""
        path = self.manifest_path(manifest.version)
        try:
            if path.read_bytes() != to_json(manifest):
                return False
            files.flush_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        return True

    def new_segment_folder(self) -> Path:
        """A folder that does not exist yet, for a segment to be written to."""
        return self.path / SEGMENTS / uuid4().hex

    def write_tombstones(self, dead: IntArray) -> SideFile:
        """Stores the deleted rows of a segment, ascending, under a new name."""
        buffer = io.BytesIO()
        np.save(buffer, dead.astype("<u4"), allow_pickle=False)
        return self._write_side_file(TOMBSTONES, buffer.getvalue(), len(dead))

    def write_sources(self, stamps: dict[str, file_stamps.Stamp]) -> SideFile:
        """Stores what is known of the files that were read, under a new name."""
        return self._write_side_file(SOURCES, file_stamps.to_bytes(stamps), len(stamps))

    def read_sources(self, manifest: Manifest) -> dict[str, file_stamps.Stamp]:
        """What a version knows of the files it was made from; nothing when the table is lost, for it is only a hint."""
        if manifest.sources is not None:
            path = self.path / SOURCES / manifest.sources.id
            with suppress(OSError, IndexDamaged):
                if files.sha256(path) == manifest.sources.sha256:
                    return file_stamps.read(path)
        return {}

    def tags(self) -> dict[str, int]:
        """The versions that have a name, by name; raises IndexDamaged for one that cannot be read."""
        try:
            names = sorted(name for name in os.listdir(self.path / TAGS) if not name.startswith(files.TEMPORARY))
        except FileNotFoundError:
            return {}
        return {name: self.tagged(name) for name in names}

    def tag(self, name: str, version: int) -> None:
        """Gives a version a name, in place of the one that had it. The lock is held."""
        folder = self.path / TAGS
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            files.flush_folder(self.path)
        with files.replacing(folder / name) as stream:
            stream.write(_tag_text(version))

    def untag(self, name: str) -> bool:
        """Takes a name away from its version; whether there was one. The lock is held."""
        try:
            (self.path / TAGS / name).unlink()
        except FileNotFoundError:
            return False
        files.flush_folder(self.path / TAGS)
        return True

    def discard(self, segments: Sequence[str], side_files: Sequence[tuple[str, SideFile]]) -> None:
        """Removes files of a commit that did not land: segments by their ids, others by their folder."""
        for name in segments:
            files.remove_tree(self.path / SEGMENTS / name)
        for folder, side_file in side_files:
            files.remove_file(self.path / folder / side_file.id)

    def key(self, path: Path) -> str:
        """How a file is called inside the index: relative to the index's folder, so that both may move together."""
        try:
            relative = os.path.relpath(path, self._beside)
        except ValueError:  # another drive on Windows
            return path.as_posix()
        return Path(relative).as_posix()

    def resolve(self, key: str) -> Path:
        """The file that is called `key` inside the index."""
        return Path(os.path.normpath(self._beside / key))

    def _refuse_what_is_there(self) -> None:
        if self.exists():
            raise IndexExists(f"there is an index at {self.name} already: open it, or choose another folder")
        if self.path.exists() and not self.path.is_dir():
            raise InvalidOption(f"{self.name} is a file; an index is a folder of its own")
        if self.path.is_dir() and not {entry.name for entry in self.path.iterdir()} <= _OURS:
            raise InvalidOption(f"{self.name} holds other files; an index needs a folder of its own")

    def unmake(self) -> None:
        """Removes the folders of an index that did not come to be, as far as they are empty. The lock is held."""
        files.remove_file(self.path / LOCK)
        for path in [*(self.path / name for name in _OURS - {LOCK}), *([self.path] if self.made else [])]:
            files.remove_folder(path)

    def _open(self, manifest: Manifest, reuse: Snapshot | None) -> Snapshot:
        opened = {part.segment.entry.id: part.segment for part in reuse.parts} if reuse else {}
        parts = []
        for entry in manifest.segments:
            segment = opened.get(entry.id) or Segment(self.path / SEGMENTS / entry.id, entry)
            parts.append(Part(segment, self._alive(entry), entry.live))
        return Snapshot(manifest, tuple(parts))

    def _alive(self, entry: SegmentEntry) -> BoolArray | None:
        if entry.tombstones is None:
            return None
        path = self.path / TOMBSTONES / entry.tombstones.id
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise IndexDamaged(f"{path} is missing: run vecsearch verify") from None
        if hashlib.sha256(content).hexdigest() != entry.tombstones.sha256:  # else a deleted row might come back
            raise IndexDamaged(f"{path} is not what was written: run vecsearch verify")
        alive = np.ones(entry.rows, np.bool_)
        try:
            alive[np.load(io.BytesIO(content), allow_pickle=False)] = False
        except (ValueError, IndexError, EOFError) as error:
            raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
        if int(alive.sum()) != entry.live:
            raise IndexDamaged(f"{path} leaves {int(alive.sum())} rows, expected {entry.live}: run vecsearch verify")
        return alive

    def tagged(self, name: str) -> int:
        """The version that has this name; raises IndexDamaged when that cannot be read."""
        path = self.path / TAGS / name
        text = path.read_bytes()
        number, _, _ = text.partition(b" ")
        if not number.isdigit() or text != _tag_text(int(number)):
            raise IndexDamaged(f"{path} is not a tag that vecsearch wrote: vecsearch tag {path.name} N writes it anew")
        return int(number)

    def _write_side_file(self, folder: str, content: bytes, rows: int) -> SideFile:
        path = self.path / folder / uuid4().hex
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            files.flush_folder(self.path)
        files.create(path, content)
        return SideFile(id=path.name, rows=rows, size=len(content), sha256=files.sha256(path))


def _tag_text(version: int) -> bytes:
    """A version's number and a checksum of it, so that a damaged tag never names another version."""
    return f"{version} sha256:{hashlib.sha256(str(version).encode()).hexdigest()}\n".encode()
