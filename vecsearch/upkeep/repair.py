"""Rebuild damaged files that are derived from others: rows and postings from the record, codes from the vectors.

Other damaged files stay as they are and stay reported; nothing is dropped silently.
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
from vecsearch.storage.manifest import Manifest, SegmentEntry
from vecsearch.storage.real import check_folder
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
    """Rebuild what can be rebuilt and return its paths. The caller holds the lock.

    A derived file normally comes out byte for byte as it was, for all versions that have the segment. If another
    release of Arrow, FAISS or the stemmers produces other bytes, the segment is rewritten in a new version. A damaged
    table of file stamps is empty in the new version: the next sync reads every file once and encodes nothing. Roots in
    it are taken from an earlier version.
    """
    repairable = _repairable(problems)
    repaired = {path for path in repairable if path.startswith(SEGMENTS) and _rebuild(store, path)}
    try:
        base = store.manifest()
    except VecsearchError:  # nothing is built on a version that cannot be read; an earlier one can be restored
        return tuple(sorted(repaired))
    left = {entry.id: _derived(entry) & repairable - repaired for entry in base.segments}
    lost_stamps = {f"{SOURCES}/{base.sources.id}"} & repairable if base.sources else set()
    if any(left.values()) or lost_stamps:
        with Commit(store) as commit:
            segments = [_rewrite(store, commit, e, base) if left[e.id] else e for e in base.segments]
            repaired |= lost_stamps.union(*left.values())
            sources = commit.stamps({}, store.read_roots(base)) if lost_stamps else base.sources
            commit.publish(base.next(segments=tuple(segments), sources=sources, change={"repaired": len(repaired)}))
        collect(store)
    return tuple(sorted(repaired))


def _repairable(problems: Sequence[Problem]) -> set[str]:
    """The damaged files for which everything they are built from is intact."""
    lost = {problem.file.rpartition("/")[0] for problem in problems if not problem.repairable} - {SOURCES}
    return {problem.file for problem in problems if problem.repairable and problem.file.rpartition("/")[0] not in lost}


def _derived(entry: SegmentEntry) -> set[str]:
    return {f"{SEGMENTS}/{entry.id}/{name}" for name in (ROWS, POSTINGS, CODES)}


def _rebuild(store: Store, path: str) -> bool:
    """Replace a derived file if it comes out with the bytes that the manifests expect; return whether it did."""
    target = store.path / path
    check_folder(target.parent)
    users = [
        (manifest, entry)
        for manifest in _manifests(store)
        for entry in manifest.segments
        if entry.id == target.parent.name
    ]
    expected = {entry.files[target.name].sha256 for _, entry in users}
    with files.temporary_beside(target) as temporary:
        if target.name == ROWS:
            derive_rows(target.parent, temporary)
        elif target.name == POSTINGS:
            derive_postings(target.parent, temporary, users[0][0].language)
        else:
            derive_codes(target.parent, temporary)
        if {files.sha256(temporary)} != expected:
            return False
        files.flush_file(temporary)
        files.move(temporary, target)
    return True


def _manifests(store: Store) -> Iterator[Manifest]:
    """The manifests that can be read."""
    for number in store.versions():
        with suppress(VecsearchError):
            yield store.manifest(number)


def _rewrite(store: Store, commit: Commit, entry: SegmentEntry, manifest: Manifest) -> SegmentEntry:
    """Write the same rows and vectors as a new segment; rows keep their numbers, so tombstones stay valid."""
    folder = store.path / SEGMENTS / entry.id
    content = Content.of(read_record(folder), Flat(folder / VECTORS).vectors, manifest.language)
    written = commit.segment(content, manifest.recall)
    return replace(written, tombstones=entry.tombstones)
