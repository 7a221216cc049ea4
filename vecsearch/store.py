"""The directory of an index: who may write, what is the current version, how the next one is published.

    manifests/00000007.json   one for each commit; the highest number is the current state
    segments/<id>/            see segment.py
    tombstones/<id>           deleted rows of a segment: a numpy file, uint32, ascending
    sources/<id>              see sources.py
    writer.lock               locked by the process that writes

Files are written under names that no manifest has yet, then the manifest is created; that one step is the commit.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

import numpy as np

from vecsearch import files, sources
from vecsearch.errors import IndexDamaged, IndexExists, IndexLocked, IndexNotFound, InvalidOption
from vecsearch.manifest import Manifest, SegmentEntry, SideFile, from_json, to_json
from vecsearch.segment import Segment
from vecsearch.types import BoolArray, IntArray

MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, LOCK = "manifests", "segments", "tombstones", "sources", "writer.lock"
_OURS = {MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES, LOCK}
_MANIFEST_NAME = re.compile(r"\d{8}\.json")
_KEPT_VERSIONS = 2  # the current one, and the one a reader may just be opening


@dataclass(frozen=True, slots=True)
class Part:
    """A segment as one version sees it: `alive`, bool (rows,), says which rows are there; None means all."""

    segment: Segment
    alive: BoolArray | None
    live: int  # how many rows are there

    def mask(self) -> BoolArray:
        """Which rows are there, bool (rows,), as a copy."""
        return np.ones(self.segment.entry.rows, np.bool_) if self.alive is None else self.alive.copy()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version, open for reading; it stays as it is whatever is committed meanwhile."""

    manifest: Manifest
    parts: tuple[Part, ...]


class Store:
    """The index in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.resolve().parent

    def exists(self) -> bool:
        """Whether there is an index."""
        return bool(self._versions())

    def create(self, manifest: Manifest) -> None:
        """Makes the folder with `manifest` as its first version, or raises and leaves what was there.

        Raises IndexExists when there is an index, InvalidOption when the folder holds something else.
        """
        self._refuse_what_is_there()
        for name in (MANIFESTS, SEGMENTS):  # by both a scan of files knows an index and passes over it
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self._beside):
            files.flush_folder(folder)
        with self.locked():
            self._refuse_what_is_there()
            self.publish(manifest)

    def manifest(self, version: int | None = None) -> Manifest:
        """A version's manifest, by default the current one's; raises IndexNotFound, IndexDamaged, FormatTooNew."""
        versions = self._versions()
        while versions:
            number = versions[-1] if version is None else version
            path = self._manifest_path(number)
            try:
                manifest = from_json(path.read_bytes(), str(path))
            except FileNotFoundError:
                seen, versions = versions, self._versions()
                if version is None and versions != seen:
                    continue  # a writer has removed it, which it does when there are newer ones
                has = f"{seen[0]} to {seen[-1]}"
                raise IndexNotFound(f"no version {number} at {self.path}: it has {has}") from None
            if manifest.version != number:
                raise IndexDamaged(f"{path} holds version {manifest.version}: it is not where it was written")
            return manifest
        raise IndexNotFound(f"no index at {self.path}: vecsearch index FOLDER -i {self.path} makes one")

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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only this process writes until the block ends; the operating system frees the lock of a killed process.

        Raises IndexLocked when another one does: wait for it to finish, or stop it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / LOCK, is_singleton=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise IndexLocked(f"{self.path} is being written by {self._holder()}: try again when it is done") from None
        try:
            self._say_who_holds()
            yield
        finally:
            lock.release()

    def publish(self, manifest: Manifest) -> None:
        """Returns: `manifest` is the current version, on the disk. Raises FileExistsError or OSError: see `landed`."""
        files.create(self._manifest_path(manifest.version), to_json(manifest))

    def landed(self, manifest: Manifest) -> bool | None:
        """After `publish` raised: True, the version is there, on the disk; False, it is not; None, no one knows."""
        path = self._manifest_path(manifest.version)
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

    def write_sources(self, stamps: dict[str, sources.Stamp]) -> SideFile:
        """Stores what is known of the files that were read, under a new name."""
        return self._write_side_file(SOURCES, sources.to_bytes(stamps), len(stamps))

    def read_sources(self, manifest: Manifest) -> dict[str, sources.Stamp]:
        """What a version knows of the files it was made from; nothing when the table is lost, for it is only a hint."""
        if manifest.sources is not None:
            path = self.path / SOURCES / manifest.sources.id
            with suppress(OSError, IndexDamaged):
                if files.sha256(path) == manifest.sources.sha256:
                    return sources.read(path)
        return {}

    def collect(self) -> None:
        """Removes versions that are no longer kept, then every file that no kept version names. The lock is held."""
        kept = self._versions()[-_KEPT_VERSIONS:]
        named: dict[str, set[str]] = {SEGMENTS: set(), TOMBSTONES: set(), SOURCES: set()}
        for number in kept:
            manifest = self.manifest(number)
            named[SEGMENTS] |= {entry.id for entry in manifest.segments}
            named[TOMBSTONES] |= {entry.tombstones.id for entry in manifest.segments if entry.tombstones}
            named[SOURCES] |= {manifest.sources.id} if manifest.sources else set()
        named[MANIFESTS] = {self._manifest_path(number).name for number in kept}
        for folder in (MANIFESTS, SEGMENTS, TOMBSTONES, SOURCES):
            self._remove_unnamed(self.path / folder, named[folder])

    def discard(self, segments: Sequence[str], side_files: Sequence[tuple[str, SideFile]]) -> None:
        """Removes files of a commit that did not land: segments by their ids, others by their folder."""
        for name in segments:
            files.remove_tree(self.path / SEGMENTS / name)
        for folder, side_file in side_files:
            with suppress(OSError):
                (self.path / folder / side_file.id).unlink()

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

    def _versions(self) -> list[int]:
        try:
            names = os.listdir(self.path / MANIFESTS)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(name[:8]) for name in names if _MANIFEST_NAME.fullmatch(name))

    def _manifest_path(self, version: int) -> Path:
        return self.path / MANIFESTS / f"{version:08}.json"

    def _refuse_what_is_there(self) -> None:
        if self.exists():
            raise IndexExists(f"there is an index at {self.path} already: open it, or choose another folder")
        if self.path.exists() and not self.path.is_dir():
            raise InvalidOption(f"{self.path} is a file; an index is a folder of its own")
        if self.path.is_dir() and not {entry.name for entry in self.path.iterdir()} <= _OURS:
            raise InvalidOption(f"{self.path} holds other files; an index needs a folder of its own")

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

    def _write_side_file(self, folder: str, content: bytes, rows: int) -> SideFile:
        path = self.path / folder / uuid4().hex
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            files.flush_folder(self.path)
        files.create(path, content)
        return SideFile(id=path.name, rows=rows, size=len(content), sha256=files.sha256(path))

    def _remove_unnamed(self, folder: Path, named: set[str]) -> None:
        with suppress(FileNotFoundError):
            for entry in list(os.scandir(folder)):
                if entry.name in named:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    files.remove_tree(Path(entry.path))
                else:
                    with suppress(OSError):
                        os.unlink(entry.path)

    def _say_who_holds(self) -> None:
        """Writes into the lock file who we are; for people, nothing depends on it."""
        since = datetime.now(timezone.utc).isoformat(timespec="seconds")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
        with suppress(OSError):
            (self.path / LOCK).write_text(json.dumps(holder), encoding="utf-8")

    def _holder(self) -> str:
        try:
            holder = json.loads((self.path / LOCK).read_text(encoding="utf-8"))
            return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
