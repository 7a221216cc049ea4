"""Makes anew what is derived and damaged: mapped rows and words from the record, the table of files from nothing.

What is damaged and not derived stays as it is and stays reported: nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from vecsearch import files
from vecsearch.errors import VecsearchError
from vecsearch.reports import Problem
from vecsearch.storage.ann.flat import Flat
from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, SegmentEntry, now, written_by
from vecsearch.storage.segment import (
    CODES,
    POSTINGS,
    ROWS,
    VECTORS,
    Content,
    derive_codes,
    derive_postings,
    derive_rows,
    read_record,
)
from vecsearch.storage.store import SEGMENTS, SOURCES, Store


def repair(store: Store, problems: Sequence[Problem]) -> tuple[str, ...]:
    """The files that were made anew. The lock is held.

    The mapped rows and the words of a segment come out of its record byte for byte as they were, for all versions that
    have the segment. Where another release of Arrow or of the stemmers makes other bytes, the segment is written
    again, in a new version. A damaged table of files is left out of a new version: the next sync reads every file once
    and encodes nothing.
    """
    mendable = _mendable(problems)
    repaired = {path for path in mendable if path.startswith(SEGMENTS) and _made_anew(store, path)}
    try:
        base = store.manifest()
    except VecsearchError:  # nothing is built on a version that cannot be read; one before it can be restored
        return tuple(sorted(repaired))
    left = {entry.id: _derived(entry) & mendable - repaired for entry in base.segments}
    rewritten = [entry.id for entry in base.segments if left[entry.id]]
    lost_sources = base.sources if base.sources and f"{SOURCES}/{base.sources.id}" in mendable else None
    if rewritten or lost_sources:
        with Commit(store) as commit:
            segments = [_rewritten(store, commit, e, base) if left[e.id] else e for e in base.segments]
            repaired |= set().union(*left.values())
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
    lost = {problem.file.rpartition("/")[0] for problem in problems if not problem.repairable} - {SOURCES}
    return {problem.file for problem in problems if problem.repairable and problem.file.rpartition("/")[0] not in lost}


def _derived(entry: SegmentEntry) -> set[str]:
    return {f"{SEGMENTS}/{entry.id}/{name}" for name in (ROWS, POSTINGS, CODES)}


def _made_anew(store: Store, path: str) -> bool:
    """Whether a derived file could be replaced by the bytes that the manifests expect."""
    target = store.path / path
    naming = [
        (manifest, entry)
        for manifest in _manifests(store)
        for entry in manifest.segments
        if entry.id == target.parent.name
    ]
    expected = {entry.files[target.name].sha256 for _, entry in naming}
    with files.temporary_beside(target) as temporary:
        if target.name == ROWS:
            derive_rows(target.parent, temporary)
        elif target.name == POSTINGS:
            derive_postings(target.parent, temporary, naming[0][0].language)
        else:
            derive_codes(target.parent, temporary)
        if {files.sha256(temporary)} != expected:
            return False
        files.flush_file(temporary)
        files.move(temporary, target)
    return True


def _manifests(store: Store) -> Iterator[Manifest]:
    """Those that can be read."""
    for number in store.versions():
        with suppress(VecsearchError):
            yield store.manifest(number)


def _rewritten(store: Store, commit: Commit, entry: SegmentEntry, manifest: Manifest) -> SegmentEntry:
    """The same rows and vectors under a new name; rows keep their numbers, so tombstones hold as they are."""
    folder = store.path / SEGMENTS / entry.id
    content = Content.of(read_record(folder), Flat(folder / VECTORS).vectors, manifest.language)
    written = commit.segment(content, manifest.recall)
    return replace(written, tombstones=entry.tombstones)
