"""Hits of a search, as passages or as ids, and one passage with the text around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import click

from . import View
from .characters import printable, visible
from .explanations import explanation_lines
from .passages import excerpt
from .streams import terminal_width
from .text import shown_path, wrapped

if TYPE_CHECKING:
    from vecsearch import Hit, Passage, Ranked
    from vecsearch.types import Chunk, Span

_Matched: TypeAlias = "Callable[[str, str], Sequence[Span]]"
_INDENT = "     "
_LINES = 4  # of a passage
_WHITESPACE = str.maketrans("\t\n", "  ")  # in an id: a line is one chunk, and a tab ends its id
_CHUNK = ("start", "end", "line", "page", "place", "heading", "text")
_PLACE = ("start", "end", "line", "row", "page", "place", "heading", "text")
_HIT = ("score", "similarity", "document_id", "chunk_id", "source", *_PLACE, "metadata")
_PASSAGE = ("source", "chunks", "before", "after", "metadata")


@dataclass(frozen=True)
class HitsView(View):
    """The hits of one query, each with an excerpt of its passage and its explanation, if it has one.

    `matched` returns the spans of a text that a query matches. `titled` prints the query above its hits.
    """

    query: str
    hits: Sequence[Hit]
    matched: _Matched
    full: bool
    titled: bool
    styled: ClassVar[bool] = True

    def fields(self) -> dict[str, Any]:
        """Return the query and all that hits hold."""
        return {"query": self.query, "hits": [_hit_fields(rank, hit) for rank, hit in enumerate(self.hits, 1)]}

    def lines(self) -> Iterator[str]:
        """Yield for each hit a line with its scores and location, its passage, and a blank line."""
        if self.titled:
            yield click.style(visible(self.query), bold=True, underline=True)
        if not self.hits:
            yield "nothing found"
        for rank, hit in enumerate(self.hits, 1):
            heading = f"  {visible(hit.heading)}" if hit.heading else ""
            location = click.style(_location(hit.source, hit), fg="cyan")
            ordinal = click.style("#" + hit.chunk_id.rpartition("#")[2], dim=True)
            yield f"{rank:>2}. {_scores(hit)}  {location} {ordinal}{heading}"
            yield from (_INDENT + line for line in self._passage(hit))
            yield ""

    def _passage(self, hit: Hit) -> list[str]:
        width, lines = terminal_width() - len(_INDENT), None if self.full else _LINES
        if hit.explanation is None:
            return excerpt(hit.text, self.matched(self.query, hit.text), width, lines)
        return explanation_lines(self.query, hit, hit.explanation, width, lines=lines)


@dataclass(frozen=True)
class IdsView(View):
    """The hits of one query by id and score; `prefix` begins each line."""

    query: str
    ranked: Sequence[Ranked]
    prefix: str

    def fields(self) -> dict[str, Any]:
        """Return the query and the ids and scores of its hits."""
        return {"query": self.query, "hits": [{"rank": rank, **asdict(hit)} for rank, hit in enumerate(self.ranked, 1)]}

    def lines(self) -> Iterator[str]:
        """Yield for each hit its chunk id, a tab and its score."""
        for hit in self.ranked:
            yield f"{self.prefix}{hit.chunk_id.translate(_WHITESPACE)}\t{hit.score:.6f}"


@dataclass(frozen=True)
class PassageView(View):
    """A chunk with the text around it; a bar marks the chunk's own lines."""

    passage: Passage
    styled: ClassVar[bool] = True

    def fields(self) -> dict[str, Any]:
        """Return all that the passage holds."""
        chunk = self.passage.chunk
        return {
            "chunk_id": chunk.id,
            **{name: getattr(chunk, name) for name in ("document_id", "ordinal", *_CHUNK)},
            **{name: getattr(self.passage, name) for name in _PASSAGE},
        }

    def lines(self) -> Iterator[str]:
        """Yield the chunk's location, its metadata, and the text."""
        passage, chunk = self.passage, self.passage.chunk
        position = f"chunk {chunk.ordinal + 1:,} of {passage.chunks:,}"
        location = click.style(_location(passage.source, chunk), fg="cyan")
        yield f"{location}  {position}  {visible(chunk.heading)}".rstrip()
        for key, value in passage.metadata.items():
            yield f"{_INDENT}{visible(key)}: {visible(' '.join(str(value).split()))}"
        for text, mark in ((passage.before, "  "), (chunk.text, "| "), (passage.after, "  ")):
            for line in wrapped(printable(text), terminal_width() - len(mark)):
                yield mark + line


def _hit_fields(rank: int, hit: Hit) -> dict[str, Any]:
    fields = {"rank": rank, **{name: getattr(hit, name) for name in _HIT}}
    return fields if hit.explanation is None else {**fields, "explanation": asdict(hit.explanation)}


def _scores(hit: Hit) -> str:
    """Return the score that ranks the hit, with its similarity in brackets where that is another number."""
    score = click.style(f"{hit.score:.4f}", fg="green")
    return score if hit.similarity in (None, hit.score) else f"{score} ({hit.similarity:.4f})"


def _location(source: str | None, chunk: Hit | Chunk) -> str:
    """Return the file, line and place of a chunk, or its document's id where it has no file."""
    if not source:
        return visible(chunk.document_id)
    return visible(f"{shown_path(source)}:{chunk.line}" + (f" ({chunk.place})" if chunk.place else ""))
