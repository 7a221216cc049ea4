"""Frozen values that go into the library and come out of it: documents, chunks, hits. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, time
from math import isfinite
from numbers import Real
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from vecsearch.choices import Dedupe as Dedupe
from vecsearch.choices import Metric as Metric
from vecsearch.choices import Mode as Mode
from vecsearch.choices import Role as Role
from vecsearch.choices import Splitter as Splitter

FloatArray: TypeAlias = npt.NDArray[np.float32]
ScoreArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Where: TypeAlias = str | Mapping[str, Any]  # a condition, in SQL or as a dict


class ArrowTable(Protocol):
    """A table of pandas, Polars, DuckDB, Arrow, ...: whatever has Arrow's interface for streams."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the rows as a capsule."""


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
    """Where in its file the text from `start` to the next place is: "page 3", "slide 2", "Sales, row 14"."""

    start: int
    page: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The structure of a text as its loader saw it, in character offsets, each list in order."""

    headings: tuple[Heading, ...] = ()
    blocks: tuple[Span, ...] = ()  # code blocks and tables: kept whole where they fit
    markup: tuple[Span, ...] = ()  # part of the format, not of the text: the model does not read it
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One text to index. `id` is unique in an index: adding the same id again replaces the document."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    outline: Outline = Outline()


def chunk_id(document_id: str, ordinal: int) -> str:
    """Return the id of a chunk, `document_id#ordinal`, unique in an index."""
    return f"{document_id}#{ordinal}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document: `document.text[start:end] == text`, the unit that is embedded and found."""

    document_id: str
    ordinal: int  # its number among the chunks of the document, from 0
    start: int
    end: int
    text: str
    line: int  # line of `start` in the document's text, from 1
    page: int | None = None
    heading: str = ""  # the headings above it, outermost first: "Guide > Install"
    place: str = ""  # where in its file, when that says more than a line: "slide 2", "Sales, row 14"

    @property
    def id(self) -> str:
        """The chunk's id, `document_id#ordinal`."""
        return chunk_id(self.document_id, self.ordinal)


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers a query.

    `score` is what the search ranked by, `similarity` the exact cosine (in [-1, 1]) or dot product of the vectors of
    query and chunk, whatever found the hit; None in mode "lexical", which encodes no query unless an option asks for
    its meaning. Higher is better for both. A chunk's vector is made of its text without
    markup, and of the text around it if the index was created so. `source` is the file or URL that the text came from,
    `start` and `end` are character offsets in its text. `line` is that of the text in it; of a record, and of a row of
    a sheet, `row` is the number, from 1, and `line` of a record is that of the record in its file, in Parquet its row.
    """

    score: float
    similarity: float | None
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
    row: int | None = None
    explanation: Explanation | None = None  # with `explain`
    index: str | None = None  # the path of its index, in a search of several

    def to_dict(self) -> dict[str, Any]:
        """Return the hit as values that json.dumps() takes: dates in ISO 8601, NaN and infinities as None.

        The key `explanation` is there only with `explain`, `index` only in a search of several.
        """
        optional = {"explanation": None if self.explanation is None else asdict(self.explanation), "index": self.index}
        fields = {name: json_safe(getattr(self, name)) for name in self.__slots__ if name not in optional}
        return {**fields, **{name: json_safe(value) for name, value in optional.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chunk that answers a query, as its ids and the scores of a `Hit`; its text was not read."""

    score: float
    similarity: float | None
    document_id: str
    chunk_id: str

    def to_dict(self) -> dict[str, Any]:
        """Return the ids and scores as values that json.dumps() takes."""
        return {name: json_safe(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Something to search by: a `text`, the `id` of a chunk or document, or a `vector`, (dim,); exactly one of them.

    In a sum of examples each is its unit vector times its `weight`.
    """

    text: str | None = None
    id: str | None = None
    vector: FloatArray | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A word of a query and the word of a text nearest to it in meaning, each as characters of its own text."""

    query: Span
    text: Span
    similarity: float  # the cosine of their vectors, each the mean of its tokens' in their contexts


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a chunk is a hit: its rank and score in each retriever, and which of its words match the query's.

    Ranks start from 1; None where a retriever did not find the chunk.
    """

    dense_rank: int | None
    dense_score: float | None  # the similarity, whether or not the dense retriever found the chunk
    lexical_rank: int | None
    lexical_score: float | None  # BM25
    words: tuple[Span, ...]  # of the hit's text, in order, that match the query's words
    tokens: tuple[TokenMatch, ...]  # for each word of the query; empty for a model without token vectors
    reranked: float | None = None  # the score of a reranker
    dense_weight: float | None = None  # the weight of the dense score where both were fused, 0 to 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in a list: its id, the file or URL it came from, its number of chunks, whether its id is its path."""

    document_id: str
    source: str | None
    chunks: int
    is_file: bool


Strength: TypeAlias = Literal["strong", "fair", "weak"]


class Closeness(NamedTuple):
    """How much of the query's words, by weight, a hit has, 0 to 1, and how strong it is; None where that is unknown."""

    share: float
    strength: Strength | None


def json_safe(value: Any) -> Any:
    """Return a value as json.dumps() takes it: dates in ISO 8601, NaN and infinities as None, tuples as lists."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Real):
        return float(value) if isfinite(value) else None
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): json_safe(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [json_safe(each) for each in value]
    return str(value)
