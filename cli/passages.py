"""A passage on a terminal: wrapped to a width, the lines that say most, in them the words of the query in bold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from vecsearch.types import Span

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _Look(NamedTuple):
    """How a character is shown: bold in a word of the query, underlined in one that means nearly the same as one."""

    bold: bool
    underlined: bool


_PLAIN = _Look(False, False)
_Line = list[tuple[str, _Look]]


def printable(text: str) -> str:
    """The text without what could move the cursor, change colours or turn the writing direction."""
    return _CONTROL.sub("", encodable(text))


def encodable(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, such as a file's name has for a byte that is no character."""
    return _SURROGATE.sub("\ufffd", text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character. Joined emoji may take fewer."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def excerpt(text: str, words: Iterable[Span], width: int, lines: int | None, alike: Iterable[Span] = ()) -> list[str]:
    """The text in styled lines of at most `width` columns (40 or more), or those `lines` of it with the most to show.

    Bold are the `words` of a query, underlined what means `alike`.
    """
    bold, underlined = _places(words), _places(alike)
    looks = iter(  # of the characters that wrapping keeps, in their order
        _Look(place in bold, place in underlined)
        for place, character in enumerate(text)
        if not character.isspace() and printable(character)
    )
    width -= {None: 0, 1: len("…  …")}.get(lines, len("… "))  # for the signs of _window()
    every = [
        [(character, _PLAIN if character.isspace() else next(looks)) for character in line]
        for line in wrapped(printable(text), width)
    ]
    return _window(every, lines)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, without blank ones."""
    return [piece for line in text.splitlines() for piece in _wrapped(line.expandtabs(), width)]


def _places(spans: Iterable[Span]) -> set[int]:
    return {place for span in spans for place in range(*span)}


def _window(every: Sequence[_Line], lines: int | None) -> list[str]:
    """The lines next to one another in which most is marked that differs, with signs where the passage goes on."""
    count = len(every) if lines is None else min(lines, len(every))
    marked = [{piece.casefold() for look, piece in _pieces(line) if look != _PLAIN} for line in every]
    starts = range(len(every) - count + 1)
    first = max(starts, key=lambda start: (len(set().union(*marked[start : start + count])), -start))
    shown = [_styled(line) for line in every[first : first + count]]
    if first:
        shown[0] = f"… {shown[0]}"
    if first + count < len(every):
        shown[-1] = f"{shown[-1]} …"
    return shown


def _styled(line: _Line) -> str:
    return "".join(
        piece if look == _PLAIN else click.style(piece, bold=look.bold or None, underline=look.underlined or None)
        for look, piece in _pieces(line)
    )


def _pieces(line: _Line) -> Iterator[tuple[_Look, str]]:
    """What of a line looks the same, one piece after the other."""
    for look, group in groupby(line, key=lambda entry: entry[1]):
        yield look, "".join(character for character, _ in group)


def _wrapped(line: str, width: int) -> Iterator[str]:
    """The line in pieces of at most `width` columns: broken between words, within one only when it is wider."""
    piece, used = "", 0
    for word in re.findall(r"\s+|\S+", line.rstrip()):
        size = columns(word)
        if used + size <= width:
            piece, used = piece + word, used + size
            continue
        if size > width and not word.isspace():  # also what is written without blanks: Chinese, Japanese
            *full, piece = _broken(piece, word, width)
            yield from filter(None, full)
        else:
            if piece.strip():
                yield piece.rstrip()
            piece = "" if word.isspace() else word
        used = columns(piece)
    if piece.strip():
        yield piece.rstrip()


def _broken(piece: str, word: str, width: int) -> Iterator[str]:
    """Pieces of at most `width` columns, of which the first begins with `piece` and all go on with `word`."""
    used = columns(piece)
    for character in word:
        size = _columns_of(character)
        if used + size > width:
            yield piece.rstrip()
            piece, used = "", 0
        piece, used = piece + character, used + size
    yield piece


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):  # drawn over the character before it, or not at all
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
