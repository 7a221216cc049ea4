"""Makes anew what is derived and damaged: the mapped rows from the record, the table of files from nothing.

What is damaged and not derived stays as it is and stays reported: nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vecsearch import files
from vecsearch.ann import Flat
from vecsearch.commit import Commit
from vecsearch.errors import VecsearchError
from vecsearch.garbage import collect
from vecsearch.manifest import SegmentEntry, now, written_by
from vecsearch.segment import ROWS, VECTORS, derive_rows, read_record
from vecsearch.store import SEGMENTS, SOURCES, Store
from vecsearch.types import Problem


def repair(store: Store, problems: Sequence[Problem]) -> tuple[str, ...]:
    """The files that were made anew. The lock is held.

    The mapped rows of a segment come out of its record byte for byte as they were, for all versions that have the
    segment. Where another release of Arrow writes other bytes, the segment is written again, in a new version. A
    damaged table of files is left out of a new version: the next sync reads every file once and encodes nothing.
    """
    mendable = _mendable(problems)
    repaired = {path for path in mendable if path.endswith(ROWS) and _made_anew(store, path)}
    try:
        base = store.manifest()
    except VecsearchError:  # nothing is built on a version that cannot be read; one before it can be restored
        return tuple(sorted(repaired))
    rewritten = {entry.id for entry in base.segments if _rows_of(entry) in mendable - repaired}
    lost_sources = base.sources if base.sources and f"{SOURCES}/{base.sources.id}" in mendable else None
    if rewritten or lost_sources:
        with Commit(store) as commit:
            segments = [_rewritten(store, commit, e) if e.id in rewritten else e for e in base.segments]
            repaired |= {_rows_of(entry) for entry in base.segments if entry.id in rewritten}
            repaired |= {f"{SOURCES}/{lost_sources.id}"} if lost_sources else set()
            commit.publish(
                replace(
                    base,
                    version=base.version + 1,
                    created=now(),
                    written_by=written_by(),
                    segments=tuple(segments),
                    sources=None if lost_sources else base.sources,
                    change={"repaired": len(repaired)},
                )
            )
        collect(store)
    return tuple(sorted(repaired))


def _mendable(problems: Sequence[Problem]) -> set[str]:
    """The damaged files that everything needed to make them is there for."""
    lost = {problem.file.rpartition("/")[0] for problem in problems if not problem.repairable}
    return {problem.file for problem in problems if problem.repairable and problem.file.rpartition("/")[0] not in lost}


def _rows_of(entry: SegmentEntry) -> str:
    return f"{SEGMENTS}/{entry.id}/{ROWS}"


def _made_anew(store: Store, path: str) -> bool:
    """Whether the mapped rows could be replaced by the bytes that the manifests expect."""
    target = store.path / path
    expected = {
        entry.files[ROWS].sha256
        for number in store.versions()
        for entry in _segments(store, number)
        if _rows_of(entry) == path
    }
    with files.temporary_beside(target) as temporary:
        derive_rows(target.parent, temporary)
        if {files.sha256(temporary)} != expected:
            return False
        files.flush_file(temporary)
        files.move(temporary, target)
    return True


def _segments(store: Store, number: int) -> tuple[SegmentEntry, ...]:
    try:
        return store.manifest(number).segments
    except VecsearchError:
        return ()


def _rewritten(store: Store, commit: Commit, entry: SegmentEntry) -> SegmentEntry:
    """The same rows and vectors under a new name; rows keep their numbers, so tombstones hold as they are."""
    folder = store.path / SEGMENTS / entry.id
    written = commit.segment(read_record(folder), Flat(folder / VECTORS).vectors)
    return replace(written, tombstones=entry.tombstones)
