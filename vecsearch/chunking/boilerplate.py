"""Marking lines that repeat on most pages of a document: running titles, page numbers, notices.

They stay in the text, so that offsets are exact, but become markup, which models do not read.

The rule: compare the first three and the last three lines of each page that are not blank, with all numbers equal. A
line there that occurs on more than half of the pages, and on at least four, is marked on each of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from vecsearch.types import Document, Outline, Span

_EDGE = 3  # lines
_FEWEST_PAGES = 4
_NUMBER = re.compile(r"\d+")


def without_boilerplate(document: Document) -> Document:
    """Return the document with the lines that most of its pages begin or end with marked as markup."""
    text, outline = document.text, document.outline
    edges = [_edge_lines(text, page) for page in _pages(outline, len(text))]
    seen = Counter(key for page in edges for key in {_key(text, line) for line in page})
    least = max(_FEWEST_PAGES, len(edges) // 2 + 1)
    repeated = [line for line in chain.from_iterable(edges) if seen[_key(text, line)] >= least]
    if not repeated:
        return document
    return replace(document, outline=replace(outline, markup=_merged([*outline.markup, *repeated])))


def _pages(outline: Outline, end: int) -> Iterator[Span]:
    """Yield the spans of the pages or slides of a document; nothing when its file has neither."""
    stops = [*(place.start for place in outline.places[1:]), end]
    for place, stop in zip(outline.places, stops, strict=False):
        if place.page is not None or place.label.startswith("slide "):
            yield Span(place.start, stop)


def _edge_lines(text: str, page: Span) -> list[Span]:
    """Return the first and the last lines of a page that are not blank, without the white space around them."""
    lines = []
    for match in re.finditer(r"[^\n]+", text[page.start : page.end]):
        line = match[0]
        if line.strip():
            start = page.start + match.start() + len(line) - len(line.lstrip())
            lines.append(Span(start, start + len(line.strip())))
    return sorted({*lines[:_EDGE], *lines[-_EDGE:]})


def _key(text: str, line: Span) -> str:
    return _NUMBER.sub("#", text[line.start : line.end])


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans in order, with overlapping ones merged."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
