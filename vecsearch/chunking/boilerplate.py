"""Lines that stand on most pages of a document, such as its running title, page numbers and notices: found, and marked.

They stay in the text, so that offsets are exact, but are markup, which no model reads.

The rule: of each page the first three lines and the last three are looked at, blank ones left out and all numbers taken
as equal. What stands there on more than half of the pages, and on four at least, is marked wherever it stands there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from vecsearch.types import Document, Outline, Span

_EDGE = 3  # lines
_LEAST = 4  # pages
_NUMBER = re.compile(r"\d+")


def without_boilerplate(document: Document) -> Document:
    """The document in which the lines that most of its pages begin or end with are no text to a model."""
    text, outline = document.text, document.outline
    edges = [_edge_lines(text, page) for page in _pages(outline, len(text))]
    seen = Counter(key for page in edges for key in {_key(text, line) for line in page})
    least = max(_LEAST, len(edges) // 2 + 1)
    repeated = [line for line in chain.from_iterable(edges) if seen[_key(text, line)] >= least]
    if not repeated:
        return document
    return replace(document, outline=replace(outline, markup=_united([*outline.markup, *repeated])))


def _pages(outline: Outline, end: int) -> Iterator[Span]:
    """Where the pages and slides of a document are; none where its file has neither."""
    stops = [*(place.start for place in outline.places[1:]), end]
    for place, stop in zip(outline.places, stops, strict=False):
        if place.page is not None or place.label.startswith("slide "):
            yield Span(place.start, stop)


def _edge_lines(text: str, page: Span) -> list[Span]:
    """The first and the last lines of a page with something in them, without the white space around it."""
    lines = []
    for found in re.finditer(r"[^\n]+", text[page.start : page.end]):
        line = found[0]
        if line.strip():
            start = page.start + found.start() + len(line) - len(line.lstrip())
            lines.append(Span(start, start + len(line.strip())))
    return sorted({*lines[:_EDGE], *lines[-_EDGE:]})


def _key(text: str, line: Span) -> str:
    return _NUMBER.sub("#", text[line.start : line.end])


def _united(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)
