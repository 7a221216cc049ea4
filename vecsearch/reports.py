"""Reports of runs, indexes and caches, as frozen values. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or document that did not get into the index, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class NeedsExtra(Failure):
    """A file of a `kind`, such as PDF, that a package of an extra is needed for.

    What the index holds of it stays, and the next run tries again.
    """

    extra: str
    kind: str


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A document that nearly repeats the one named by `before`; `similarity` estimates their Jaccard similarity."""

    document_id: str
    before: str
    similarity: float
    left_out: bool


@dataclass(frozen=True, slots=True)
class Root:
    """A file or folder that an index follows, with the flags that it was indexed with, as `Index.sync` takes them."""

    path: str
    flags: Mapping[str, Any]
    documents: int  # that are from this root and from none inside it
    synced: str | None  # when it was last brought in step, ISO 8601 in UTC; None where that was not noted
    exists: bool


@dataclass(frozen=True, slots=True)
class MissingRoot:
    """A root that is gone, or (not `mounted`) a folder whose disk is not mounted; its documents are kept."""

    path: str
    documents: int
    mounted: bool


@dataclass(frozen=True, slots=True)
class FlagChange:
    """A root that was indexed with other flags than before, as `Index.sync` takes them; the new ones hold now."""

    path: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a prune did: documents deleted, and the paths of the roots that the index no longer follows."""

    deleted: int
    forgotten: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A file or folder that was found again, by its contents, at another path."""

    source: str
    target: str
    documents: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a write is: documents done, chunks encoded, bytes of files read."""

    documents: int
    chunks: int
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a write did: documents added, updated, unchanged, deleted; chunks written, encoded by the model or cached.

    `failed` could not be read or indexed; what the index held of them stays. `skipped` hold no text (empty or binary
    files), or are NeedsExtra. `seconds` is wall-clock time.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: tuple[Failure, ...] = ()
    skipped: tuple[Failure, ...] = ()
    chunks: int = 0
    encoded: int = 0
    cached: int = 0
    seconds: float = 0.0
    measured_recall: float | None = None  # share of the nearest chunks that a search finds; None: all of them
    duplicates: int = 0  # chunks written whose text another document has; these two only with `dedupe`
    near_duplicates: tuple[NearDuplicate, ...] = ()
    moved: tuple[Move, ...] = ()  # from outside the roots of this run; files moved within count as added and deleted
    missing: tuple[MissingRoot, ...] = ()
    changed_flags: tuple[FlagChange, ...] = ()  # roots that were named with other flags than before


@dataclass(frozen=True, slots=True)
class Info:
    """What an index holds: `chunks` that a search can find, `deleted` ones that still take space, `bytes` on disk."""

    path: str
    version: int
    created: str  # when this version was committed, ISO 8601 in UTC
    model: str
    fingerprint: str
    dim: int
    metric: str
    chunk_tokens: int
    overlap: int
    splitter: str
    context: bool
    keep_text: bool
    language: str
    recall: float  # least share of the nearest chunks that a search is to find
    measured_recall: float | None  # share found in the segment where it is lowest; None: search is exact
    documents: int
    chunks: int
    deleted: int
    segments: int
    files: int  # whose documents it holds
    bytes: int
    roots: tuple[str, ...] = ()  # the files and folders that it follows
    synced: str | None = None  # when one of them was last brought in step, ISO 8601 in UTC
    types: Mapping[str, int] = field(default_factory=dict)  # files by the end of their name, such as "md"; most first
    source_bytes: int = 0  # of these files


@dataclass(frozen=True, slots=True)
class CachedModel:
    """What the cache holds of one model: `vectors`, the `bytes` of their values, and when one was used last."""

    name: str  # for people; the fingerprint says which model it is
    fingerprint: str
    vectors: int
    bytes: int
    last_use: str  # ISO 8601 in UTC, to six hours


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What the cache holds: `bytes` on disk, of at most `size`, and `derived_bytes` of files derived from models."""

    path: str
    bytes: int
    size: int
    vectors: int
    oldest_use: str | None  # of the vectors to be removed first; ISO 8601 in UTC, to six hours
    models: tuple[CachedModel, ...]  # the largest first
    derived_bytes: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an index on disk: what it holds, and what it changed against the one before.

    `bytes` are those of its segments, which versions share: they do not add up to what is on disk. A version with a
    `problem`, why its manifest cannot be read, has only its number and its tags.
    """

    number: int
    created: str  # ISO 8601 in UTC
    documents: int
    chunks: int
    segments: int
    bytes: int
    change: dict[str, int]  # documents added, updated, deleted; or the version that was restored
    tags: tuple[str, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class VersionLog:
    """The versions of an index, the newest first, its tags that cannot be read, and the bytes of its folder."""

    versions: tuple[Version, ...]
    problems: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in a file of an index; `repairable` if the whole file can be written again from the others.

    `past` if only past versions name the file: the current one does not need it, and it is removed with them.
    """

    file: str  # relative to the index's folder
    kind: str  # missing, size, checksum, content
    detail: str
    repairable: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked in an index, and the faults that were found.

    `leftovers` are files that no version names: an interrupted commit left them, the next one removes them. `foreign`
    files are in the folder but no index made them; they are never removed.
    """

    versions: int
    files: int
    bytes: int
    problems: tuple[Problem, ...]
    leftovers: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems
