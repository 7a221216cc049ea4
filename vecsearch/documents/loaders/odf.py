"""OpenDocument: paragraphs, headings, tables and notes of a text (.odt), slides of a presentation (.odp)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer, properties
from vecsearch.documents.loaders.packages import Package, open_package
from vecsearch.documents.loaders.xml_trees import child_texts, children
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.types import Document

_UNREAD = frozenset(("tracked-changes", "annotation", "note", "sequence-decls", "forms", "scripts", "styles"))
_DEEPEST_HEADING = 9
_MOST_BLANKS = 100  # from one element that encodes several
_PROPERTIES = {"title": "title", "initial-creator": "author", "language": "language", "creation-date": "created"}


def load_odf(piece: Piece) -> Iterator[Document]:
    """Yield the document in an OpenDocument file; notes and comments are at its end, slides are places."""
    composer = Composer(piece.limits)
    with open_package(piece) as package:
        check_unencrypted(package)
        content = package.xml("content.xml")
        _add(composer, content)
        for kind in ("note-body", "annotation"):
            for note in content.iter(kind):
                composer.paragraph("\n".join("".join(_words(words)) for words in note.iter("p")))
        yield piece.document(composer.parsed(odf_properties(package)))


def odf_properties(package: Package) -> dict[str, object]:
    """Return the metadata in the package's `meta.xml`, which may be missing."""
    if "meta.xml" not in package:
        return {}
    texts = [child_texts(meta, _PROPERTIES) for meta in children(package.xml("meta.xml"), "meta")]
    return properties(**texts[0]) if texts else {}


def check_unencrypted(package: Package) -> None:
    """Raises InvalidDocument when parts of the package are encrypted."""
    manifest = "META-INF/manifest.xml"
    if manifest in package and package.xml(manifest).find(".//encryption-data") is not None:
        raise InvalidDocument("encrypted: remove the password to index it")


def _add(composer: Composer, element: Element) -> None:
    """Add the paragraphs, headings and tables in the element."""
    slides = 0
    for child in element:
        match child.tag:
            case "h":
                level = child.get("outline-level", "1")
                composer.heading("".join(_words(child)), min(int(level), _DEEPEST_HEADING) if level.isdecimal() else 1)
            case "p":
                composer.paragraph("".join(_words(child)))
            case "table":
                composer.block("\n".join(row for row in map(_row, child.iter("table-row")) if row.strip()))
            case "page":  # of a presentation
                slides += 1
                composer.place(f"slide {slides}")
                _add(composer, child)
            case tag if tag not in _UNREAD:
                _add(composer, child)


def _row(element: Element) -> str:
    cells = (" ".join("".join(_words(words)) for words in cell.iter("p")) for cell in children(element, "table-cell"))
    return "\t".join(" ".join(cell.split()) for cell in cells)


def _words(element: Element) -> Iterator[str]:
    """Yield the text in the element; blanks, tabs and line ends may be elements of their own."""
    yield element.text or ""
    for child in element:
        match child.tag:
            case "s":
                count = child.get("c", "1")
                yield " " * (min(int(count), _MOST_BLANKS) if count.isdecimal() else 1)
            case "tab":
                yield "\t"
            case "line-break":
                yield "\n"
            case tag if tag not in _UNREAD:
                yield from _words(child)
        yield child.tail or ""
