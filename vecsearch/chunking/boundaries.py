"""Where a text may be cut, in levels from best to worst: positions in characters, found with array operations.

Knows nothing of tokens or chunks. Every function takes time linear in the text, whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain

import numpy as np
import numpy.typing as npt

from vecsearch.types import BoolArray, IntArray, Outline


class Level(IntEnum):
    """How good a position is for a cut; lower is better."""

    SECTION = 0  # a blank line before an unindented line: between paragraphs, between top-level definitions
    PARAGRAPH = 1  # a blank line before an indented line
    SENTENCE = 2
    LINE = 3
    WORD = 4
    CHARACTER = 5


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The positions where a new chunk may begin: sorted, int64, for each level except CHARACTER."""

    cuts: dict[Level, IntArray]
    line_starts: IntArray

    def line(self, position: int) -> int:
        """Return the number, from 1, of the line that contains `position`."""
        return int(np.searchsorted(self.line_starts, position, side="right"))


# A terminator, closing marks, then white space; full-width terminators need no space after them.
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]»]*\s+|[。！？｡]+[\"'”’」』）]*\s*")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}


def find_boundaries(text: str, outline: Outline) -> Boundaries:
    """Return the boundaries of `text`; inside the outline's blocks, paragraphs are no better than lines."""
    space = _is_space(text)
    line_starts = _line_starts(text)
    first = _next_visible(space)[line_starts]  # for each line, the position of its first visible character
    ends = np.append(line_starts[1:], len(text))
    visible = first < ends
    after_blank = np.append(False, ~visible[:-1]) & visible
    indented = first > line_starts
    starts_word = ~space & np.append(True, space)[:-1]
    cuts = {
        Level.SECTION: line_starts[after_blank & ~indented],
        Level.PARAGRAPH: line_starts[after_blank & indented],
        Level.SENTENCE: np.array([end for end in _sentence_ends(text) if not is_joined(text, end)], np.int64),
        Level.LINE: line_starts[visible],
        Level.WORD: np.flatnonzero(starts_word).astype(np.int64),
    }
    _protect_blocks(cuts, outline)
    return Boundaries(cuts, line_starts)


def is_joined(text: str, position: int) -> bool:
    """Whether a cut at `position` would split what is read as one character (marks, emoji sequences, CR LF)."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before == "\r" and after == "\n":
        return True
    if before.isspace():
        return False  # after white space, it modifies nothing visible
    if before == "\u200d" or after in _JOINERS or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _is_regional(before) and _is_regional(after):
        return True
    return unicodedata.category(after).startswith("M")


def unjoined(text: str, position: int, lowest: int, highest: int) -> int:
    """Return the nearest position before `position`, else after it, that splits no character; else `position`."""
    candidates = chain(range(position, lowest - 1, -1), range(position + 1, highest + 1))
    return next((candidate for candidate in candidates if not is_joined(text, candidate)), position)


def _sentence_ends(text: str) -> Iterator[int]:
    return (match.end() for match in _SENTENCE_END.finditer(text))


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _protect_blocks(cuts: dict[Level, IntArray], outline: Outline) -> None:
    """Add the edges of blocks as PARAGRAPH cuts, and lower better cuts inside blocks to LINE."""
    if not outline.blocks:
        return
    edges = np.array(outline.blocks, np.int64)  # (blocks, 2)
    for level in (Level.SECTION, Level.PARAGRAPH, Level.SENTENCE):
        inside = _inside(cuts[level], edges)
        if level is not Level.SENTENCE:
            cuts[Level.LINE] = np.union1d(cuts[Level.LINE], cuts[level][inside])
        cuts[level] = cuts[level][~inside]
    cuts[Level.PARAGRAPH] = np.union1d(cuts[Level.PARAGRAPH], edges.ravel())


def _inside(positions: IntArray, edges: IntArray) -> BoolArray:
    """Whether each position lies strictly inside one of the spans, which are in order."""
    before = np.searchsorted(edges[:, 0], positions, side="left") - 1  # the last span that starts before it
    inside: BoolArray = (before >= 0) & (positions < edges[before, 1])
    return inside


def _line_starts(text: str) -> IntArray:
    points = np.append(_code_points(text), 0)
    newline = points == 10
    lone_return = (points[:-1] == 13) & ~newline[1:]
    return np.append(0, np.flatnonzero(newline[:-1] | lone_return) + 1).astype(np.int64)


def _is_space(text: str) -> BoolArray:
    """Whether each character is white space, as by str.isspace."""
    space: BoolArray = np.isin(_code_points(text), _SPACES)
    return space


def _next_visible(space: BoolArray) -> IntArray:
    """Return for each position, and the end, the next position that is visible; the length if there is none."""
    n = len(space)
    positions = np.append(np.where(space, n, np.arange(n)), n)
    following: IntArray = np.minimum.accumulate(positions[::-1])[::-1]
    return following


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


_SPACES = np.array([point for point in range(0x3001) if chr(point).isspace()], np.uint32)
