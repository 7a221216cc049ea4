"""E-books (.epub): the chapters in the order of reading, each read as a web page."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer, clean
from vecsearch.documents.decoding import decode
from vecsearch.documents.html import declared_encoding, html_document
from vecsearch.documents.packages import Package, open_package, resolved
from vecsearch.documents.pieces import Piece
from vecsearch.documents.properties import properties
from vecsearch.documents.xml_trees import child_texts
from vecsearch.errors import InvalidDocument
from vecsearch.types import Document

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PROPERTIES = {"title": "title", "creator": "author", "language": "language", "date": "created"}
_PAGES = ("application/xhtml+xml", "text/html")


def epub_document(piece: Piece) -> Document:
    """The document with the text of all chapters, each of which is a place; the table of contents is left out."""
    composer = Composer(piece.limits)
    with open_package(piece) as package:
        root = package.xml(_CONTAINER).find(".//rootfile")
        book = "" if root is None else resolved("", root.get("full-path", ""))
        content = package.xml(book)
        for number, part in enumerate(_chapters(package, book, content), 1):
            page = package.read(part)
            composer.place(f"section {number}")
            composer.take(html_document(clean(decode(page, declared_encoding(page))), piece.id, piece.source))
        found = [child_texts(child, _PROPERTIES) for child in content if child.tag == "metadata"]
        return composer.document(piece.id, piece.source, properties(**found[0]) if found else {})


def _chapters(package: Package, book: str, content: Element) -> Iterator[str]:
    """The parts that are pages, in the order of the spine. Raises InvalidDocument when they are encrypted."""
    items = {item.get("id", ""): item for item in content.iter("item")}
    locked = _encrypted(package)
    for reference in content.iter("itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or item.get("media-type") not in _PAGES or "nav" in item.get("properties", "").split():
            continue
        part = resolved(book, item.get("href", ""))
        if part in locked:
            raise InvalidDocument("it is protected against copying, which leaves nothing to read")
        if part in package:
            yield part


def _encrypted(package: Package) -> set[str]:
    """The parts that only a reader with a key can open; fonts among them take nothing from the text."""
    if _ENCRYPTION not in package:
        return set()
    return {resolved("", found.get("URI", "")) for found in package.xml(_ENCRYPTION).iter("CipherReference")}
