"""Where the tokens of a text start; all token counts are looked up in these positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from vecsearch.types import IntArray

EDGE = 4  # tokens that a text may gain on its own compared with inside a longer one, when no word is split
_WIDE_TOKEN = 16  # characters; a longer token, such as an unknown word, counts as several
_WIDE_GAP = 256  # characters; each such stretch of white space counts as a token


class Tokenizer(Protocol):
    """Finds the tokens of texts; every Encoder is one."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return for each text the character offsets of its tokens: int64 (tokens, 2)."""


def token_starts(spans: IntArray, length: int) -> IntArray:
    """Return where tokens start, int64, ascending; several may start at one character (a Hangul syllable, an emoji).

    A token or a gap that is much wider than usual counts as several, so that no chunk is huge.
    """
    if not len(spans):
        return np.arange(0, length, _WIDE_GAP, dtype=np.int64)
    gap_starts = np.append(0, spans[:, 1])
    gap_ends = np.append(spans[:, 0], length)
    extra = [*_steps(spans[:, 0], spans[:, 1], _WIDE_TOKEN), *_steps(gap_starts, gap_ends, _WIDE_GAP)]
    starts: IntArray = np.sort(np.concatenate([spans[:, 0], *extra]), kind="stable")
    return starts


def _steps(starts: IntArray, ends: IntArray, width: int) -> Iterator[IntArray]:
    """Yield the positions `width` apart inside each span wider than that."""
    for index in np.flatnonzero(ends - starts > width):
        yield np.arange(starts[index] + width, ends[index], width, dtype=np.int64)
