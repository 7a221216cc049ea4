"""A passage on a terminal: wrapped to a width, the words of the query in bold, the lines around them first."""

from __future__ import annotations

import re
import textwrap

import click

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHORTEST_WORD = 3  # shorter words of a query are in every line


def printable(text: str) -> str:
    """The text without what could move the cursor, change colours or turn the writing direction."""
    return _CONTROL.sub("", text)


def excerpt(passage: str, query: str, width: int, lines: int | None) -> list[str]:
    """The passage in lines of at most `width` characters, or those `lines` of it with the most words of the query."""
    text = printable(passage)
    width -= 0 if lines is None else len("… ")
    wrapped = [piece for line in text.splitlines() for piece in textwrap.wrap(line, width, break_on_hyphens=False)]
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) >= _SHORTEST_WORD}
    pattern = (
        re.compile(rf"\b({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})", re.I) if words else None
    )
    shown = _best_lines(wrapped, pattern, lines)
    return [
        pattern.sub(lambda match: click.style(match.group(), bold=True), line) if pattern else line for line in shown
    ]


def _best_lines(wrapped: list[str], pattern: re.Pattern[str] | None, lines: int | None) -> list[str]:
    if lines is None or len(wrapped) <= lines:
        return wrapped
    found = [{match.lower() for match in pattern.findall(line)} if pattern else set() for line in wrapped]
    starts = range(len(wrapped) - lines + 1)
    first = max(starts, key=lambda start: (len(set().union(*found[start : start + lines])), -start))
    before, after = "… " if first else "", " …" if first + lines < len(wrapped) else ""
    shown = wrapped[first : first + lines]
    shown[0], shown[-1] = before + shown[0], shown[-1] + after
    return shown
