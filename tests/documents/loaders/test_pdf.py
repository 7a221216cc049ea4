"""PDF: pages, words parted at line ends, what the file says of itself, and why there is nothing to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.checking import place_of
from vecsearch.documents import Skip
from vecsearch.documents.loaders.pdf import Title, headings_in, rejoined
from vecsearch.reports import Failure
from vecsearch.types import Document, Place

DocumentIn = Callable[[str, bytes], Document]
ReadHere = Callable[..., list[Document | Failure]]


def test_pages_are_places_and_an_empty_one_is_none(document_in: DocumentIn) -> None:
    document = document_in("a.pdf", made.pdf(["one\ntwo", "", "three"]))
    assert document.text == "one\ntwo\n\nthree"
    assert document.outline.places == (Place(0, 1, "page 1"), Place(9, 3, "page 3"))
    assert place_of(document, "two") == "page 1"


def test_what_the_file_says_of_itself_is_metadata(document_in: DocumentIn) -> None:
    info = "/Title (A title) /Author (Ada) /CreationDate (D:20240531120000+01'00')"
    document = document_in("a.pdf", made.pdf(["x"], info, "/Lang (en-GB)"))
    assert document.metadata == {"type": "pdf", **made.PROPERTIES}


@pytest.mark.parametrize("info", ["", "/Title () /Author (anonymous)", "/Title (untitled) /CreationDate (yesterday)"])
def test_what_says_nothing_is_no_metadata(document_in: DocumentIn, info: str) -> None:
    assert document_in("a.pdf", made.pdf(["x"], info)).metadata == {"type": "pdf"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the con\ufffefirmation", "the confirmation"),
        ("the con\ufffe\nfirmation", "the confirmation"),
        ("multi-agent and multi\ufffeagent", "multi-agent and multi-agent"),
        ("Multi-Agent and multi\ufffeagent", "Multi-Agent and multi-agent"),
        ("alone \ufffe stays out", "alone  stays out"),
        ("trailing  \nblanks\t\nend ", "trailing\nblanks\nend"),
        ("one\r\ntwo", "one\ntwo"),
    ],
)
def test_words_that_a_line_end_parts_are_joined(text: str, expected: str) -> None:
    assert rejoined(text) == expected


def test_joining_takes_time_in_proportion_to_the_text() -> None:
    """A pattern that starts anew at each letter would take hours."""
    assert len(rejoined("a" * 1_000_000 + " b\ufffec")) == 1_000_003
    assert len(rejoined(" " * 1_000_000 + "b")) == 1_000_001


def test_a_locked_file_fails_with_that_reason(read_here: ReadHere, tmp_path: Path) -> None:
    found = read_here("a.pdf", made.pdf(["x"], trailer=made.LOCKED))
    assert found == [Failure(str(tmp_path / "a.pdf"), "encrypted: remove the password to index it")]


def test_a_scan_is_skipped_with_that_reason(read_here: ReadHere, tmp_path: Path) -> None:
    reason = "no text on any page: it may be a scan, which needs text recognition (OCR) first"
    assert read_here("a.pdf", made.pdf(["", " "])) == [Skip(str(tmp_path / "a.pdf"), reason)]


def test_what_is_no_pdf_fails_with_that_reason(read_here: ReadHere) -> None:
    (failure,) = read_here("a.pdf", b"%PDF-1.7\n%\xff nothing more")
    assert type(failure) is Failure
    assert failure.reason.startswith("not a readable PDF: ")


def test_pages_in_a_circle_end(read_here: ReadHere) -> None:
    data = made.pdf(["one"]).replace(b"/Kids [6 0 R]", b"/Kids [2 0 R]").replace(b"/Count 1", b"/Count 9")
    (outcome,) = read_here("a.pdf", data)
    assert isinstance(outcome, Failure)


def test_a_pdf_under_another_name_is_read_and_a_page_under_its_name_too(document_in: DocumentIn) -> None:
    assert document_in("notes.txt", made.pdf(["one"])).text == "one"
    assert document_in("a.pdf", b"<!DOCTYPE html><title>x</title><p>Not found").text == "Not found"
    assert document_in("b.pdf", b"plain words").metadata == {"type": "text"}


def test_titles_of_the_table_of_contents_are_headings_at_their_lines(document_in: DocumentIn) -> None:
    pages = ["cover\nwords", "end of before\n1.2 The Method\ntext on the method", "Results\nmore"]
    contents = [("Results", 2), ("The method", 1), ("Not there", 2), (" ", 1)]
    document = document_in("a.pdf", made.pdf(pages, contents=contents))
    found = [(heading.title, document.text[heading.start :].split("\n")[0]) for heading in document.outline.headings]
    assert found == [("The method", "1.2 The Method"), ("Results", "Results"), ("Not there", "Results")]
    assert {heading.level for heading in document.outline.headings} == {1}


@pytest.mark.parametrize(
    ("text", "title", "line"),
    [
        ("a\nChapter IV: Parts\nb", "Parts", "Chapter IV: Parts"),
        ("a\n  Parts.\nb", "Parts", "  Parts."),
        ("Parts of\na title\nb", "Parts of a title", "Parts of"),
        ("about Parts here\nb", "Parts", "about Parts here"),
        ("a\n\n\nParts\nb", "parts", "Parts"),
    ],
)
def test_a_title_is_found_on_its_page(text: str, title: str, line: str) -> None:
    (heading,) = headings_in(text, [Title(2, title.split())])
    assert (heading.level, text[heading.start :].split("\n")[0]) == (2, line)


def test_a_page_without_words_has_no_headings() -> None:
    assert headings_in(" \n", [Title(1, ["One"])]) == ()


def test_looking_for_titles_takes_time_in_proportion_to_the_page() -> None:
    for text in ("I " * 100_000, "1.1" * 100_000, "\n" * 300_000, "-" * 100_000 + "x", "One " * 100_000):
        assert len(headings_in(text + "y", [Title(1, ["One", "two"])])) == 1
