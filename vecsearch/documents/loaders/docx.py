"""Word (.docx): paragraphs, headings, tables and text boxes in the order of the text, then notes and comments.

Headers and footers, which repeat, and deleted text are left out. Pages are those of Word's last layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer
from vecsearch.documents.loaders.packages import Package, open_package
from vecsearch.documents.loaders.xml_trees import children, text_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document

_NOTES = ("footnotes", "endnotes", "comments")
_UNREAD = frozenset(("pPr", "rPr", "tblPr", "sectPr", "Fallback", "del", "moveFrom", "txbxContent", "instrText"))
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_MATHS = {"den": "/", "sup": "^", "sub": "_"}  # in equations, so that a fraction is not read as one word
_DEEPEST_HEADING = 9


def load_docx(piece: Piece) -> Iterator[Document]:
    """Yield the document in a Word file; notes and comments are at its end."""
    with open_package(piece) as package:
        main = _main_part(package)
        relations = dict(package.relations(main).values())
        text = _Text(Composer(piece.limits), _heading_styles(package, relations.get("styles", "")))
        body = package.xml(main)
        if body.find(".//lastRenderedPageBreak") is not None:
            text.page = 1
        text.add(body)
        for kind in _NOTES:
            if relations.get(kind, "") in package:
                text.notes(package.xml(relations[kind]))
        yield piece.document(text.composer.parsed(package.office_properties()))


def _main_part(package: Package) -> str:
    return next(
        (part for kind, part in package.relations("").values() if kind == "officeDocument"), "word/document.xml"
    )


def _heading_styles(package: Package, part: str) -> dict[str, int]:
    """Return the levels of the heading styles by id. Their names tell, as programs may translate the ids."""
    levels: dict[str, int] = {}
    for style in children(package.xml(part), "style") if part in package else ():
        name = next((child.get("val", "") for child in children(style, "name")), "").lower()
        level = name.removeprefix("heading ")
        if name == "title":
            levels[style.get("styleId", "")] = 1
        elif name != level and level.isdecimal():
            levels[style.get("styleId", "")] = min(int(level), _DEEPEST_HEADING)
    return levels


class _Text:
    """Builds the text; `page` is the current page, None where it is unknown."""

    def __init__(self, composer: Composer, levels: dict[str, int]) -> None:
        self.composer = composer
        self.page: int | None = None
        self._levels = levels

    def add(self, element: Element) -> None:
        """Add the paragraphs and tables in the element."""
        for child in element:
            if child.tag == "p":
                self._paragraph(child)
            elif child.tag == "tbl":
                self._table(child)
            elif child.tag not in _UNREAD:
                self.add(child)

    def notes(self, element: Element) -> None:
        """Add the footnotes, endnotes or comments in the element, each a paragraph."""
        self.page = None
        for note in element:
            if note.get("type") not in ("separator", "continuationSeparator"):
                self.composer.paragraph("\n".join("".join(_words(words)) for words in note.iter("p")))

    def _paragraph(self, element: Element) -> None:
        self._count_pages(element, before=True)
        text = "".join(_words(element))
        level = self._level(element)
        if level:
            self.composer.heading(text, level)
        else:
            self.composer.paragraph(text)
        for box in _boxes(element):
            self.add(box)
        self._count_pages(element, before=False)

    def _table(self, element: Element) -> None:
        self._count_pages(element, before=True)
        rows = ("\t".join(map(_cell, children(row, "tc"))) for row in element.iter("tr"))
        self.composer.block("\n".join(row for row in rows if row.strip()))
        self._count_pages(element, before=False)

    def _count_pages(self, element: Element, *, before: bool) -> None:
        """Advance the page by the breaks in the element: `before` its text by one at its start, then by the others."""
        if self.page is None:
            return
        breaks = sum(1 for _ in element.iter("lastRenderedPageBreak"))
        leads = breaks > 0 and _starts_with_break(element)
        self.page += leads if before else breaks - leads
        if before or breaks:
            self.composer.place(f"page {self.page}", self.page)

    def _level(self, element: Element) -> int:
        """Return the level of the paragraph as a heading; 0 when it is not a heading."""
        for settings in children(element, "pPr"):
            for child in settings:
                if child.tag == "pStyle" and child.get("val", "") in self._levels:
                    return self._levels[child.get("val", "")]
                if child.tag == "outlineLvl" and child.get("val", "9") in "012345678":
                    return int(child.get("val", "0")) + 1
        return 0


def _starts_with_break(element: Element) -> bool:
    """Whether a page begins in the element before any of its text."""
    first = next(child.tag for child in element.iter() if child.tag == "lastRenderedPageBreak" or _has_text(child))
    return first == "lastRenderedPageBreak"


def _has_text(element: Element) -> bool:
    return element.tag == "t" and bool(element.text)


def _words(element: Element) -> Iterator[str]:
    """Yield the text of a paragraph, without that of its text boxes."""
    for child in element:
        if child.tag in _UNREAD:
            continue
        if child.tag == "t":
            yield text_of(child)
        elif child.tag == "docPr":
            yield child.get("descr", "")  # the alternative text of a picture
        else:
            yield _CHARACTERS.get(child.tag, "") or _MATHS.get(child.tag, "")
            yield from _words(child)


def _boxes(element: Element) -> Iterator[Element]:
    """Yield the outermost text boxes in the element."""
    for child in element:
        if child.tag == "txbxContent":
            yield child
        elif child.tag not in _UNREAD:
            yield from _boxes(child)


def _cell(element: Element) -> str:
    return " ".join(" ".join("".join(_words(words)).split()) for words in element.iter("p")).strip()
