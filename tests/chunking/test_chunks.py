"""Places: a chunk says where in its file its first character stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from vecsearch.chunking import Chunking, chunk_document
from vecsearch.types import Document, Outline, Place

CHUNKING = Chunking(max_tokens=8)


def document_of(pages: list[str]) -> Document:
    """A document whose pages are parted by an empty line; each is a place but those without words."""
    places, length = [], 0
    for number, page in enumerate(pages, 1):
        if page:
            places.append(Place(length, number, f"page {number}"))
        length += len(page) + 2
    return Document("d", "\n\n".join(pages), outline=Outline(places=tuple(places)))


def test_a_chunk_has_the_place_of_its_first_character() -> None:
    document = document_of(["one two three four five six seven", "eight nine", "ten " * 20])
    chunks = chunk_document(document, CountingEncoder(), CHUNKING)
    assert [(chunk.page, chunk.place) for chunk in chunks[:1]] == [(1, "page 1")]
    assert chunks[-1].place == "page 3"
    for chunk in chunks:
        before = document.text[: chunk.start].count("\n\n") + 1
        assert (chunk.page, chunk.place) == (before, f"page {before}")


def test_what_stands_before_the_first_place_has_none() -> None:
    document = Document("d", "one two", outline=Outline(places=(Place(4, None, "slide 1"),)))
    (chunk,) = chunk_document(document, CountingEncoder(), CHUNKING)
    assert (chunk.page, chunk.place) == (None, "")


def test_without_places_a_chunk_has_none() -> None:
    (chunk,) = chunk_document(Document("d", "one"), CountingEncoder(), CHUNKING)
    assert (chunk.page, chunk.place) == (None, "")


@given(st.lists(st.text("ab \n", max_size=60), max_size=8))
def test_each_chunk_lies_where_its_place_says(pages: list[str]) -> None:
    document = document_of(["x" + page.replace("\n\n", "\n") for page in pages])
    for chunk in chunk_document(document, CountingEncoder(), CHUNKING):
        starts = [place for place in document.outline.places if place.start <= chunk.start]
        assert chunk.place == starts[-1].label
        assert document.text[chunk.start : chunk.end] == chunk.text
