"""Hits of a search: as passages, one screen of them; as files, lines for an editor, or ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import click

from . import View
from .characters import printable, visible
from .explanations import explanation_lines
from .links import linked
from .markup import plain
from .passages import excerpt
from .streams import is_coloured, is_terminal, terminal_width
from .text import columns, cut, shown_path, wrapped

if TYPE_CHECKING:
    from vecsearch import Hit, Passage, Ranked
    from vecsearch.types import Chunk, Closeness, Span, Strength

_Matched: TypeAlias = "Callable[[str], Sequence[Span]]"
_INDENT = "    "
_LINES = 2  # of a passage
_EXPLAINED_LINES = 4
_EDITOR_COLUMNS = 200  # of a passage in a line for an editor
_WHITESPACE = str.maketrans("\t\n", "  ")  # in an id: a line is one chunk, and a tab ends its id
_CHUNK = ("start", "end", "line", "page", "place", "heading", "text")
_PLACE = ("start", "end", "line", "row", "page", "place", "heading", "text")
_HIT = ("score", "similarity", "document_id", "chunk_id", "source", *_PLACE, "metadata")
_PASSAGE = ("source", "chunks", "before", "after", "metadata")
_STRENGTHS = {"strong": {"fg": "green"}, "fair": {"fg": "yellow"}, "weak": {"dim": True}}
NOTHING = "nothing found"
NOTHING_CLOSE = "nothing close enough found"


@dataclass(frozen=True, kw_only=True)
class Look:
    """How hits are shown: whole passages, all numbers, the fields of metadata to show, the query above its hits.

    `ranked_by` says what the score of a hit is. Hits that are `judged` have a strength, and weak ones are set apart.
    Without `for_people` only what JSON has is needed.
    """

    full: bool = False
    scores: bool = False
    fields: Sequence[str] = ()
    titled: bool = False
    ranked_by: str = ""
    judged: bool = False
    for_people: bool = True


@dataclass(frozen=True)
class HitsView(View):
    """The hits of one query; `close` says how close each is, where that was asked for, `around` has their passages.

    `matched` returns the spans of a text that the query matches.
    """

    query: str
    hits: Sequence[Hit]
    matched: _Matched
    look: Look = field(default_factory=Look)
    close: Sequence[Closeness] = ()
    around: Sequence[Passage] = ()
    continued: Sequence[bool] = ()  # whether PATH:LINE stands for an earlier chunk than this hit
    styled: ClassVar[bool] = True

    @property
    def has_hits(self) -> bool:
        """Whether there are hits, whatever they are worth."""
        return bool(self.hits)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found that may be an answer."""
        return all(self._is_weak(number) for number in range(len(self.hits)))

    def close_hits(self) -> list[Hit]:
        """Return the hits that may be answers."""
        return [hit for number, hit in enumerate(self.hits) if not self._is_weak(number)]

    def fields(self) -> dict[str, Any]:
        """Return the query and all that hits hold."""
        hits = [_hit_fields(rank, hit) for rank, hit in enumerate(self.hits, 1)]
        if self.look.scores:
            hits = [{**hit, **each._asdict()} for hit, each in zip(hits, self.close, strict=True)]
        return {"query": self.query, "hits": hits}

    def lines(self) -> Iterator[str]:
        """Yield for each hit a line with its place and similarity, and its passage; weak hits are set apart."""
        if self.look.titled:
            yield click.style(visible(self.query), bold=True, underline=True)
        weak = [number for number in range(len(self.hits)) if self._is_weak(number)]
        close = [number for number in range(len(self.hits)) if number not in weak]
        if not self.hits:
            yield NOTHING
        yield from self._group(close)
        if weak:
            yield click.style("less close", dim=True) if close else f"{NOTHING_CLOSE}; the nearest passages:"
            yield from self._group(weak)

    def _is_weak(self, number: int) -> bool:
        return self._strength(number) == "weak"

    def _strength(self, number: int) -> Strength | None:
        return self.close[number].strength if self.close and self.look.judged else None

    def _group(self, numbers: Sequence[int]) -> Iterator[str]:
        """Yield the lines of these hits, neighbours in a document below one another."""
        ordered = _with_neighbours(self.hits, numbers)
        for place, number in enumerate(ordered):
            yield self._header(number)
            hit = self.hits[number]
            if self.look.scores:
                yield _INDENT + click.style(self._all_scores(number), dim=True)
            if self.look.fields:
                yield _INDENT + _metadata(hit, self.look.fields)
            yield from self._passage(number)
            following = ordered[place + 1] if place + 1 < len(ordered) else None
            if following is None or not _are_neighbours(hit, self.hits[following]):
                yield ""

    def _header(self, number: int) -> str:
        """Return rank, place, heading and similarity in one line: on a terminal cut to its width."""
        hit = self.hits[number]
        measure, styled = self._measure(number)
        room = terminal_width() - len(_INDENT) - columns(measure) - 2
        location = _location(hit) + (f"#{_ordinal(hit)}" if self.continued and self.continued[number] else "")
        shown = cut(location, room, start=True) if is_terminal() else location
        about = _about(hit, room - columns(shown))
        line = hit.line if hit.source else None
        place = click.style(shown, fg="cyan")
        if is_terminal() and is_coloured():
            place = linked(place, hit.source, line)
        return f"{number + 1:>2}. {place}{about}  {styled}"

    def _measure(self, number: int) -> tuple[str, str]:
        """Return the one number of a hit with its name, plain and in colour."""
        hit = self.hits[number]
        if hit.similarity is None:
            text = f"BM25 {hit.score:.2f}"
            return text, text
        text = f"similarity {hit.similarity:.2f}"
        strength = self._strength(number)
        if strength is None:
            return text, text
        return f"{text} {strength}", f"{text} {click.style(strength, **_STRENGTHS[strength])}"  # type: ignore[arg-type]

    def _all_scores(self, number: int) -> str:
        hit = self.hits[number]
        facts = [f"score {hit.score:.4f}, {self.look.ranked_by}"]
        if hit.similarity is not None:
            facts.append(f"similarity {hit.similarity:.4f}, of -1 to 1")
        if self.close:
            facts.append(f"{self.close[number].share:.0%} of the query's words")
        return "; ".join(facts)

    def _passage(self, number: int) -> Iterator[str]:
        hit, width = self.hits[number], terminal_width() - len(_INDENT)
        if self.around:
            yield from _around(self.around[number])
        elif hit.explanation is not None:
            lines = None if self.look.full else _EXPLAINED_LINES
            yield from (
                _INDENT + line for line in explanation_lines(self.query, hit, hit.explanation, width, lines=lines)
            )
        else:
            text = hit.text if self.look.full else plain(hit)
            lines = None if self.look.full else _LINES
            yield from (_INDENT + line for line in excerpt(text, self.matched(text), width, lines))


@dataclass(frozen=True)
class FilesView(View):
    """The files of the close hits, each once, in the order of their best hits."""

    found: HitsView

    def fields(self) -> dict[str, Any]:
        """Return what HitsView returns."""
        return self.found.fields()

    def notices(self) -> Iterator[str]:
        """Yield that nothing was found."""
        if self.found.is_empty:
            yield NOTHING_CLOSE if self.found.hits else NOTHING

    def lines(self) -> list[str]:
        """Return a line for each file, or for the id of what is from no file."""
        return list(dict.fromkeys(shown_path(hit.source or hit.document_id) for hit in self.found.close_hits()))


@dataclass(frozen=True)
class EditorView(FilesView):
    """The close hits as lines that editors jump to: PATH:LINE:TEXT."""

    def lines(self) -> list[str]:
        """Return a line for each hit that is from a file."""
        return [
            f"{shown_path(hit.source)}:{hit.line}:{' '.join(printable(cut(plain(hit), _EDITOR_COLUMNS)).split())}"
            for hit in self.found.close_hits()
            if hit.source
        ]


@dataclass(frozen=True)
class IdsView(View):
    """The hits of one query by id and score; `prefix` begins each line."""

    query: str
    ranked: Sequence[Ranked]
    prefix: str

    @property
    def has_hits(self) -> bool:
        """Whether there are hits."""
        return bool(self.ranked)

    @property
    def is_empty(self) -> bool:
        """Whether there are none."""
        return not self.ranked

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
        location = click.style(_place_of(passage.source, chunk), fg="cyan")
        yield f"{location}  {position}  {visible(chunk.heading)}".rstrip()
        for key, value in passage.metadata.items():
            yield f"     {visible(key)}: {_one_line(value)}"
        yield from _around(passage)


def _around(passage: Passage) -> Iterator[str]:
    """Yield the text of a chunk after a bar, between the text before and after it."""
    for text, mark in ((passage.before, "  "), (passage.chunk.text, "| "), (passage.after, "  ")):
        for line in wrapped(printable(text), terminal_width() - len(mark)):
            yield mark + line


def _with_neighbours(hits: Sequence[Hit], numbers: Sequence[int]) -> list[int]:
    """Return the numbers in their order, but a hit that continues an earlier one, or precedes it, right after that."""
    ordered: list[int] = []
    for number in numbers:
        beside = [place for place, other in enumerate(ordered) if _are_neighbours(hits[other], hits[number])]
        ordered.insert(beside[-1] + 1 if beside else len(ordered), number)
    return ordered


def _are_neighbours(one: Hit, other: Hit) -> bool:
    """Whether two chunks follow one another in a document."""
    return one.document_id == other.document_id and abs(_ordinal(one) - _ordinal(other)) == 1


def _ordinal(hit: Hit) -> int:
    return int(hit.chunk_id.rpartition("#")[2])


def _hit_fields(rank: int, hit: Hit) -> dict[str, Any]:
    fields = {"rank": rank, **{name: getattr(hit, name) for name in _HIT}}
    return fields if hit.explanation is None else {**fields, "explanation": asdict(hit.explanation)}


def _metadata(hit: Hit, names: Sequence[str]) -> str:
    return " · ".join(f"{visible(name)}: {_one_line(hit.metadata.get(name, 'none'))}" for name in names)


def _one_line(value: Any) -> str:
    return visible(" ".join(str(value).split()))


def _location(hit: Hit) -> str:
    """Return the file and line of a hit, as every command takes it; its id where it is from no file."""
    if not hit.source:
        return visible(hit.document_id)
    return visible(f"{shown_path(hit.source)}:{hit.line}")


def _about(hit: Hit, room: int) -> str:
    """Return what follows the place of a hit, in `room` columns: the id and title of a record, or the headings.

    Of headings the innermost ones are kept.
    """
    if _is_record(hit):
        title = hit.metadata.get("title")
        parts = [hit.document_id, *([f'"{_one_line(title)}"'] if isinstance(title, str) and title.strip() else [])]
        return _if_long(cut("".join(f" · {visible(part)}" for part in parts), room))
    place = f" ({visible(hit.place)})" if hit.place else ""
    headings = [visible(heading) for heading in hit.heading.split(" > ") if heading]
    about = place + "".join(f" › {heading}" for heading in headings)
    while len(headings) > 1 and columns(about) > room:
        headings = headings[1:]
        about = f"{place} › … › {' › '.join(headings)}"
    return _if_long(cut(about, room))


def _if_long(about: str) -> str:
    return about if columns(about) > len(" › a…") else ""


def _is_record(hit: Hit) -> bool:
    """Whether a hit is a row of a file of records, rather than of a sheet."""
    return hit.row is not None and hit.place.startswith("row ")


def _place_of(source: str | None, chunk: Chunk) -> str:
    """Return the file, line and place of a chunk, or its document's id where it has no file."""
    if not source:
        return visible(chunk.document_id)
    return visible(f"{shown_path(source)}:{chunk.line}" + (f" ({chunk.place})" if chunk.place else ""))
