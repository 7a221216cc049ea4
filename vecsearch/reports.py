"""What runs, indexes and caches say of themselves, as frozen values. No I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or document that did not get into the index, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A document that says nearly the same as one that was there `before` it; `similarity` estimates Jaccard's."""

    document_id: str
    before: str
    similarity: float
    left_out: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a write has come: documents settled, chunks encoded, and bytes of files read."""

    documents: int
    chunks: int
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a write did, in documents; `chunks` written, of which `encoded` by the model and `cached`.

    `failed` could not be read or indexed: what the index held of them stays. `skipped` hold no text
    (empty or binary files). `seconds` is wall-clock time.
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
    measured_recall: float | None = None  # what share of the nearest chunks a search finds; None: all of them
    duplicates: int = 0  # chunks written whose text another document has; these two when they were asked for
    near_duplicates: tuple[NearDuplicate, ...] = ()


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
    recall: float  # what share of the nearest chunks a search is to find at least
    measured_recall: float | None  # what share it found, in the segment where that is lowest; None: search is exact
    documents: int
    chunks: int
    deleted: int
    segments: int
    files: int  # that were read into it
    bytes: int


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
    """What the cache holds: `bytes` on disk, of at most `size`, beside them `derived_bytes` of files made of models."""

    path: str
    bytes: int
    size: int
    vectors: int
    oldest_use: str | None  # of what would go first; ISO 8601 in UTC, to six hours
    models: tuple[CachedModel, ...]  # the largest first
    derived_bytes: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an index that is kept: what it holds, and what it changed against the one before.

    `bytes` are those of its segments, which versions share: they do not add up to what is on disk.
    """

    number: int
    created: str  # ISO 8601 in UTC
    documents: int
    chunks: int
    segments: int
    bytes: int
    change: dict[str, int]  # documents added, updated, deleted; or the version that was restored
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a file of an index; `repairable` when all of it can be made anew from the rest.

    `past` when only versions of the past have the file: the current one does without it, and it goes with them.
    """

    file: str  # relative to the index's folder
    kind: str  # missing, size, checksum, content
    detail: str
    repairable: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked of an index and what was found wrong.

    `leftovers` are files that no version names: an interrupted commit left them, the next one removes them.
    """

    versions: int
    files: int
    bytes: int
    problems: tuple[Problem, ...]
    leftovers: tuple[str, ...]
    repaired: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems
