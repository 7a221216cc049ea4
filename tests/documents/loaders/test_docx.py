"""Word: what is text and in which order, what is a heading, and on which page it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.checking import place_of
from tests.helpers.made_files import paragraph
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, bytes], Document]
BREAK = "<w:r><w:lastRenderedPageBreak/></w:r>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph("one") + paragraph("two"), "one\n\ntwo"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        ("<w:p><w:r><w:t>non</w:t><w:noBreakHyphen/><w:t>stop</w:t></w:r></w:p>", "non-stop"),
        (made.word_table([["a", "b"], ["", ""], ["1", "2"]]), "a\tb\n1\t2"),
        ("<w:sdt><w:sdtContent>" + paragraph("in a field") + "</w:sdtContent></w:sdt>", "in a field"),
        ("<w:p><w:hyperlink><w:r><w:t>a link</w:t></w:r></w:hyperlink></w:p>", "a link"),
        (
            "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>",
            "new",
        ),
        ("<w:p><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom><w:r><w:t>here</w:t></w:r></w:p>", "here"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>7</w:t></w:r></w:p>", "7"),
        (
            "<w:p><w:r><w:t>out</w:t><mc:AlternateContent><mc:Choice><w:txbxContent>"
            + paragraph("box")
            + "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>"
            + paragraph("box")
            + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
            "out\n\nbox",
        ),
        ('<w:p><w:r><w:drawing><wp:docPr descr="A red square"/></w:drawing></w:r></w:p>', "A red square"),
        (
            "<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"
            "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>",
            "a/bx^2",
        ),
        ("<w:p/>" + paragraph(" ") + paragraph("x"), "x"),
        (paragraph("a\x85b\u2028c"), "a\nb\nc"),
    ],
)
def test_text(document_in: DocumentIn, body: str, text: str) -> None:
    assert document_in("a.docx", made.docx(body)).text == text


def test_headings_are_known_by_the_names_of_their_styles_or_their_level(document_in: DocumentIn) -> None:
    level = '<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>Three</w:t></w:r></w:p>'
    body = paragraph("Whole", "T") + paragraph("One", "berschrift1") + paragraph("text", "B") + paragraph("Two", "H2")
    title = '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    document = document_in("a.docx", made.docx(body + level, styles=title + made.STYLES))
    assert [(heading.level, heading.title) for heading in document.outline.headings] == [
        (1, "Whole"),
        (1, "One"),
        (2, "Two"),
        (3, "Three"),
    ]


def test_tables_are_blocks(document_in: DocumentIn) -> None:
    document = document_in("a.docx", made.docx(paragraph("x") + made.word_table([["a", "b"], ["1", "2"]])))
    assert [document.text[start:end] for start, end in document.outline.blocks] == ["a\tb\n1\t2"]


def test_notes_and_comments_stand_at_the_end(document_in: DocumentIn) -> None:
    notes = (
        '<w:footnote w:type="separator"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>'
        f"<w:footnote>{paragraph('a note')}</w:footnote>"
    )
    comment = f"<w:comment>{paragraph('a remark')}{paragraph('more')}</w:comment>"
    document = document_in("a.docx", made.docx(paragraph("text"), footnotes=notes, comments=comment))
    assert document.text == "text\n\na note\n\na remark\nmore"


def test_pages_are_those_that_word_last_saw(document_in: DocumentIn) -> None:
    body = (
        paragraph("first")
        + f"<w:p>{BREAK}<w:r><w:t>second</w:t></w:r></w:p>"
        + f"<w:p><w:r><w:t>begins on two</w:t></w:r>{BREAK}<w:r><w:t> ends on three</w:t></w:r></w:p>"
        + paragraph("third")
        + f"<w:tbl><w:tr><w:tc><w:p>{BREAK}<w:r><w:t>fourth</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    document = document_in("a.docx", made.docx(body))
    found = {words: place_of(document, words) for words in ("first", "second", "begins", "third", "fourth")}
    assert found == {"first": "page 1", "second": "page 2", "begins": "page 2", "third": "page 3", "fourth": "page 4"}
    assert {place.page for place in document.outline.places} == {1, 2, 3, 4}


def test_what_the_file_says_of_itself_is_metadata(document_in: DocumentIn) -> None:
    assert document_in("a.docx", made.docx(paragraph("x"))).metadata == {"type": "docx", **made.PROPERTIES}


def test_a_locked_file_fails_with_that_reason(
    read_here: Callable[..., list[Document | Failure]], tmp_path: Path
) -> None:
    """Office puts what it encrypts into a file of its old kind."""
    found = read_here("a.docx", made.compound({"EncryptedPackage": b"\xff" * 100, "EncryptionInfo": b"\x01"}))
    assert found == [Failure(str(tmp_path / "a.docx"), "encrypted: remove the password to index it")]
