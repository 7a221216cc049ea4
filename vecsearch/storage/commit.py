"""One commit: files of a version that nobody sees yet, then the manifest that makes it the current one.

Whatever goes wrong, Ctrl-C included, ends in one of three cases: the version did not land, and its files are removed;
it landed; or the disk failed so that nobody knows, and no file is touched.
"""

from __future__ import annotations

import logging
from types import TracebackType

from vecsearch.errors import CommitUnknown
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.manifest import Manifest, SegmentEntry, SideFile
from vecsearch.storage.segment import Content, write_segment
from vecsearch.storage.store import SOURCES, TOMBSTONES, Store
from vecsearch.types import FloatArray, IntArray

_log = logging.getLogger(__name__)


class Commit:
    """A context whose files stay when `publish` has made them a version, and are removed when it has not."""

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

    def segment(self, content: Content, recall: float, asked: FloatArray | None = None) -> SegmentEntry:
        """Writes a new segment; see write_segment()."""
        folder = self._store.new_segment_folder()
        self._segments.append(folder.name)
        return write_segment(folder, content, recall, asked)

    def tombstones(self, dead: IntArray) -> SideFile:
        """Writes which rows of a segment are deleted, ascending."""
        written = self._store.write_tombstones(dead)
        self._side_files.append((TOMBSTONES, written))
        return written

    def sources(self, stamps: dict[str, Stamp]) -> SideFile:
        """Writes what is known of the files that were read."""
        written = self._store.write_sources(stamps)
        self._side_files.append((SOURCES, written))
        return written

    def publish(self, manifest: Manifest) -> None:
        """Returns: the version is current, on the disk. Raises: it is not, or CommitUnknown, or what the user sent.

        A Ctrl-C that comes after the version has landed is raised all the same, and the version stays.
        """
        self._keep = True  # until it is known that nothing landed: a Ctrl-C may come right after the version has
        try:
            self._store.publish(manifest)
        except BaseException as error:
            landed = self._store.landed(manifest)
            if landed is None:
                raise CommitUnknown(
                    f"{self._store.path}: the disk failed while version {manifest.version} was committed ({error}): "
                    "it may be there or not; nothing was removed; vecsearch info says which it is"
                ) from error
            self._keep = landed
            if not landed or not isinstance(error, OSError):
                raise
        held = (manifest.documents, manifest.chunks)
        _log.info("%s: committed version %d: %d documents, %d chunks", self._store.name, manifest.version, *held)
