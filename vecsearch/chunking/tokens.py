"""Where the tokens of a text start: what every count of tokens is looked up in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from vecsearch.types import IntArray

EDGE = 4  # tokens that a text may have more on its own than in a longer one, when no word is cut
_WIDE_TOKEN = 16  # characters; a longer token (an unknown word of any length) counts as several
_WIDE_GAP = 256  # characters; white space this wide counts as a token


class Tokenizer(Protocol):
    """Says where the tokens of texts are; every Encoder does."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2)."""


def token_starts(spans: IntArray, length: int) -> IntArray:
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
