"""What most pages begin and end with is marked, nothing else is; it stays in the text and is not encoded."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.made_files import pdf
from vecsearch import Document, Index
from vecsearch.chunking.boilerplate import without_boilerplate
from vecsearch.types import Outline, Place, Span


def paged(pages: list[str], label: str = "page", *, markup: tuple[Span, ...] = ()) -> Document:
    """A document of these pages, as loaders make it."""
    text, places = "", []
    for number, page in enumerate(pages, 1):
        text += "\n\n" if text else ""
        places.append(Place(len(text), number if label == "page" else None, f"{label} {number}"))
        text += page
    return Document("d", text, outline=Outline(places=tuple(places), markup=markup))


def marked(document: Document) -> list[str]:
    found = without_boilerplate(document)
    assert (found.text, found.outline.places) == (document.text, document.outline.places)
    return [found.text[span.start : span.end] for span in found.outline.markup]


def page(number: int) -> str:
    return "\n".join(
        [
            "The Annals of Cats",
            f"chapter about {'abcdefghij'[number]}",
            "one",
            "two",
            f"three {'xyzuvwstrq'[number]}",
            f"line {'klmnopabcd'[number]}",
            "four",
            "  Confidential  ",
            f"- {number} -",
        ]
    )


@pytest.mark.parametrize("label", ["page", "slide"])
def test_running_titles_notices_and_page_numbers_are_marked_on_every_page(label: str) -> None:
    found = marked(paged([page(number) for number in range(6)], label))
    assert found[:5] == ["The Annals of Cats", "one", "four", "Confidential", "- 0 -"]
    assert len(found) == 30


def test_what_stands_within_a_page_is_not_marked() -> None:
    assert "two" not in marked(paged([page(number) for number in range(6)]))


@pytest.mark.parametrize(
    ("with_it", "pages", "is_marked"), [(3, 3, False), (4, 4, True), (4, 7, True), (4, 8, False), (5, 8, True)]
)
def test_more_than_half_of_the_pages_and_at_least_four_have_to_have_it(
    with_it: int, pages: int, is_marked: bool
) -> None:
    names = "abcdefgh"
    document = paged([("Title\n" if n < with_it else "") + f"text {names[n]}" for n in range(pages)])
    assert marked(document) == (["Title"] * with_it if is_marked else [])


def test_a_document_without_pages_is_as_it_was() -> None:
    rows = paged(["same\nrow"] * 9, "Sales, row")
    assert without_boilerplate(rows) is rows
    plain = Document("d", "same\n" * 99)
    assert without_boilerplate(plain) is plain


def test_markup_that_was_there_stays_and_nothing_overlaps() -> None:
    document = paged([f"Title\ntext {name}" for name in "abcd"], markup=(Span(2, 7), Span(9, 10)))
    spans = without_boilerplate(document).outline.markup
    assert spans[:2] == (Span(0, 7), Span(9, 10))
    assert all(before.end <= after.start for before, after in pairwise(spans))


@given(st.lists(st.text("ab1 \n", max_size=20), max_size=12))
def test_what_is_marked_is_whole_lines_in_order(pages: list[str]) -> None:
    document = paged(pages)
    found = without_boilerplate(document)
    lines = {line.strip() for line in document.text.split("\n")}
    spans = found.outline.markup
    assert all(document.text[span.start : span.end] in lines for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


def test_the_lines_are_not_encoded_but_shown_and_found_by_their_words(
    tmp_path: Path, folder: Path, encoder: CountingEncoder
) -> None:
    pytest.importorskip("pypdfium2", reason="the package that reads PDF")
    pages = [f"Quarterly Gazette {number}\nAll about {name}." for number, name in enumerate(["cats", "dogs"] * 3)]
    (folder / "a.pdf").write_bytes(pdf(pages))
    index = Index.create(tmp_path / "index", model=encoder)
    index.sync(folder, drop_boilerplate=True)
    assert encoder.encoded
    assert not any("Gazette" in text for text in encoder.encoded)
    hits = index.search("gazette", mode="lexical", k=1)
    assert "Quarterly Gazette" in hits[0].text
    assert index.sync(folder).updated == 1  # without it the file is read and encoded as it stands
    assert any("Gazette" in text for text in encoder.encoded)
