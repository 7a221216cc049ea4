"""The next version of an index while it is being written: what is staged, what is deleted, and the commit of both.

Holds the writer's lock by contract: whoever makes a Draft has locked the store. Knows documents and rows, but not
where documents come from nor how vectors are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic

import numpy as np

from vecsearch.storage import merge_policy
from vecsearch.storage.commit import Commit
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, SegmentEntry, now, written_by
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import BoolArray, Chunk, FloatArray
from vecsearch.vectors import unit_rows

_COMMIT_SECONDS = 60.0  # of work at most that a killed run has to do again, but for the embeddings, which are cached


@dataclass(frozen=True, slots=True)
class Block:
    """A document to be stored: its chunks, where it came from, and what gives their raw vectors, (chunks, dim)."""

    chunks: Sequence[Chunk]
    origin: Origin
    vectors: Callable[[], FloatArray]


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that the draft holds: its origin's path and content, and whether this run has put or met it."""

    path: str | None
    content: bytes
    seen: bool
    place: tuple[str, int] | None  # segment id and first row; None: staged


class Draft:
    """Changes on top of the store's current version. Nothing is visible, and nothing is kept, before `commit`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._staged: dict[str, Block] = {}
        self._change: Counter[str] = Counter()
        self._since = monotonic()
        self._seen: dict[str, BoolArray] = {}  # by segment: documents, at their first rows, that this run put or met
        self._sources_changed = False
        self._take(store.snapshot())

    @cached_property
    def stamps(self) -> dict[str, Stamp]:
        """What is known of the files that were read, by their keys; read when it is first asked for."""
        return self._store.read_sources(self.base.manifest)

    def find(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Those of the documents that the draft holds."""
        found = {}
        for part in self.base.parts:
            segment = part.segment
            for first in segment.documents_with("document_id", ids).tolist():
                if self._alive[segment.entry.id][first]:
                    seen = bool(self._seen[segment.entry.id][first])
                    path, content = segment.value("path", first), segment.value("content", first)
                    found[segment.value("document_id", first)] = Stored(path, content, seen, (segment.entry.id, first))
        for identifier in ids:
            if block := self._staged.get(identifier):
                found[identifier] = Stored(block.origin.path, block.origin.content, True, None)
        return found

    def mark_seen(self, stored: Stored) -> None:
        """Notes that a document is still there as it is, so that `drop_unseen` leaves it."""
        if stored.place:
            segment, first = stored.place
            self._seen[segment][first] = True

    def stage(self, identifier: str, block: Block, replaced: Stored | None) -> None:
        """Adds a document, in place of `replaced`, which `find` has given."""
        if replaced:
            self._drop(identifier, replaced)
        self._staged[identifier] = block
        self._change["updated" if replaced else "added"] += 1

    def drop(self, ids: Sequence[str]) -> int:
        """Deletes documents; how many of the ids there were."""
        found = self.find(ids)
        for identifier, stored in found.items():
            self._drop(identifier, stored)
        self._change["deleted"] += len(found)
        return len(found)

    def drop_unseen(self, paths: Sequence[str]) -> int:
        """Deletes the documents of these files that this run has neither put nor met; how many they were."""
        dropped = 0
        for part in self.base.parts:
            name = part.segment.entry.id
            for first in part.segment.documents_with("path", paths).tolist():
                if self._alive[name][first] and not self._seen[name][first]:
                    self._alive[name][part.segment.rows_from(first)] = False
                    dropped += 1
        self._change["deleted"] += dropped
        return dropped

    def documents_by_path(self) -> Counter[str]:
        """How many documents of each file the current version holds."""
        counts: Counter[str] = Counter()
        for part in self.base.parts:
            firsts = part.segment.first_rows
            alive = firsts[self._alive[part.segment.entry.id][firsts]]
            counts.update(
                path for path in part.segment.table.column("path").take(alive).to_pylist() if path is not None
            )
        return counts

    def stamp(self, path: str, stamp: Stamp | None) -> None:
        """Notes a file as it was read; None: as never read."""
        if self.stamps.get(path) != stamp:
            self._sources_changed = True
            if stamp is None:
                del self.stamps[path]
            else:
                self.stamps[path] = stamp

    @property
    def is_due(self) -> bool:
        """Whether what is staged should be committed before more is."""
        chunks = self._staged_chunks
        return chunks >= merge_policy.SEGMENT_CHUNKS or (chunks > 0 and monotonic() - self._since > _COMMIT_SECONDS)

    @property
    def _staged_chunks(self) -> int:
        return sum(len(block.chunks) for block in self._staged.values())

    def commit(self, *, final: bool = False) -> None:
        """Makes the draft the current version, and the base of what follows; does nothing when nothing changed.

        Either raises, and the index is as it was, or returns, and the new version is on the disk. If the disk fails
        so that neither can be known, the error says so and no file is touched. What is known of files that were
        read goes with the final commit only: it grows with the corpus, and an interrupted run can do without.
        """
        changed = any(self._change.values())
        if not changed and not (final and self._sources_changed):
            return
        with Commit(self._store) as commit:
            folded = self._folded()
            new, seen = self._new_segment(commit, folded)
            manifest = self._next(commit, [part for part in self.base.parts if part not in folded], new, final)
            commit.publish(manifest)
        if new:
            self._seen[new.id] = seen
        self._staged, self._change, self._since = {}, Counter(), monotonic()
        self._sources_changed &= not final
        self._take(self._store.snapshot(reuse=self.base))
        collect(self._store)

    def _folded(self) -> list[Part]:
        """The segments that are rewritten into the new one."""
        alive = [int(self._alive[part.segment.entry.id].sum()) for part in self.base.parts]
        sizes = [
            merge_policy.Size(part.segment.entry.rows, live) for part, live in zip(self.base.parts, alive, strict=True)
        ]
        return [self.base.parts[number] for number in merge_policy.to_rewrite(sizes, self._staged_chunks)]

    def _new_segment(self, commit: Commit, folded: Sequence[Part]) -> tuple[SegmentEntry | None, BoolArray]:
        """Writes what is left of the folded segments and what is staged; which of the rows this run has seen."""
        contents, seen = [], []
        language = self.base.manifest.language
        for part in folded:
            alive = self._alive[part.segment.entry.id]
            contents.append(part.segment.where(alive, language))
            seen.append(self._seen[part.segment.entry.id][alive])
        if self._staged:
            contents.append(_stored_form(list(self._staged.values()), language))
            seen.append(np.ones(self._staged_chunks, np.bool_))
        if not contents:
            return None, np.empty(0, np.bool_)
        return commit.segment(Content.joined(contents), self.base.manifest.recall), np.concatenate(seen)

    def _take(self, snapshot: Snapshot) -> None:
        """Makes `snapshot` the base; what this run has met stays seen."""
        self.base = snapshot
        entries = [part.segment.entry for part in snapshot.parts]
        self._seen = {entry.id: self._seen.get(entry.id, np.zeros(entry.rows, np.bool_)) for entry in entries}
        self._alive = {
            part.segment.entry.id: np.ones(part.segment.entry.rows, np.bool_)
            if part.alive is None
            else part.alive.copy()
            for part in snapshot.parts
        }

    def _drop(self, identifier: str, stored: Stored) -> None:
        if stored.place is None:
            del self._staged[identifier]
            return
        name, first = stored.place
        segment = next(part.segment for part in self.base.parts if part.segment.entry.id == name)
        self._alive[name][segment.rows_from(first)] = False

    def _next(self, commit: Commit, kept: Sequence[Part], new: SegmentEntry | None, final: bool) -> Manifest:
        """The manifest of the next version: the kept segments, with what is deleted of them, and the new one."""
        base = self.base.manifest
        entries = [entry for part in kept if (entry := self._entry(commit, part))]
        known = commit.sources(self.stamps) if final and self._sources_changed else base.sources
        return replace(
            base,
            version=base.version + 1,
            created=now(),
            written_by=written_by(),
            documents=base.documents + self._change["added"] - self._change["deleted"],
            segments=(*entries, new) if new else tuple(entries),
            sources=known,
            change={name: self._change[name] for name in ("added", "updated", "deleted")},
        )

    def _entry(self, commit: Commit, part: Part) -> SegmentEntry | None:
        """How the next version sees a segment: as before, with more rows deleted, or not at all."""
        entry = part.segment.entry
        dead = np.flatnonzero(~self._alive[entry.id])
        if len(dead) == entry.rows - entry.live:
            return entry
        return None if len(dead) == entry.rows else replace(entry, tombstones=commit.tombstones(dead))


def _stored_form(blocks: Sequence[Block], language: str) -> Content:
    """The blocks as a segment holds them."""
    chunks = [chunk for block in blocks for chunk in block.chunks]
    origins = [block.origin for block in blocks for _ in block.chunks]
    unit, norms = unit_rows(np.concatenate([block.vectors() for block in blocks]))
    return Content.of(chunk_table(chunks, origins, norms), unit, language)
