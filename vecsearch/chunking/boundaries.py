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
from typing import Any

import numpy as np
import numpy.typing as npt

from vecsearch.chunking.positions import Positions, place_in, position_type
from vecsearch.types import BoolArray, Outline


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
    """The positions where a new chunk may begin: sorted, for each level except CHARACTER."""

    cuts: dict[Level, Positions]
    line_starts: Positions

    def line(self, position: int) -> int:
        """Return the number, from 1, of the line that contains `position`."""
        return place_in(self.line_starts, position + 1)


# A terminator, closing marks, then white space; full-width terminators need no space after them.
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]»]*\s+|[。！？｡]+[\"'”’」』）]*\s*")
_BLOCK = 1 << 20  # characters, or lines, that are looked at together: their arrays take many times the text's memory
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}


def find_boundaries(text: str, outline: Outline) -> Boundaries:
    """Return the boundaries of `text`; inside the outline's blocks, paragraphs are no better than lines."""
    kind = position_type(len(text))
    space, line_starts, words = _scanned(text, kind)
    cuts = {
        **_line_cuts(space, line_starts, words),
        Level.SENTENCE: np.fromiter((end for end in _sentence_ends(text) if not is_joined(text, end)), kind),
        Level.WORD: words,
    }
    _protect_blocks(cuts, outline)
    return Boundaries(cuts, line_starts)


def _scanned(text: str, kind: type[Any]) -> tuple[BoolArray, Positions, Positions]:
    """Return which characters are white space, as by str.isspace, and where lines and words start."""
    space = np.empty(len(text), np.bool_)
    lines: list[Positions] = [np.zeros(1, kind)]
    words: list[Positions] = []
    for start in range(0, len(text), _BLOCK):
        points = _code_points(text[start : start + _BLOCK + 1])  # and the next character
        size = min(_BLOCK, len(text) - start)
        space[start : start + size] = np.isin(points[:size], _SPACES)
        newline = points == 10
        lone_return = points[:size] == 13
        lone_return[: len(points) - 1] &= ~newline[1 : size + 1]
        lines.append((np.flatnonzero(newline[:size] | lone_return) + (start + 1)).astype(kind))
        before = np.append(start == 0 or space[start - 1], space[start : start + size - 1])
        words.append((np.flatnonzero(~space[start : start + size] & before) + start).astype(kind))
    return space, np.concatenate(lines), np.concatenate([*words, np.empty(0, kind)])


def _line_cuts(space: BoolArray, line_starts: Positions, words: Positions) -> dict[Level, Positions]:
    """Return the starts of lines that are not blank; of those below a blank one, apart, by their indentation."""
    n = len(space)
    ends = np.append(words, words.dtype.type(n))  # so that there is always a next word
    parts: dict[Level, list[Positions]] = {level: [] for level in (Level.SECTION, Level.PARAGRAPH, Level.LINE)}
    was_visible = True
    for start in range(0, len(line_starts), _BLOCK):
        lines = line_starts[start : start + _BLOCK]
        following = np.append(lines[1:], line_starts[start + _BLOCK] if start + _BLOCK < len(line_starts) else n)
        is_blank = np.ones(len(lines), np.bool_)
        inside = lines < n
        is_blank[inside] = space[lines[inside]]
        first = np.where(is_blank, ends[words.searchsorted(lines)], lines)  # the first visible character from there on
        visible = first < following
        after_blank = np.append(not was_visible, ~visible[:-1]) & visible
        indented = first > lines
        parts[Level.SECTION].append(lines[after_blank & ~indented])
        parts[Level.PARAGRAPH].append(lines[after_blank & indented])
        parts[Level.LINE].append(lines[visible])
        was_visible = bool(visible[-1])
    return {level: np.concatenate(arrays) for level, arrays in parts.items()}


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


def _protect_blocks(cuts: dict[Level, Positions], outline: Outline) -> None:
    """Add the edges of blocks as PARAGRAPH cuts, and lower better cuts inside blocks to LINE."""
    if not outline.blocks:
        return
    edges = np.array(outline.blocks, cuts[Level.WORD].dtype)  # (blocks, 2)
    for level in (Level.SECTION, Level.PARAGRAPH, Level.SENTENCE):
        inside = _inside(cuts[level], edges)
        if level is not Level.SENTENCE:
            cuts[Level.LINE] = np.union1d(cuts[Level.LINE], cuts[level][inside])
        cuts[level] = cuts[level][~inside]
    cuts[Level.PARAGRAPH] = np.union1d(cuts[Level.PARAGRAPH], edges.ravel())


def _inside(positions: Positions, edges: Positions) -> BoolArray:
    """Whether each position lies strictly inside one of the spans, which are in order."""
    before = np.searchsorted(edges[:, 0], positions, side="left") - 1  # the last span that starts before it
    inside: BoolArray = (before >= 0) & (positions < edges[before, 1])
    return inside


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


_SPACES = np.array([point for point in range(0x3001) if chr(point).isspace()], np.uint32)
