"""What holds for every document, whatever loader made it."""

from __future__ import annotations

from vecsearch.documents.composing import Parsed
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.types import Document


def check_document(document: Document | Parsed) -> None:
    """Headings begin lines; headings, blocks and places are in order and inside the text; metadata can be stored."""
    text, outline = document.text, document.outline
    starts = [heading.start for heading in outline.headings]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)
    assert all(start == 0 or text[start - 1] in "\r\n" for start in starts)
    assert all(heading.level >= 1 for heading in outline.headings)
    edges = [edge for block in outline.blocks for edge in block]
    assert edges == sorted(edges)
    assert all(0 <= block.start < block.end <= len(text) for block in outline.blocks)
    places = [place.start for place in outline.places]
    assert places == sorted(set(places))
    assert all(0 <= start < len(text) for start in places)
    assert all(place.label for place in outline.places)
    assert text.strip()
    text.encode()  # no lone surrogates
    check_metadata(document.metadata)


def place_of(document: Document | Parsed, words: str) -> str:
    """The label of the place at which the words stand; they must be there."""
    position = document.text.index(words)
    before = [place for place in document.outline.places if place.start <= position]
    return before[-1].label if before else ""
