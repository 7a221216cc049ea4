"""The parts a loader extracts from a file → the text, outline and metadata of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from vecsearch.documents.json_values import storable_text
from vecsearch.documents.limits import Limits, check_text_size
from vecsearch.types import Heading, Outline, Place, Span

_PARAGRAPH, _LINE = "\n\n", "\n"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")

_DATE = re.compile(r"(?:D:)?(\d{4})-?(\d\d)?-?(\d\d)?")
_PLACEHOLDERS = frozenset(
    ("anonymous", "(anonymous)", "unspecified", "(unspecified)", "untitled", "(untitled)", "unknown")
)
_LONGEST_PROPERTY = 1_000  # characters


class Parsed(NamedTuple):
    """The content of a file or of a part of one, as a parser found it."""

    text: str
    outline: Outline = Outline()
    metadata: Mapping[str, Any] = {}


class Composer:
    """Builds a text by appending parts, and records where its headings, blocks and places are.

    Parts without visible characters are dropped.
    """

    def __init__(self, limits: Limits) -> None:
        """Start with an empty text, which may grow as long as `limits` allow."""
        self._limits = limits
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""  # due before the next part
        self._headings: list[Heading] = []
        self._blocks: list[Span] = []
        self._markup: list[Span] = []
        self._places: list[Place] = []
        self._next_place: tuple[int | None, str] | None = None  # of the next part that is added

    def place(self, label: str, page: int | None = None) -> None:
        """Set the place in the file of the parts that follow."""
        self._next_place = (page, label)

    def paragraph(self, text: str) -> None:
        """Add a part with an empty line before and after it."""
        self._add(text, _PARAGRAPH)

    def line(self, text: str) -> None:
        """Add a part that begins and ends a line."""
        self._add(text, _LINE)

    def heading(self, title: str, level: int) -> None:
        """Add a title, on a line of its own."""
        title = " ".join(clean(title).split())
        start = self._add(title, _PARAGRAPH)
        if start is not None:
            self._headings.append(Heading(start, level, title))

    def block(self, text: str) -> None:
        """Add a part that is best kept whole, such as code or a table."""
        start = self._add(text, _PARAGRAPH)
        if start is not None:
            self._blocks.append(Span(start, self._length))

    def take(self, parsed: Parsed, deeper: int = 0) -> None:
        """Add parsed content, already clean, with its outline; its headings move `deeper` levels down."""
        text, outline = parsed.text, parsed.outline
        start = self._append(text, _PARAGRAPH)
        if start is None:
            return
        shift = start - (len(text) - len(text.lstrip("\n")))  # line ends at its start are dropped
        self._headings += [Heading(max(h.start + shift, start), h.level + deeper, h.title) for h in outline.headings]
        for own, added in ((self._blocks, outline.blocks), (self._markup, outline.markup)):
            moved = (Span(max(s.start + shift, start), min(s.end + shift, self._length)) for s in added)
            own += [span for span in moved if span.start < span.end]

    def parsed(self, metadata: Mapping[str, Any]) -> Parsed:
        """Return the text with its outline, and `metadata`."""
        outline = Outline(tuple(self._headings), tuple(self._blocks), tuple(self._markup), tuple(self._places))
        return Parsed("".join(self._parts), outline, metadata)

    def _add(self, text: str, gap: str) -> int | None:
        return self._append(clean(text), gap)

    def _append(self, text: str, gap: str) -> int | None:
        """Append `text` and return its start; None, and nothing is appended, when it is blank.

        It is separated by the wider of `gap` and the gap that the part before it requires.
        """
        text = text.strip("\n")
        if not text or text.isspace():
            return None
        before = max(self._gap, gap, key=len) if self._parts else ""
        check_text_size(self._length + len(before) + len(text), self._limits)
        self._parts += (before, text)
        start = self._length + len(before)
        self._length = start + len(text)
        self._gap = gap
        if self._next_place is not None:
            place = Place(start, *self._next_place)
            if not self._places or self._places[-1][1:] != place[1:]:
                self._places.append(place)
            self._next_place = None
        return start


def clean(text: str) -> str:
    """Return the text with line feeds as its only line ends, without control characters and lone surrogates."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", storable_text(text)))


def properties(
    *, title: str | None = None, author: str | None = None, language: str | None = None, created: str | None = None
) -> dict[str, Any]:
    """Return a file's own description of itself as metadata, under the same keys for every format.

    Blank values, placeholders such as "untitled" and invalid dates are left out.
    """
    values = {
        "title": _property(title),
        "author": _property(author),
        "language": _property(language),
        "created": iso_date(created or ""),
    }
    return {name: value for name, value in values.items() if value}


def iso_date(text: str) -> str | None:
    """Return the date that an ISO or PDF timestamp begins with, as 2024-05-31; None for anything else."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).isoformat()
    except ValueError:
        return None


def _property(text: str | None) -> str:
    value = " ".join(clean(text or "").split())[:_LONGEST_PROPERTY]
    return "" if value.lower() in _PLACEHOLDERS else value
