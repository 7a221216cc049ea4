"""The text of a document as a loader finds it, part by part -> a document, with what stands where in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vecsearch.documents.json_values import whole_text
from vecsearch.documents.limits import Limits, check_text_size
from vecsearch.types import Document, Heading, Outline, Place, Span

_PARAGRAPH, _LINE = "\n\n", "\n"
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")


class Composer:
    """A text that grows at its end. Parts without words leave no trace; offsets are those of the text so far."""

    def __init__(self, limits: Limits) -> None:
        """Empty; never longer than `limits` allow."""
        self._limits = limits
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""  # due before the next part
        self._headings: list[Heading] = []
        self._blocks: list[Span] = []
        self._markup: list[Span] = []
        self._places: list[Place] = []
        self._coming: tuple[int | None, str] | None = None  # the place of the next part

    def place(self, label: str, page: int | None = None) -> None:
        """What comes next stands there."""
        self._coming = (page, label)

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

    def take(self, document: Document, deeper: int = 0) -> None:
        """Add all of another document's text, clean already, with its outline, its headings `deeper` levels down."""
        text, outline = document.text, document.outline
        start = self._append(text, _PARAGRAPH)
        if start is None:
            return
        before = start - (len(text) - len(text.lstrip("\n")))  # line ends at its start are left out
        self._headings += [Heading(max(h.start + before, start), h.level + deeper, h.title) for h in outline.headings]
        for mine, theirs in ((self._blocks, outline.blocks), (self._markup, outline.markup)):
            moved = (Span(max(s.start + before, start), min(s.end + before, self._length)) for s in theirs)
            mine += [span for span in moved if span.start < span.end]

    def document(self, document_id: str, source: str, metadata: Mapping[str, Any]) -> Document:
        """The document of all that was added."""
        outline = Outline(tuple(self._headings), tuple(self._blocks), tuple(self._markup), tuple(self._places))
        return Document(document_id, "".join(self._parts), metadata, source, outline)

    def _add(self, text: str, gap: str) -> int | None:
        return self._append(clean(text), gap)

    def _append(self, text: str, gap: str) -> int | None:
        """Where `text` starts, behind a gap as wide as it or what came before asks for; None when it is blank."""
        text = text.strip("\n")
        if not text or text.isspace():
            return None
        before = max(self._gap, gap, key=len) if self._parts else ""
        check_text_size(self._length + len(before) + len(text), self._limits)
        self._parts += (before, text)
        start = self._length + len(before)
        self._length = start + len(text)
        self._gap = gap
        if self._coming is not None:
            place = Place(start, *self._coming)
            if not self._places or self._places[-1][1:] != place[1:]:
                self._places.append(place)
            self._coming = None
        return start


def clean(text: str) -> str:
    """The text with line feeds as its only line ends and without what is no character."""
    return _NO_CHARACTERS.sub("", _LINE_ENDS.sub("\n", whole_text(text)))
