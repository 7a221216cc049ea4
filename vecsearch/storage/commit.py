"""One commit: files that no version names yet, then the manifest that makes them the current version.

Whatever fails, Ctrl-C included, ends in one of three cases: the version did not land, and its files are removed; it
landed; or the disk failed so that this is unknown, and no file is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType

from vecsearch.errors import CommitUnknown
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.manifest import Manifest, SegmentEntry, SideFile
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.segment import Content, write_segment
from vecsearch.storage.store import SOURCES, TOMBSTONES, Store
from vecsearch.types import FloatArray, IntArray

_log = logging.getLogger(__name__)


class Commit:
    """A context that removes the files written in it unless `publish` has made them a version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._segments: list[str] = []
        self._side_files: list[tuple[str, SideFile]] = []
        self._keep = False

    def __enter__(self) -> Commit:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._keep:
            self._store.discard(self._segments, self._side_files)

    def segment(self, content: Content, recall: float, queries: FloatArray | None = None) -> SegmentEntry:
        """Write a new segment; see write_segment()."""
        folder = self._store.new_segment_folder()
        self._segments.append(folder.name)
        return write_segment(folder, content, recall, queries)

    def tombstones(self, dead: IntArray) -> SideFile:
        """Write the deleted rows of a segment, ascending."""
        written = self._store.write_tombstones(dead)
        self._side_files.append((TOMBSTONES, written))
        return written

    def stamps(self, stamps: dict[str, Stamp], roots: Sequence[StoredRoot]) -> SideFile:
        """Write the stamps of the files that were read, and the roots."""
        written = self._store.write_stamps(stamps, roots)
        self._side_files.append((SOURCES, written))
        return written

    def publish(self, manifest: Manifest) -> None:
        """Make `manifest` the current version.

        When this returns, the version is current and on disk. When it raises an error, it is not; with CommitUnknown
        nobody knows. A Ctrl-C that comes after the version has landed is raised, and the version stays.
        """
        self._keep = True  # until it is known that nothing landed: a Ctrl-C may come just after the version has
        try:
            self._store.publish(manifest)
        except BaseException as error:
            landed = self._store.landed(manifest)
            if landed is None:
                raise CommitUnknown(
                    f"{self._store.path}: the disk failed while version {manifest.version} was committed ({error}): "
                    "the version may exist or not; nothing was removed; vecsearch info shows the current version"
                ) from error
            self._keep = landed
            if not landed or not isinstance(error, OSError):
                raise
        held = (manifest.documents, manifest.chunks)
        _log.info("%s: committed version %d: %d documents, %d chunks", self._store.name, manifest.version, *held)
