"""From a document to its chunks: by the tokens of the model, along the structure of the text, with exact offsets.

A document is tokenised once; from then on tokens are counted by looking positions up. Chunks are cut in two
steps: into sections at headings (small ones joined), then each section evenly into pieces that fit.
Where a text may be cut is `boundaries.py`; what its headings and blocks are, its loader said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

import numpy as np

from vecsearch.boundaries import Boundaries, Level, find_boundaries, unjoined
from vecsearch.errors import InvalidOption
from vecsearch.types import Chunk, Document, Heading, IntArray, Outline, Place, Span

_SMALL = 0.25  # a section with less than this share of a chunk is joined with the next one
_SHORTEST = 0.5  # a piece is cut at a good place between this share of its fair size and what fits
_WIDE_TOKEN = 16  # characters; a longer token (an unknown word of any length) counts as several
_WIDE_GAP = 256  # characters; white space this wide counts as a token
_NOWHERE = Place(0, None, "")
_EDGE = 4  # tokens; a piece this near the limit is counted again as the model will see it


class Tokenizer(Protocol):
    """Says where the tokens of texts are; every Encoder does."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How documents are cut: tokens of a chunk at most, and tokens it repeats of the one before."""

    max_tokens: int
    overlap: int = 0

    def __post_init__(self) -> None:
        """Raises InvalidOption for sizes that cannot be."""
        for name, value in (("tokens of a chunk", self.max_tokens), ("overlap", self.overlap)):
            if type(value) is not int:
                raise InvalidOption(f"{name}: {value!r}; expected a whole number")
        if self.max_tokens < 8:
            raise InvalidOption(f"a chunk of {self.max_tokens} tokens is too small; at least 8")
        if not 0 <= self.overlap <= self.max_tokens // 2:
            raise InvalidOption(
                f"an overlap of {self.overlap} tokens does not fit chunks of {self.max_tokens}; at most half"
            )


def chunk_document(document: Document, tokenizer: Tokenizer, chunking: Chunking) -> list[Chunk]:
    """The chunks of one document; see `chunk_documents`."""
    return next(chunk_documents([document], tokenizer, chunking))


def chunk_documents(documents: Sequence[Document], tokenizer: Tokenizer, chunking: Chunking) -> Iterator[list[Chunk]]:
    """For each document its chunks in order, tokenised together because that is faster.

    No chunk has more than `chunking.max_tokens` tokens, none is blank, and for each one
    `document.text[chunk.start:chunk.end] == chunk.text`. A blank document has no chunks.
    """
    tokens = tokenizer.token_spans([document.text for document in documents])
    for document, spans in zip(documents, tokens, strict=True):
        boundaries = find_boundaries(document.text, document.outline)
        cutter = _Cutter(document, _token_starts(spans, len(document.text)), boundaries, chunking)
        pieces = chain.from_iterable(cutter.split(section) for section in cutter.sections(document.outline.headings))
        trimmed = [piece for piece in map(cutter.trim, pieces) if piece.start < piece.end]
        yield _chunks(document, _without_repeats(_fit(trimmed, cutter, tokenizer)), boundaries)


def model_text(chunk: Chunk, outline: Outline) -> str:
    """What a model reads of a chunk: its text without the markup in it; all of it when there is nothing else."""
    spans = outline.markup
    first = bisect_right(spans, chunk.start, key=lambda span: span.end)
    kept, position = [], chunk.start
    for span in islice(spans, first, None):
        if span.start >= chunk.end:
            break
        kept.append(chunk.text[position - chunk.start : max(span.start, position) - chunk.start])
        position = min(span.end, chunk.end)
    text = "".join([*kept, chunk.text[position - chunk.start :]])
    return text if text.strip() else chunk.text


class _Cutter:
    """One text with what is needed to cut it: its token starts, int64 (tokens,), and its boundaries."""

    def __init__(self, document: Document, starts: IntArray, boundaries: Boundaries, chunking: Chunking) -> None:
        self.text = document.text
        self.limit = chunking.max_tokens
        self._starts = starts
        self._cuts = boundaries.cuts
        self._blocks = np.array(document.outline.blocks, np.int64).reshape(-1, 2)
        self._overlap = chunking.overlap

    def count(self, start: int, end: int) -> int:
        """Tokens that start in the characters from `start` to `end`."""
        return self._token(end) - self._token(start)

    def sections(self, headings: Sequence[Heading]) -> Iterator[Span]:
        """The text parted at its headings; a section too small to say much goes with what follows it.

        The last one goes with what comes before it, when both fit into a chunk.
        """
        small = self.limit * _SMALL
        end = len(self.text)
        starts = [0]
        for heading in headings:
            if heading.start > starts[-1] and self.count(starts[-1], heading.start) >= small:
                starts.append(heading.start)
        if len(starts) > 1 and self.count(starts[-1], end) < small and self.count(starts[-2], end) <= self.limit:
            starts.pop()
        yield from map(Span, starts, [*starts[1:], end])

    def split(self, section: Span) -> Iterator[Span]:
        """The section in pieces of about equal size that fit, each beginning at the best place near its fair share."""
        start, fresh = section.start, section.start  # what a piece repeats lies between the two
        room = self.limit
        while self.count(fresh, section.end) > room:
            cut = self._best_cut(fresh, section.end, room)
            yield Span(start, cut)
            fresh, start = cut, self._step_back(cut, start)
            room = self.limit - self.count(start, fresh)
        yield Span(start, section.end)

    def trim(self, piece: Span) -> Span:
        """The piece without white space at its ends."""
        text = self.text[piece.start : piece.end]
        return Span(piece.start + len(text) - len(text.lstrip()), piece.start + len(text.rstrip()))

    def surely_fits(self, piece: Span) -> bool:
        """Whether the piece is well under the limit and parts no word, so that its tokens are the text's own."""
        text, (start, end) = self.text, piece
        whole_words = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
        return whole_words and self.count(start, end) <= self.limit - _EDGE

    def _token(self, position: int) -> int:
        return int(self._starts.searchsorted(position))

    def _best_cut(self, start: int, end: int, room: int) -> int:
        """Where the piece that begins at `start` should end: it fits into `room`, and some piece follows."""
        first, last = self._token(start), self._token(end)
        pieces = -(-(last - first) // room)
        fair = -(-(last - first) // pieces)
        lowest = int(self._starts[first + max(1, int(fair * _SHORTEST))])
        highest = max(int(self._starts[min(first + room, last - 1)]), start + 1)
        ideal = max(int(self._starts[min(first + fair, last - 1)]), start + 1)  # one character may be many tokens
        for level in Level:
            if level is Level.CHARACTER:
                break
            found = _nearest(self._cuts[level], ideal, lowest, highest)
            if found is not None and found > start:
                return self._before_block(found, start)
        return unjoined(self.text, ideal, start + 1, highest)

    def _before_block(self, cut: int, start: int) -> int:
        """`cut`, or, when it would part a block that fits into the next piece, where that block begins."""
        index = int(self._blocks[:, 0].searchsorted(cut)) - 1  # the last block that begins before the cut
        if index >= 0:
            begin, end = self._blocks[index].tolist()
            if cut < end and self.count(start, begin) and self.count(begin, end) <= self.limit - self._overlap:
                return int(begin)
        return cut

    def _step_back(self, cut: int, floor: int) -> int:
        """Where the piece after `cut` begins, to repeat at most `overlap` tokens from after `floor`."""
        if not self._overlap:
            return cut
        lowest = max(int(self._starts[max(0, self._token(cut) - self._overlap)]), floor + 1)
        if self.count(lowest, cut) > self._overlap:
            lowest += 1  # the character there is several tokens
        for level in (Level.SENTENCE, Level.LINE, Level.WORD):
            found = _nearest(self._cuts[level], lowest, lowest, cut)
            if found is not None and found < cut:
                return found
        return cut


def _nearest(positions: IntArray, ideal: int, lowest: int, highest: int) -> int | None:
    """Of the sorted positions from `lowest` to `highest` (inclusive) the one nearest to `ideal`."""
    after = int(positions.searchsorted(ideal))
    near = [int(position) for position in positions[max(0, after - 1) : after + 1] if lowest <= position <= highest]
    return min(near, key=lambda position: abs(position - ideal), default=None)


def _token_starts(spans: IntArray, length: int) -> IntArray:
    """Where tokens start, int64, ascending; tokens may share a place (a Hangul syllable, an emoji of several bytes).

    A token or a gap far wider than usual counts as several, so that no chunk is huge.
    """
    if not len(spans):
        return np.arange(0, length, _WIDE_GAP, dtype=np.int64)
    gap_starts = np.append(0, spans[:, 1])
    gap_ends = np.append(spans[:, 0], length)
    extra = [*_steps(spans[:, 0], spans[:, 1], _WIDE_TOKEN), *_steps(gap_starts, gap_ends, _WIDE_GAP)]
    starts: IntArray = np.sort(np.concatenate([spans[:, 0], *extra]), kind="stable")
    return starts


def _steps(starts: IntArray, ends: IntArray, width: int) -> Iterator[IntArray]:
    """Positions `width` apart inside each span wider than that."""
    for index in np.flatnonzero(ends - starts > width):
        yield np.arange(starts[index] + width, ends[index], width, dtype=np.int64)


def _fit(pieces: Sequence[Span], cutter: _Cutter, tokenizer: Tokenizer) -> Iterator[Span]:
    """The pieces, those cut in two that the tokenizer finds too long on their own.

    Tokens of a piece can differ from those it had in the text only where a word was cut or a prefix was added.
    """
    doubtful = [piece for piece in pieces if not cutter.surely_fits(piece)]
    alone = tokenizer.token_spans([cutter.text[start:end] for start, end in doubtful])
    counts = {piece: len(spans) for piece, spans in zip(doubtful, alone, strict=True)}
    for piece in pieces:
        if counts.get(piece, 0) <= cutter.limit or piece.end - piece.start == 1:
            yield piece
        else:
            halves = map(cutter.trim, _halves(piece, cutter.text))
            yield from _fit([half for half in halves if half.start < half.end], cutter, tokenizer)


def _halves(piece: Span, text: str) -> list[Span]:
    """The piece cut at the white space nearest before its middle, or else near its middle."""
    middle = (piece.start + piece.end) // 2
    blank = max(text.rfind(" ", piece.start + 1, middle), text.rfind("\n", piece.start + 1, middle))
    cut = blank if blank > 0 else unjoined(text, middle, piece.start + 1, piece.end - 1)
    return [Span(piece.start, cut), Span(cut + (blank > 0), piece.end)]


def _without_repeats(pieces: Iterable[Span]) -> Iterator[Span]:
    """The pieces in order, without those that lie wholly in another: what an overlap repeats may be all of a piece."""
    end = 0
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.end > end:
            end = piece.end
            yield piece


def _chunks(document: Document, pieces: Iterable[Span], boundaries: Boundaries) -> list[Chunk]:
    headings = _HeadingPath(document.outline.headings)
    return [
        Chunk(
            document_id=document.id,
            ordinal=ordinal,
            start=start,
            end=end,
            text=document.text[start:end],
            line=boundaries.line(start),
            page=place.page,
            heading=headings.at(start),
            place=place.label,
        )
        for ordinal, (start, end) in enumerate(pieces)
        for place in [_place_at(document.outline.places, start)]
    ]


def _place_at(places: Sequence[Place], position: int) -> Place:
    """The last of the places that starts at or before `position`; one that says nothing when there is none."""
    after = bisect_right(places, position, key=lambda place: place.start)
    return places[after - 1] if after else _NOWHERE


class _HeadingPath:
    """The titles above a position, asked for in ascending order."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._coming = list(reversed(headings))
        self._open: list[Heading] = []

    def at(self, position: int) -> str:
        while self._coming and self._coming[-1].start <= position:
            heading = self._coming.pop()
            self._open = [above for above in self._open if above.level < heading.level]
            self._open.append(heading)
        return " > ".join(heading.title for heading in self._open)
