"""Slides (.pptx): titles, texts, tables, charts, diagrams, the alternative texts of pictures, and speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer
from vecsearch.documents.loaders.packages import Package, open_package
from vecsearch.documents.loaders.xml_trees import children, text_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document

_TITLES = ("title", "ctrTitle")
_REPEATED = ("sldNum", "dt", "ftr", "hdr")  # placeholders that are the same on every slide
_UNREAD = frozenset(("Fallback", "extLst"))


def load_pptx(piece: Piece) -> Iterator[Document]:
    """Yield the document with the text of all slides in their order, each of which is a place."""
    composer = Composer(piece.limits)
    with open_package(piece) as package:
        for number, part in enumerate(_slides(package), 1):
            composer.place(f"slide {number}")
            _add_slide(composer, package, part)
        yield piece.document(composer.parsed(package.office_properties()))


def _slides(package: Package) -> Iterator[str]:
    """Yield the parts that are slides, in the order of the presentation."""
    kinds = package.relations("").values()
    main = next((part for kind, part in kinds if kind == "officeDocument"), "ppt/presentation.xml")
    relations = package.relations(main)
    for slide in package.xml(main).iter("sldId"):
        kind, part = relations.get(slide.get("rel:id", ""), ("", ""))
        if kind == "slide" and part in package:
            yield part


def _add_slide(composer: Composer, package: Package, part: str) -> None:
    shapes = list(_shapes(package.xml(part)))
    for shape in sorted(shapes, key=lambda shape: _placeholder(shape) not in _TITLES):
        _add_shape(composer, shape)
    for kind, target in package.relations(part).values():
        if target not in package:
            continue
        if kind == "chart":
            _add_chart(composer, package.xml(target))
        elif kind == "diagramData":
            composer.paragraph("\n".join(_paragraphs(package.xml(target))))
        elif kind == "notesSlide":
            bodies = (shape for shape in _shapes(package.xml(target)) if _placeholder(shape) == "body")
            composer.paragraph("\n".join(line for body in bodies for line in _paragraphs(body)))


def _shapes(element: Element) -> Iterator[Element]:
    """Yield the shapes, tables and pictures in the element, including those in groups."""
    for child in element:
        if child.tag in ("sp", "graphicFrame", "pic"):
            yield child
        elif child.tag not in _UNREAD:
            yield from _shapes(child)


def _placeholder(shape: Element) -> str:
    """Return the shape's type of placeholder; "" when it is not a placeholder."""
    placeholder = shape.find("nvSpPr/nvPr/ph")
    return "" if placeholder is None else placeholder.get("type", "body")


def _add_shape(composer: Composer, shape: Element) -> None:
    kind = _placeholder(shape)
    if kind in _TITLES:
        composer.heading(" ".join(_paragraphs(shape)), 1)
    elif shape.tag == "pic":
        composer.paragraph(next((properties.get("descr", "") for properties in shape.iter("cNvPr")), ""))
    elif shape.tag == "graphicFrame":
        rows = ("\t".join(" ".join(_paragraphs(cell)) for cell in children(row, "tc")) for row in shape.iter("tr"))
        composer.block("\n".join(rows))
    elif kind not in _REPEATED:
        composer.paragraph("\n".join(_paragraphs(shape)))


def _paragraphs(element: Element) -> Iterator[str]:
    """Yield the paragraphs in the element that are not blank, each as a line."""
    for paragraph in element.iter("p"):
        text = "".join(" " if child.tag == "br" else text_of(child) for child in paragraph if child.tag != "pPr")
        line = " ".join(text.split())
        if line:
            yield line


def _add_chart(composer: Composer, chart: Element) -> None:
    """Add the chart's title, and a table with a line for the categories and one for each series of values."""
    title = chart.find("chart/title")
    composer.paragraph("" if title is None else " ".join(_paragraphs(title)))
    series = list(chart.iter("ser"))
    rows = [["", *_values(one.find("cat"))] for one in series[:1]]
    rows += [[*_values(one.find("tx")), *_values(one.find("val"))] for one in series]
    composer.block("\n".join(map("\t".join, rows)))


def _values(element: Element | None) -> list[str]:
    return [] if element is None else [text_of(value) for value in element.iter("v")]
