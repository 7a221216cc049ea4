"""A text → pieces that fit: sections at given positions, small ones joined, each cut evenly at its best boundaries.

Tokens are counted by looking up where they start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from vecsearch.chunking.boundaries import Boundaries, Level, unjoined
from vecsearch.chunking.options import Chunking
from vecsearch.chunking.positions import Positions, place_in
from vecsearch.chunking.tokens import EDGE, Tokenizer, token_counts
from vecsearch.types import Span

_SMALL = 0.25  # a section with less than this share of a chunk is joined with the next one
_SHORTEST = 0.5  # a piece is cut between this share of its fair size and what fits


class Cutter:
    """One text and what is needed to cut it: its token starts, (tokens,), its boundaries and its blocks."""

    def __init__(
        self, text: str, starts: Positions, boundaries: Boundaries, blocks: Sequence[Span], chunking: Chunking
    ) -> None:
        self.text = text
        self.limit = chunking.max_tokens
        self.boundaries = boundaries
        self._starts = starts
        self._blocks = np.array(blocks, np.int64).reshape(-1, 2)
        self._overlap = chunking.overlap

    def count(self, start: int, end: int) -> int:
        """Return the number of tokens that start between the positions `start` and `end`."""
        return self._token(end) - self._token(start)

    def sections(self, cuts: Iterable[int], least: int | None = None) -> Iterator[Span]:
        """Yield the sections between these positions, ascending; one that is too small is joined with the next.

        Too small means fewer than `least` tokens, by default a quarter of a chunk. The last section is joined with the
        one before it, if both fit into a chunk.
        """
        small = self.limit * _SMALL if least is None else least
        end = len(self.text)
        starts = [0]
        for cut in cuts:
            if cut > starts[-1] and self.count(starts[-1], cut) >= small:
                starts.append(cut)
        if len(starts) > 1 and self.count(starts[-1], end) < small and self.count(starts[-2], end) <= self.limit:
            starts.pop()
        yield from map(Span, starts, [*starts[1:], end])

    def split(self, section: Span) -> Iterator[Span]:
        """Yield pieces of the section that fit, of about equal size, each cut at the best boundary near its share."""
        start, fresh = section.start, section.start  # the overlap of a piece lies between the two
        room = self.limit
        while self.count(fresh, section.end) > room:
            cut = self._best_cut(fresh, section.end, room)
            yield Span(start, cut)
            fresh, start = cut, self.before(cut, start + 1, self._overlap)
            room = self.limit - self.count(start, fresh)
        yield Span(start, section.end)

    def trim(self, piece: Span) -> Span:
        """Return the piece without white space at its ends."""
        text = self.text[piece.start : piece.end]
        return Span(piece.start + len(text) - len(text.lstrip()), piece.start + len(text.rstrip()))

    def surely_fits(self, piece: Span, limit: int) -> bool:
        """Whether the piece is well under the limit and splits no word: on its own it has the same tokens."""
        text, (start, end) = self.text, piece
        whole_words = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
        return whole_words and self.count(start, end) <= limit - EDGE

    def before(self, position: int, lowest: int, tokens: int) -> int:
        """Return the start of the last `tokens` tokens before `position`, at a sentence, line or word from `lowest`."""
        if not tokens:
            return position
        if not lowest and self._token(position) <= tokens:
            return 0
        lowest = max(int(self._starts[max(0, self._token(position) - tokens)]), lowest)
        if self.count(lowest, position) > tokens:
            lowest += 1  # the character there is several tokens
        return self._boundary(lowest, lowest, position - 1, position)

    def after(self, position: int, tokens: int) -> int:
        """Return the end of the next `tokens` tokens from `position` on, after a sentence, line or word."""
        last = self._token(position) + tokens
        highest = int(self._starts[last]) if last < len(self._starts) else len(self.text)
        return highest if highest == len(self.text) else self._boundary(highest, position + 1, highest, position)

    def first(self, piece: Span, tokens: int) -> Span:
        """Return the piece up to the end of its first `tokens` tokens."""
        last = self._token(piece.start) + tokens
        return piece if last >= self._token(piece.end) else Span(piece.start, int(self._starts[last]))

    def _token(self, position: int) -> int:
        """Return the index of the first token that starts at or after `position`."""
        return place_in(self._starts, position)

    def _boundary(self, ideal: int, lowest: int, highest: int, default: int) -> int:
        """Return the boundary from `lowest` to `highest` nearest `ideal`: of a sentence, else a line, else a word."""
        for level in (Level.SENTENCE, Level.LINE, Level.WORD):
            cut = _nearest(self.boundaries.cuts[level], ideal, lowest, highest)
            if cut is not None:
                return cut
        return default

    def _best_cut(self, start: int, end: int, room: int) -> int:
        """Return where the piece from `start` should end: it has at most `room` tokens, and `end` lies beyond."""
        first, last = self._token(start), self._token(end)
        pieces = -(-(last - first) // room)
        fair = -(-(last - first) // pieces)
        lowest = int(self._starts[first + max(1, int(fair * _SHORTEST))])
        highest = max(int(self._starts[min(first + room, last - 1)]), start + 1)
        ideal = max(int(self._starts[min(first + fair, last - 1)]), start + 1)  # one character may be many tokens
        for level in Level:
            if level is Level.CHARACTER:
                break
            cut = _nearest(self.boundaries.cuts[level], ideal, lowest, highest)
            if cut is not None and cut > start:
                return self._before_block(cut, start)
        return unjoined(self.text, ideal, start + 1, highest)

    def _before_block(self, cut: int, start: int) -> int:
        """Return `cut`; if it splits a block that fits into the next piece, the start of that block."""
        index = int(self._blocks[:, 0].searchsorted(cut)) - 1  # the last block that begins before the cut
        if index >= 0:
            begin, end = self._blocks[index].tolist()
            if cut < end and self.count(start, begin) and self.count(begin, end) <= self.limit - self._overlap:
                return int(begin)
        return cut


def fit(pieces: Sequence[Span], cutter: Cutter, tokenizer: Tokenizer) -> Iterator[Span]:
    """Yield the pieces; those that are too long when tokenised on their own are halved until they fit.

    On its own a piece can have other tokens than in the text only where a word is split or a prefix is added.
    """
    doubtful = [piece for piece in pieces if not cutter.surely_fits(piece, cutter.limit)]
    alone = token_counts((cutter.text[start:end] for start, end in doubtful), tokenizer)
    counts = dict(zip(doubtful, alone, strict=True))
    for piece in pieces:
        if counts.get(piece, 0) <= cutter.limit or piece.end - piece.start == 1:
            yield piece
        else:
            halves = map(cutter.trim, _halves(piece, cutter.text))
            yield from fit([half for half in halves if half.start < half.end], cutter, tokenizer)


def without_repeats(pieces: Iterable[Span]) -> Iterator[Span]:
    """Yield the pieces in order, without those inside another one: an overlap may repeat a whole piece."""
    end = 0
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.end > end:
            end = piece.end
            yield piece


def _nearest(positions: Positions, ideal: int, lowest: int, highest: int) -> int | None:
    """Return the position from `lowest` to `highest` (inclusive) that is nearest to `ideal`; they are sorted."""
    after = place_in(positions, ideal)
    near = [int(position) for position in positions[max(0, after - 1) : after + 1] if lowest <= position <= highest]
    return min(near, key=lambda position: abs(position - ideal), default=None)


def _halves(piece: Span, text: str) -> list[Span]:
    """Return the piece cut at the last white space before its middle, else near its middle."""
    middle = (piece.start + piece.end) // 2
    blank = max(text.rfind(" ", piece.start + 1, middle), text.rfind("\n", piece.start + 1, middle))
    cut = blank if blank > 0 else unjoined(text, middle, piece.start + 1, piece.end - 1)
    return [Span(piece.start, cut), Span(cut + (blank > 0), piece.end)]
