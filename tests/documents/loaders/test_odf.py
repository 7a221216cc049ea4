"""OpenDocument texts and presentations: what is text, what is a heading, and why a file is not read."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, bytes], Document]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<text:p>one</text:p><text:p>two</text:p>", "one\n\ntwo"),
        ('<text:p>a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d<text:s/>e</text:p>', "a  b\tc\nd e"),
        ('<text:p>a<text:s text:c="999999999"/>b</text:p>', "a" + " " * 100 + "b"),
        ("<text:p>a <text:span>styled <text:span>word</text:span></text:span> here</text:p>", "a styled word here"),
        ("<text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>", "item"),
        ("<text:tracked-changes><text:p>old</text:p></text:tracked-changes><text:p>new</text:p>", "new"),
        (
            "<text:p>word<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>a note</text:p>"
            "</text:note-body></text:note> end</text:p>",
            "word end\n\na note",
        ),
        (
            "<table:table><table:table-row><table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell>"
            "<table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table>",
            "a b\tc",
        ),
        ("<text:p>seen<office:annotation><text:p>a remark</text:p></office:annotation></text:p>", "seen\n\na remark"),
    ],
)
def test_text(document_in: DocumentIn, content: str, text: str) -> None:
    assert document_in("a.odt", made.odf("text", content)).text == text


def test_headings_have_their_levels(document_in: DocumentIn) -> None:
    content = (
        '<text:h text:outline-level="2">Two</text:h><text:h>One</text:h><text:h text:outline-level="x">Odd</text:h>'
    )
    document = document_in("a.odt", made.odf("text", content))
    assert [(heading.level, heading.title) for heading in document.outline.headings] == [
        (2, "Two"),
        (1, "One"),
        (1, "Odd"),
    ]


def test_what_the_file_says_of_itself_is_metadata(document_in: DocumentIn) -> None:
    data = made.odf("text", "<text:p>x</text:p>")
    assert document_in("a.odt", data).metadata == {"type": "odf", **made.PROPERTIES}


def test_a_locked_file_fails_with_that_reason(
    read_here: Callable[..., list[Document | Failure]], tmp_path: Path
) -> None:
    locked = '<m:manifest xmlns:m="urn:m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    data = made.repacked(made.odf("text", "<text:p>x</text:p>"), {"META-INF/manifest.xml": locked})
    found = read_here("a.odt", data)
    assert found == [Failure(str(tmp_path / "a.odt"), "encrypted: remove the password to index it")]


def test_a_text_of_another_program_is_read(document_in: DocumentIn) -> None:
    pytest.importorskip("odf")
    from odf.opendocument import OpenDocumentText
    from odf.text import H, P

    text = OpenDocumentText()
    text.text.addElement(H(outlinelevel=1, text="One"))
    text.text.addElement(P(text="Grüße"))
    file = BytesIO()
    text.write(file)
    document = document_in("a.odt", file.getvalue())
    assert (document.text, document.outline.headings[0].title) == ("One\n\nGrüße", "One")
