"""Slides: their order, their parts, and where each stands."""

from __future__ import annotations

from collections.abc import Callable

from tests.helpers import made_files as made
from tests.helpers.checking import place_of
from tests.helpers.made_files import shape
from vecsearch.types import Document

DocumentIn = Callable[[str, bytes], Document]


def test_slides_come_as_they_are_shown_with_their_titles_first(document_in: DocumentIn) -> None:
    slides = [shape("text\nmore") + shape("One", "title"), shape("Two", "ctrTitle") + shape("7", "sldNum")]
    document = document_in("a.pptx", made.pptx(slides))
    assert document.text == "One\n\ntext\nmore\n\nTwo"
    assert [heading.title for heading in document.outline.headings] == ["One", "Two"]
    assert (place_of(document, "more"), place_of(document, "Two")) == ("slide 1", "slide 2")


def test_tables_groups_and_pictures_are_read(document_in: DocumentIn) -> None:
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    table = f"<p:graphicFrame><a:tbl><a:tr>{cell.format('a')}{cell.format('b')}</a:tr></a:tbl></p:graphicFrame>"
    group = f"<p:grpSp><p:grpSp>{shape('deep')}</p:grpSp></p:grpSp>"
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="4" name="Picture 3" descr="A cat"/></p:nvPicPr></p:pic>'
    document = document_in("a.pptx", made.pptx([table + group + picture]))
    assert document.text == "a\tb\n\ndeep\n\nA cat"
    assert [document.text[start:end] for start, end in document.outline.blocks] == ["a\tb"]


def test_notes_belong_to_their_slide(document_in: DocumentIn) -> None:
    notes = shape("Say this.", "body") + shape("2", "sldNum")
    document = document_in("a.pptx", made.pptx([shape("one"), shape("two")], notesSlide2=notes))
    assert document.text == "one\n\ntwo\n\nSay this."
    assert place_of(document, "Say this.") == "slide 2"


def test_a_chart_is_a_table_with_a_title(document_in: DocumentIn) -> None:
    def points(*values: str) -> str:
        return "".join(f"<c:pt><c:v>{value}</c:v></c:pt>" for value in values)

    title = "<c:title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:title>"
    years = f"<c:cat>{points('2023', '2024')}</c:cat>"
    series = (
        f"<c:ser><c:tx>{points('North')}</c:tx>{years}<c:val>{points('1', '2')}</c:val></c:ser>"
        f"<c:ser><c:tx>{points('South')}</c:tx>{years}<c:val>{points('3', '4')}</c:val></c:ser>"
    )
    document = document_in("a.pptx", made.pptx([shape("x")], chart1=f"<c:chart>{title}{series}</c:chart>"))
    assert document.text == "x\n\nSales\n\n\t2023\t2024\nNorth\t1\t2\nSouth\t3\t4"


def test_a_diagram_is_read(document_in: DocumentIn) -> None:
    data = made.pptx([shape("one")], diagramData1="<a:p><a:r><a:t>step</a:t></a:r></a:p>")
    assert document_in("a.pptx", data).text == "one\n\nstep"


def test_a_slide_that_is_not_there_is_passed_over(document_in: DocumentIn) -> None:
    data = made.pptx([shape("one"), shape("two")])
    relations = made.relations(("r1", "slide", "slides/slide9.xml"), ("r2", "slide", "slides/slide0.xml"))
    document = document_in("a.pptx", made.repacked(data, {"ppt/_rels/presentation.xml.rels": relations}))
    assert document.text == "two"


def test_what_the_file_says_of_itself_is_metadata(document_in: DocumentIn) -> None:
    assert document_in("a.pptx", made.pptx([shape("x")])).metadata == {"type": "pptx", **made.PROPERTIES}
