"""Where the tokens of a text start; all token counts are looked up in these positions.

A long text is tokenised in windows, since a tokenizer's own record of a token takes some hundred bytes. They are cut
where no token is: before white space, else after a sentence, else between characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from vecsearch.chunking.boundaries import unjoined
from vecsearch.chunking.positions import Positions, position_type
from vecsearch.types import IntArray

EDGE = 4  # tokens that a text may gain on its own compared with inside a longer one, when no word is split
_WIDE_TOKEN = 16  # characters; a longer token, such as an unknown word, counts as several
_WIDE_GAP = 256  # characters; each such stretch of white space counts as a token
_WINDOW = 1 << 18  # characters that are tokenised at a time; a multiple of the widths above
_STOPS = "。！？；，、.!?"  # where a text without white space is cut


class Tokenizer(Protocol):
    """Finds the tokens of texts; every Encoder is one."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return for each text the character offsets of its tokens: int64 (tokens, 2)."""


def starts_of(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[Positions]:
    """Yield for each text where its tokens start, ascending; short texts are tokenised together, which is faster.

    Several tokens may start at one character (a Hangul syllable, an emoji). A token or a gap that is much wider than
    usual counts as several, so that no chunk is huge.
    """
    short = iter(tokenizer.token_spans([text for text in texts if len(text) <= _WINDOW]))
    for text in texts:
        windows = [(0, next(short))] if len(text) <= _WINDOW else _windows(text, tokenizer)
        yield _starts(windows, len(text))


def token_counts(texts: Iterable[str], tokenizer: Tokenizer) -> Iterator[int]:
    """Yield the number of tokens of each text; about a window of them is tokenised at a time."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _WINDOW:
            yield from map(len, tokenizer.token_spans(batch))
            batch, size = [], 0
    if batch:
        yield from map(len, tokenizer.token_spans(batch))


def _windows(text: str, tokenizer: Tokenizer) -> Iterator[tuple[int, IntArray]]:
    """Yield the windows of a text: where each starts, and the spans of its tokens, int64 (tokens, 2), in itself."""
    start = 0
    while start < len(text):
        end = _window_end(text, start)
        yield start, tokenizer.token_spans([text[start:end]])[0]
        start = end


def _window_end(text: str, start: int) -> int:
    """Return where the window that starts at `start` ends: before white space, else after a sentence, else anywhere."""
    highest = start + _WINDOW
    if highest >= len(text):
        return len(text)
    lowest = start + _WINDOW // 2
    blank = max(text.rfind(" ", lowest, highest), text.rfind("\n", lowest, highest))
    while lowest < blank and text[blank - 1].isspace():
        blank -= 1
    if blank > lowest:
        return blank
    stop = max(text.rfind(sign, lowest, highest) for sign in _STOPS) + 1
    return stop or unjoined(text, highest, lowest, highest)


def _starts(windows: Iterable[tuple[int, IntArray]], length: int) -> Positions:
    """Return where tokens start, and the steps inside wide tokens and gaps."""
    kind = position_type(length)
    parts: list[Positions] = []
    end = 0  # of the last token
    for offset, spans in windows:
        if len(spans):
            spans = spans + offset if offset else spans
            gaps = _steps(np.append(end, spans[:-1, 1]), spans[:, 0], _WIDE_GAP)
            extra = [*_steps(spans[:, 0], spans[:, 1], _WIDE_TOKEN), *gaps]
            parts.append(np.sort(np.concatenate([spans[:, 0], *extra]), kind="stable").astype(kind))
            end = int(spans[-1, 1])
    if not parts:
        return np.arange(0, length, _WIDE_GAP, dtype=kind)
    parts += [steps.astype(kind) for steps in _steps(np.array([end]), np.array([length]), _WIDE_GAP)]
    return np.concatenate(parts)


def _steps(starts: IntArray, ends: IntArray, width: int) -> Iterator[IntArray]:
    """Yield the positions `width` apart inside each span wider than that."""
    for index in np.flatnonzero(ends - starts > width):
        yield np.arange(starts[index] + width, ends[index], width, dtype=np.int64)
