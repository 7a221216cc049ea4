"""A passage on a terminal: wrapped to a width, the words of the query in bold, the lines around them first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import click

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHORTEST_WORD = 3  # shorter words of a query are in every line


def printable(text: str) -> str:
    """The text without what could move the cursor, change colours or turn the writing direction."""
    return _CONTROL.sub("", encodable(text))


def encodable(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, such as a file's name has for a byte that is no character."""
    return _SURROGATE.sub("\ufffd", text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character. Joined emoji may take fewer."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def excerpt(passage: str, query: str, width: int, lines: int | None) -> list[str]:
    """The passage in lines of at most `width` columns, or those `lines` of it with the most words of the query."""
    text = printable(passage)
    width -= 0 if lines is None else len("… ")
    every = wrapped(text, width)
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) >= _SHORTEST_WORD}
    pattern = (
        re.compile(rf"\b({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})", re.I) if words else None
    )
    shown = _best_lines(every, pattern, lines)
    return [
        pattern.sub(lambda match: click.style(match.group(), bold=True), line) if pattern else line for line in shown
    ]


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, without blank ones."""
    return [piece for line in text.splitlines() for piece in _wrapped(line.expandtabs(), width)]


def _best_lines(every: list[str], pattern: re.Pattern[str] | None, lines: int | None) -> list[str]:
    if lines is None or len(every) <= lines:
        return every
    found = [{match.lower() for match in pattern.findall(line)} if pattern else set() for line in every]
    starts = range(len(every) - lines + 1)
    first = max(starts, key=lambda start: (len(set().union(*found[start : start + lines])), -start))
    before, after = "… " if first else "", " …" if first + lines < len(every) else ""
    shown = every[first : first + lines]
    shown[0], shown[-1] = before + shown[0], shown[-1] + after
    return shown


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
