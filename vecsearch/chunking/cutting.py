"""A text into pieces that fit: sections at given places, small ones joined, each cut evenly at its best boundaries.

Counts tokens by looking up where they start. What a section is, it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from vecsearch.chunking.boundaries import Boundaries, Level, unjoined
from vecsearch.chunking.options import Chunking
from vecsearch.chunking.tokens import EDGE, Tokenizer
from vecsearch.types import IntArray, Span

_SMALL = 0.25  # a section with less than this share of a chunk is joined with the next one
_SHORTEST = 0.5  # a piece is cut at a good place between this share of its fair size and what fits


class Cutter:
    """One text with what is needed to cut it: its token starts, int64 (tokens,), its boundaries and its blocks."""

    def __init__(
        self, text: str, starts: IntArray, boundaries: Boundaries, blocks: Sequence[Span], chunking: Chunking
    ) -> None:
        self.text = text
        self.limit = chunking.max_tokens
        self.boundaries = boundaries
        self._starts = starts
        self._blocks = np.array(blocks, np.int64).reshape(-1, 2)
        self._overlap = chunking.overlap

    def count(self, start: int, end: int) -> int:
        """Tokens that start in the characters from `start` to `end`."""
        return self._token(end) - self._token(start)

    def sections(self, places: Iterable[int], least: int | None = None) -> Iterator[Span]:
        """The text parted at these places, ascending; a section too small to say much goes with what follows it.

        Too small is one of less than `least` tokens, by default a quarter of a chunk. The last one goes with what
        comes before it, when both fit into a chunk.
        """
        small = self.limit * _SMALL if least is None else least
        end = len(self.text)
        starts = [0]
        for place in places:
            if place > starts[-1] and self.count(starts[-1], place) >= small:
                starts.append(place)
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
            fresh, start = cut, self.before(cut, start + 1, self._overlap)
            room = self.limit - self.count(start, fresh)
        yield Span(start, section.end)

    def trim(self, piece: Span) -> Span:
        """The piece without white space at its ends."""
        text = self.text[piece.start : piece.end]
        return Span(piece.start + len(text) - len(text.lstrip()), piece.start + len(text.rstrip()))

    def surely_fits(self, piece: Span, limit: int) -> bool:
        """Whether the piece is well under the limit and parts no word, so that its tokens are the text's own."""
        text, (start, end) = self.text, piece
        whole_words = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
        return whole_words and self.count(start, end) <= limit - EDGE

    def before(self, place: int, lowest: int, tokens: int) -> int:
        """Where the last `tokens` tokens before `place` begin, at a sentence, line or word not below `lowest`."""
        if not tokens:
            return place
        if not lowest and self._token(place) <= tokens:
            return 0
        lowest = max(int(self._starts[max(0, self._token(place) - tokens)]), lowest)
        if self.count(lowest, place) > tokens:
            lowest += 1  # the character there is several tokens
        return self._whole(lowest, lowest, place - 1, place)

    def after(self, place: int, tokens: int) -> int:
        """Where the next `tokens` tokens from `place` on end, after a sentence, line or word."""
        last = self._token(place) + tokens
        highest = int(self._starts[last]) if last < len(self._starts) else len(self.text)
        return highest if highest == len(self.text) else self._whole(highest, place + 1, highest, place)

    def first(self, piece: Span, tokens: int) -> Span:
        """The piece to the end of its first `tokens` tokens."""
        last = self._token(piece.start) + tokens
        return piece if last >= self._token(piece.end) else Span(piece.start, int(self._starts[last]))

    def _token(self, position: int) -> int:
        return int(self._starts.searchsorted(position))

    def _whole(self, ideal: int, lowest: int, highest: int, otherwise: int) -> int:
        """The place between the two where a sentence begins, or else a line, or a word, that is nearest to `ideal`."""
        for level in (Level.SENTENCE, Level.LINE, Level.WORD):
            found = _nearest(self.boundaries.cuts[level], ideal, lowest, highest)
            if found is not None:
                return found
        return otherwise

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
            found = _nearest(self.boundaries.cuts[level], ideal, lowest, highest)
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


def fit(pieces: Sequence[Span], cutter: Cutter, tokenizer: Tokenizer) -> Iterator[Span]:
    """The pieces, those cut in two that the tokenizer finds too long on their own.

    Tokens of a piece can differ from those it had in the text only where a word was cut or a prefix was added.
    """
    doubtful = [piece for piece in pieces if not cutter.surely_fits(piece, cutter.limit)]
    alone = tokenizer.token_spans([cutter.text[start:end] for start, end in doubtful])
    counts = {piece: len(spans) for piece, spans in zip(doubtful, alone, strict=True)}
    for piece in pieces:
        if counts.get(piece, 0) <= cutter.limit or piece.end - piece.start == 1:
            yield piece
        else:
            halves = map(cutter.trim, _halves(piece, cutter.text))
            yield from fit([half for half in halves if half.start < half.end], cutter, tokenizer)


def without_repeats(pieces: Iterable[Span]) -> Iterator[Span]:
    """The pieces in order, without those that lie wholly in another: what an overlap repeats may be all of a piece."""
    end = 0
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.end > end:
            end = piece.end
            yield piece


def _nearest(positions: IntArray, ideal: int, lowest: int, highest: int) -> int | None:
    """Of the sorted positions from `lowest` to `highest` (inclusive) the one nearest to `ideal`."""
    after = int(positions.searchsorted(ideal))
    near = [int(position) for position in positions[max(0, after - 1) : after + 1] if lowest <= position <= highest]
    return min(near, key=lambda position: abs(position - ideal), default=None)


def _halves(piece: Span, text: str) -> list[Span]:
    """The piece cut at the white space nearest before its middle, or else near its middle."""
    middle = (piece.start + piece.end) // 2
    blank = max(text.rfind(" ", piece.start + 1, middle), text.rfind("\n", piece.start + 1, middle))
    cut = blank if blank > 0 else unjoined(text, middle, piece.start + 1, piece.end - 1)
    return [Span(piece.start, cut), Span(cut + (blank > 0), piece.end)]
