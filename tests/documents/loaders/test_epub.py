"""E-books: chapters in the order of reading, without the table of contents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.helpers import made_files as made
from tests.helpers.checking import place_of
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, bytes], Document]
ReadHere = Callable[..., list[Document | Failure]]


def test_chapters_are_places_and_contents_are_left_out(document_in: DocumentIn) -> None:
    document = document_in("a.epub", made.epub(["<h1>One</h1><p>a</p>", "<h2>Two</h2><pre>x = 1</pre>"]))
    assert document.text == "One\n\na\n\nTwo\n\nx = 1"
    assert [heading[1:] for heading in document.outline.headings] == [(1, "One"), (2, "Two")]
    assert [document.text[start:end] for start, end in document.outline.blocks] == ["x = 1"]
    assert (place_of(document, "a"), place_of(document, "Two")) == ("section 1", "section 2")
    assert document.metadata == {"type": "epub", **made.PROPERTIES}


def test_a_book_against_copying_fails_with_that_reason(read_here: ReadHere, tmp_path: Path) -> None:
    locked = '<encryption xmlns="e"><x><CipherReference URI="book/text/c%201.xhtml"/></x></encryption>'
    book = made.repacked(made.epub(["one", "two"]), {"META-INF/encryption.xml": locked})
    assert read_here("a.epub", book) == [
        Failure(str(tmp_path / "a.epub"), "encrypted by copy protection: use a copy without it")
    ]


def test_encrypted_fonts_take_nothing_from_the_text(document_in: DocumentIn) -> None:
    fonts = '<encryption xmlns="e"><EncryptedData><CipherReference URI="book/font.otf"/></EncryptedData></encryption>'
    assert document_in("a.epub", made.repacked(made.epub(["one"]), {"META-INF/encryption.xml": fonts})).text == "one"


def test_a_chapter_that_is_not_there_is_passed_over(document_in: DocumentIn) -> None:
    book = made.epub(["one", "two"])
    spine = '<spine><itemref idref="c9"/><itemref idref="c1"/></spine>'
    item = '<item id="{}" href="{}" media-type="text/html"/>'
    items = item.format("c1", "text/c 1.xhtml") + item.format("c9", "no.xhtml")
    package = f'<package xmlns="p"><manifest>{items}</manifest>{spine}</package>'
    document = document_in("a.epub", made.repacked(book, {"book/a.opf": package}))
    assert (document.text, document.metadata) == ("two", {"type": "epub"})


def test_a_book_without_a_spine_to_follow_fails_with_the_part_that_is_missing(read_here: ReadHere) -> None:
    book = made.repacked(
        made.epub(["one"]), {"META-INF/container.xml": '<container><rootfile full-path="x.opf"/></container>'}
    )
    (failure,) = read_here("a.epub", book)
    assert isinstance(failure, Failure)
    assert failure.reason == "damaged: the part x.opf is missing"
