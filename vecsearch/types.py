"""The words of the library as frozen values: what goes in, what comes out. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vecsearch.errors import InvalidOption

if TYPE_CHECKING:
    from typing_extensions import Self

FloatArray: TypeAlias = npt.NDArray[np.float32]
ScoreArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


class _Choice(str, Enum):
    """One of a few words."""

    @classmethod
    def of(cls, word: Self | str) -> Self:
        """The member that `word` names; raises InvalidOption for another word."""
        try:
            return cls(word)
        except ValueError:
            known = ", ".join(member.value for member in cls)
            raise InvalidOption(f"{cls.__name__.lower()} is {word!r}; one of: {known}") from None


class Metric(_Choice):
    """How two vectors are compared; higher is closer for both."""

    COSINE = "cosine"
    DOT = "dot"


class Mode(_Choice):
    """How hits are found."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


class Role(_Choice):
    """Which side of a search a text stands on; some models prompt the two differently."""

    QUERY = "query"
    DOCUMENT = "document"


class Heading(NamedTuple):
    """A heading of a document: where its line starts, its level (1 is the highest), its title."""

    start: int
    level: int
    title: str


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a document's text."""

    start: int
    end: int


class Place(NamedTuple):
    """Where in its file the text from `start` on stands, up to the next place: "page 3", "slide 2", "Sales, row 14"."""

    start: int
    page: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The structure of a text as its loader saw it, in character offsets, each list in order."""

    headings: tuple[Heading, ...] = ()
    blocks: tuple[Span, ...] = ()  # code blocks and tables: kept whole where they fit
    markup: tuple[Span, ...] = ()  # what belongs to the format and is no text: a model does not read it
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One text to index. `id` is unique in an index: adding the same id again replaces the document."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    outline: Outline = Outline()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document: `document.text[start:end] == text`, the unit that is embedded and found."""

    document_id: str
    ordinal: int  # its place among the chunks of the document, from 0
    start: int
    end: int
    text: str
    line: int  # line of `start` in the document's text, from 1
    page: int | None = None
    heading: str = ""  # the titles above it, outermost first: "Guide > Install"
    place: str = ""  # where in its file, for people, when that says more than a line: "slide 2", "Sales, row 14"

    @property
    def id(self) -> str:
        """`document_id#ordinal`, unique in an index."""
        return f"{self.document_id}#{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers a query.

    `score` is what the search ranked by, `similarity` the exact cosine (in [-1, 1]) or dot product
    of the query's and the chunk's vector, whatever found the hit. Higher is better for both. A chunk's vector is made
    of its text without what is only markup.
    `source` is the file or address the text came from, `start` and `end` characters of its text.
    """

    score: float
    similarity: float
    text: str
    document_id: str
    chunk_id: str
    source: str | None
    start: int
    end: int
    line: int
    page: int | None
    heading: str
    metadata: dict[str, Any]
    place: str = ""
    explanation: Explanation | None = None  # when it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Something to search by, of which one is named: a `text`, the `id` of a chunk or document, or a `vector`, (dim,).

    Added up, each counts with its direction times its `weight`.
    """

    text: str | None = None
    id: str | None = None
    vector: FloatArray | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A word of a query and the word of a text that means most nearly the same, each as characters of its own text."""

    query: Span
    text: Span
    similarity: float  # the cosine of their vectors, each the mean of its tokens' in their contexts


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a chunk is a hit: what each leg of the search made of it, and which of its words answer the query's.

    A rank is the place among what a leg brought, from 1; None where it did not bring the chunk.
    """

    dense_rank: int | None
    dense_score: float  # the similarity, whether or not the dense leg brought the chunk
    lexical_rank: int | None
    lexical_score: float | None  # BM25
    words: tuple[Span, ...]  # of the hit's text, in order, that the query's words are found by
    tokens: tuple[TokenMatch, ...]  # for each word of the query; none from a model that shows no token vectors
    reranked: float | None = None  # what a reranker gave it


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or document that did not get into the index, and why."""

    source: str
    reason: str


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
    """Something that is wrong with a file of an index; `repairable` when all of it can be made anew from the rest."""

    file: str  # relative to the index's folder
    kind: str  # missing, size, checksum, content
    detail: str
    repairable: bool = False


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
