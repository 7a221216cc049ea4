"""Text on a terminal: how wide it is, where it breaks; numbers and paths for people."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path


def columns(text: str) -> int:
    """Return the terminal columns of the text: two for a wide character. Joined emoji may take fewer."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` columns, without blank ones."""
    return [piece for line in text.splitlines() for piece in _wrap(line.expandtabs(), width)]


def shown_path(path: str | Path) -> str:
    """Return an absolute path relative to the working folder, with `..` where need be; others as they are.

    So is one that shares no folder with the working folder but the root.
    """
    here = Path.cwd()
    try:
        shared = os.path.commonpath([path, here])
    except ValueError:  # a relative path, a URL, another drive
        return str(path)
    return str(path) if Path(shared) == Path(here.anchor) else os.path.relpath(path, here)


def cut(text: str, width: int, *, start: bool = False) -> str:
    """Return the text in at most `width` columns, with an ellipsis at its end, or `start`, where it was longer."""
    if columns(text) <= width:
        return text
    kept, used = "", len("…")
    for character in reversed(text) if start else text:
        used += _columns_of(character)
        if used > width:
            break
        kept += character
    return f"…{kept[::-1]}" if start else f"{kept}…"


def plural(n: int, noun: str) -> str:
    """Return a count with its noun: "1 chunk", "2,000 chunks", "2 queries"."""
    if n != 1:
        noun = re.sub("(?<![aeiou])y$", "ie", noun) + "s"
    return f"{n:,} {noun}"


def _wrap(line: str, width: int) -> Iterator[str]:
    """Yield pieces of at most `width` columns, broken between words, or within a word that is wider."""
    piece, used = "", 0
    for word in re.findall(r"\s+|\S+", line.rstrip()):
        size = columns(word)
        if used + size <= width:
            piece, used = piece + word, used + size
            continue
        if size > width and not word.isspace():  # also scripts without spaces: Chinese, Japanese
            *full, piece = _break(piece, word, width)
            yield from filter(None, full)
        else:
            if piece.strip():
                yield piece.rstrip()
            piece = "" if word.isspace() else word
        used = columns(piece)
    if piece.strip():
        yield piece.rstrip()


def _break(piece: str, word: str, width: int) -> Iterator[str]:
    """Yield `piece` followed by the characters of `word`, in pieces of at most `width` columns."""
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
