"""An excerpt of a passage: the lines that match a query best, with the matches in bold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import click

from .characters import left_out, printable
from .text import wrapped

if TYPE_CHECKING:
    from vecsearch.types import Span


class _Style(NamedTuple):
    """How a character is shown: bold in a word of the query, underlined in a word of similar meaning."""

    bold: bool
    underlined: bool


_PLAIN = _Style(False, False)
_Line = list[tuple[str, _Style]]


def excerpt(text: str, words: Iterable[Span], width: int, lines: int | None, similar: Iterable[Span] = ()) -> list[str]:
    """Return the text in styled lines of at most `width` columns (40 or more), or the `lines` with most matches.

    `words` are bold, `similar` spans underlined.
    """
    bold, underlined = _offsets(words), _offsets(similar)
    hidden = left_out(text)
    styles = iter(  # of the characters that wrapping keeps, in order
        _Style(offset in bold, offset in underlined)
        for offset, character in enumerate(text)
        if not character.isspace() and character not in hidden
    )
    width -= {None: 0, 1: len("…  …")}.get(lines, len("… "))  # for the ellipses of _window()
    every = [
        [(character, _PLAIN if character.isspace() else next(styles)) for character in line]
        for line in wrapped(printable(text), width)
    ]
    return _window(every, lines)


def _offsets(spans: Iterable[Span]) -> set[int]:
    return {offset for span in spans for offset in range(*span)}


def _window(every: Sequence[_Line], lines: int | None) -> list[str]:
    """Return the consecutive lines with the most distinct matches, with an ellipsis where the passage goes on."""
    count = len(every) if lines is None else min(lines, len(every))
    matches = [{piece.casefold() for style, piece in _pieces(line) if style != _PLAIN} for line in every]
    starts = range(len(every) - count + 1)
    first = max(starts, key=lambda start: (len(set().union(*matches[start : start + count])), -start))
    shown = [_styled(line) for line in every[first : first + count]]
    if first:
        shown[0] = f"… {shown[0]}"
    if first + count < len(every):
        shown[-1] = f"{shown[-1]} …"
    return shown


def _styled(line: _Line) -> str:
    return "".join(
        piece if style == _PLAIN else click.style(piece, bold=style.bold or None, underline=style.underlined or None)
        for style, piece in _pieces(line)
    )


def _pieces(line: _Line) -> Iterator[tuple[_Style, str]]:
    """Yield the runs of a line that have one style."""
    for style, group in groupby(line, key=lambda entry: entry[1]):
        yield style, "".join(character for character, _ in group)
