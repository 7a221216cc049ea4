"""The next version of an index while it is being written: staged documents, deleted ones, and the commit of both.

Whoever makes a Draft has locked the store. A draft knows documents and rows, but not where documents come from or how
vectors are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic
from typing import NamedTuple

import numpy as np

from vecsearch.storage import merge_policy
from vecsearch.storage.commit import Commit
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, SegmentEntry
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import ROWS, Content
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import BoolArray, Chunk, FloatArray
from vecsearch.vectors import unit_rows

_COMMIT_SECONDS = 60.0  # of work at most that a killed run loses, apart from the embeddings, which are cached
_COMMIT_CHARACTERS = 64_000_000  # of metadata at most that are held in memory


@dataclass(frozen=True, slots=True)
class Block:
    """A document to be stored: its chunks, its origin, and a function that returns their raw vectors, (chunks, dim)."""

    chunks: Sequence[Chunk]
    origin: Origin
    vectors: Callable[[], FloatArray]


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that the draft holds: its origin's path and content, and whether this run has already seen it.

    `place` is that of its first chunk.
    """

    path: str | None
    content: bytes
    seen: bool
    location: tuple[str, int] | None  # segment id and first row; None: staged
    place: str


class _Moved(NamedTuple):
    """Rows of a segment that are written again with other metadata, and a function that returns them."""

    rows: int
    content: Callable[[], Content]


class Draft:
    """Changes on top of the store's current version; nothing is visible or kept before `commit`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._staged: dict[str, Block] = {}
        self._moved: list[_Moved] = []
        self._change: Counter[str] = Counter()
        self._since = monotonic()
        self._seen: dict[str, BoolArray] = {}  # by segment, at first rows: documents upserted or unchanged
        self._sources_changed = False
        self._roots_changed = False
        self._rebase(store.snapshot())

    @property
    def language(self) -> str:
        """The language option of the index."""
        return self.base.manifest.language

    @cached_property
    def stamps(self) -> dict[str, Stamp]:
        """The stamps of the files that were read, by what the index calls them."""
        return self._store.read_stamps(self.base.manifest)

    @cached_property
    def roots(self) -> tuple[StoredRoot, ...]:
        """The roots of the index: see `set_roots`."""
        return self._store.read_roots(self.base.manifest)

    def set_roots(self, roots: Sequence[StoredRoot]) -> None:
        """Change the roots, with the next commit: a run that is interrupted later can be continued by them."""
        if tuple(roots) != self.roots:
            self.__dict__["roots"] = tuple(roots)
            self._roots_changed = True

    def find(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The documents with these ids that the draft holds."""
        stored = {}
        for part in self.base.parts:
            segment = part.segment
            for first in segment.documents_with("document_id", ids).tolist():
                if self._alive[segment.entry.id][first]:
                    seen = bool(self._seen[segment.entry.id][first])
                    path, content, place = (segment.value(name, first) for name in ("path", "content", "place"))
                    location = (segment.entry.id, first)
                    stored[segment.value("document_id", first)] = Stored(path, content, seen, location, place)
        for identifier in ids:
            if block := self._staged.get(identifier):
                stored[identifier] = Stored(block.origin.path, block.origin.content, True, None, "")
        return stored

    def mark_seen(self, stored: Stored) -> None:
        """Note that a document is unchanged, so that `drop_unseen` keeps it."""
        if stored.location:
            segment, first = stored.location
            self._seen[segment][first] = True

    def stage(self, identifier: str, block: Block, replaced: Stored | None) -> None:
        """Add a document, in place of `replaced`, which comes from `find`."""
        if replaced:
            self._drop(identifier, replaced)
        self._staged[identifier] = block
        self._change["updated" if replaced else "added"] += 1

    def move(self, part: Part, rows: BoolArray, documents: int, content: Callable[[], Content]) -> None:
        """Replace whole documents of the base, the rows where `rows` is true, by `content` with other metadata."""
        self._alive[part.segment.entry.id][rows] = False
        self._moved.append(_Moved(int(np.count_nonzero(rows)), content))
        self._change["updated"] += documents

    def drop(self, ids: Sequence[str]) -> int:
        """Delete documents, and return how many of the ids the draft held."""
        held = self.find(ids)
        for identifier, stored in held.items():
            self._drop(identifier, stored)
        self._change["deleted"] += len(held)
        return len(held)

    def drop_unseen(self, paths: Sequence[str]) -> int:
        """Delete the documents of these files that this run has not seen, and return how many they were."""
        dropped = 0
        for part in self.base.parts:
            name = part.segment.entry.id
            for first in part.segment.documents_with("path", paths).tolist():
                if self._alive[name][first] and not self._seen[name][first]:
                    self._alive[name][part.segment.rows_from(first)] = False
                    dropped += 1
        self._change["deleted"] += dropped
        return dropped

    def with_content(self, contents: Collection[bytes]) -> list[tuple[str | None, bytes, Part, int]]:
        """The documents of the base with one of these digests: path, digest, part and first row of each."""
        found: list[tuple[str | None, bytes, Part, int]] = []
        wanted = list(contents)
        for part in self.base.parts:
            rows = part.segment.documents_with("content", wanted)
            rows = rows[self._alive[part.segment.entry.id][rows]]
            paths, digests = (part.segment.table.column(name).take(rows).to_pylist() for name in ("path", "content"))
            found += zip(paths, digests, [part] * len(rows), rows.tolist(), strict=True)
        return found

    def documents_by_path(self) -> Counter[str]:
        """The number of documents of each file in the current version."""
        counts: Counter[str] = Counter()
        for part in self.base.parts:
            firsts = part.segment.first_rows
            alive = firsts[self._alive[part.segment.entry.id][firsts]]
            counts.update(
                path for path in part.segment.table.column("path").take(alive).to_pylist() if path is not None
            )
        return counts

    def stamp(self, path: str, stamp: Stamp | None) -> None:
        """Note the stamp of a file as it was read; with None, the next run reads it again."""
        if self.stamps.get(path) != stamp:
            self._sources_changed = True
            if stamp is None:
                del self.stamps[path]
            else:
                self.stamps[path] = stamp

    @property
    def is_due(self) -> bool:
        """Whether the staged documents should be committed before more are added."""
        if sum(block.origin.size for block in self._staged.values()) > _COMMIT_CHARACTERS:
            return True
        chunks = self._staged_chunks
        return chunks >= merge_policy.SEGMENT_CHUNKS or (chunks > 0 and monotonic() - self._since > _COMMIT_SECONDS)

    @property
    def _staged_chunks(self) -> int:
        return sum(len(block.chunks) for block in self._staged.values())

    def commit(self, *, final: bool = False) -> None:
        """Make the draft the current version and the base of further changes; does nothing when nothing changed.

        Either raises, and the index is as before, or returns, and the new version is on the disk. If the disk fails
        so that neither can be known, the error says so and no file is touched. The stamps of files go with the final
        commit only, unless the roots have changed: their table grows with the corpus, and an interrupted run can do
        without them.
        """
        changed = any(self._change.values())
        if not changed and not (final and (self._sources_changed or self._roots_changed)):
            return
        if changed:
            for part in self.base.parts:  # which documents exist, and which rows are theirs, was read from these
                part.segment.check((ROWS,))
        with Commit(self._store) as commit:
            alone = [
                commit.segment(moved.content(), self.base.manifest.recall) for moved in self._moved if _is_full(moved)
            ]
            rewritten = self._to_rewrite()
            new, seen = self._new_segment(commit, rewritten)
            added = [*alone, new] if new else alone
            manifest = self._next(commit, [part for part in self.base.parts if part not in rewritten], added, final)
            commit.publish(manifest)
        if new:
            self._seen[new.id] = seen
        self._staged, self._moved, self._change, self._since = {}, [], Counter(), monotonic()
        self._sources_changed &= not (final or self._roots_changed)
        self._roots_changed = False
        self._rebase(self._store.snapshot(reuse=self.base))
        collect(self._store)

    def _to_rewrite(self) -> list[Part]:
        """The segments to rewrite into the new one, by the merge policy."""
        alive = [int(self._alive[part.segment.entry.id].sum()) for part in self.base.parts]
        sizes = [
            merge_policy.Size(part.segment.entry.rows, live) for part, live in zip(self.base.parts, alive, strict=True)
        ]
        added = self._staged_chunks + sum(moved.rows for moved in self._moved if not _is_full(moved))
        return [self.base.parts[number] for number in merge_policy.to_rewrite(sizes, added)]

    def _new_segment(self, commit: Commit, rewritten: Sequence[Part]) -> tuple[SegmentEntry | None, BoolArray]:
        """Write the live rows of the rewritten segments and the staged documents; also which rows this run has seen."""
        contents, seen = [], []
        language = self.base.manifest.language
        for part in rewritten:
            alive = self._alive[part.segment.entry.id]
            contents.append(part.segment.where(alive, language))
            seen.append(self._seen[part.segment.entry.id][alive])
        for moved in self._moved:
            if not _is_full(moved):
                contents.append(moved.content())
                seen.append(np.ones(moved.rows, np.bool_))
        if self._staged:
            contents.append(_stored_form(list(self._staged.values()), language))
            seen.append(np.ones(self._staged_chunks, np.bool_))
        if not contents:
            return None, np.empty(0, np.bool_)
        return commit.segment(Content.concat(contents), self.base.manifest.recall), np.concatenate(seen)

    def _rebase(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the base; documents that this run has seen stay seen."""
        self.base = snapshot
        entries = [part.segment.entry for part in snapshot.parts]
        self._seen = {entry.id: self._seen.get(entry.id, np.zeros(entry.rows, np.bool_)) for entry in entries}
        self._alive = {part.segment.entry.id: part.mask() for part in snapshot.parts}

    def _drop(self, identifier: str, stored: Stored) -> None:
        if stored.location is None:
            del self._staged[identifier]
            return
        name, first = stored.location
        segment = next(part.segment for part in self.base.parts if part.segment.entry.id == name)
        self._alive[name][segment.rows_from(first)] = False

    def _next(self, commit: Commit, kept: Sequence[Part], new: Sequence[SegmentEntry], final: bool) -> Manifest:
        """The manifest of the next version: the kept segments, with their deleted rows, and the new ones."""
        base = self.base.manifest
        entries = [entry for part in kept if (entry := self._entry(commit, part))]
        written = self._roots_changed or (final and self._sources_changed)
        sources = commit.stamps(self.stamps, self.roots) if written else base.sources
        return base.next(
            documents=base.documents + self._change["added"] - self._change["deleted"],
            segments=(*entries, *new),
            sources=sources,
            change={name: self._change[name] for name in ("added", "updated", "deleted")},
        )

    def _entry(self, commit: Commit, part: Part) -> SegmentEntry | None:
        """A segment in the next version: as before, with more rows deleted, or left out when no row is live."""
        entry = part.segment.entry
        dead = np.flatnonzero(~self._alive[entry.id])
        if len(dead) == entry.rows - entry.live:
            return entry
        return None if len(dead) == entry.rows else replace(entry, tombstones=commit.tombstones(dead))


def _is_full(moved: _Moved) -> bool:
    """Whether moved rows become a segment of their own, so that memory is bounded by the largest one."""
    return moved.rows >= merge_policy.SEGMENT_CHUNKS


def _stored_form(blocks: Sequence[Block], language: str) -> Content:
    """The blocks in the form that a segment holds."""
    chunks = [chunk for block in blocks for chunk in block.chunks]
    origins = [block.origin for block in blocks for _ in block.chunks]
    unit, norms = unit_rows(np.concatenate([block.vectors() for block in blocks]))
    return Content.of(chunk_table(chunks, origins, norms), unit, language)
