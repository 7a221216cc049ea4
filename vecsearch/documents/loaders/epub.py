"""E-books (.epub): the chapters in reading order, each read as a web page."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vecsearch.documents.charsets import decode
from vecsearch.documents.composing import Composer, clean, properties
from vecsearch.documents.loaders.html import declared_encoding, parse_html
from vecsearch.documents.loaders.packages import Package, open_package, resolved
from vecsearch.documents.loaders.xml_trees import child_texts
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.types import Document

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PROPERTIES = {"title": "title", "creator": "author", "language": "language", "date": "created"}
_PAGES = ("application/xhtml+xml", "text/html")


def load_epub(piece: Piece) -> Iterator[Document]:
    """Yield the document with the text of all chapters, each of which is a place; without the table of contents."""
    composer = Composer(piece.limits)
    with open_package(piece) as package:
        root = package.xml(_CONTAINER).find(".//rootfile")
        book = "" if root is None else resolved("", root.get("full-path", ""))
        content = package.xml(book)
        for number, part in enumerate(_chapters(package, book, content), 1):
            page = package.read(part)
            composer.place(f"section {number}")
            composer.take(parse_html(clean(decode(page, declared_encoding(page)))))
        metadata = [child_texts(child, _PROPERTIES) for child in content if child.tag == "metadata"]
        yield piece.document(composer.parsed(properties(**metadata[0]) if metadata else {}))


def _chapters(package: Package, book: str, content: Element) -> Iterator[str]:
    """Yield the parts that are pages, in the order of the spine. Raises InvalidDocument when they are encrypted."""
    items = {item.get("id", ""): item for item in content.iter("item")}
    encrypted = _encrypted_parts(package)
    for reference in content.iter("itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or item.get("media-type") not in _PAGES or "nav" in item.get("properties", "").split():
            continue
        part = resolved(book, item.get("href", ""))
        if part in encrypted:
            raise InvalidDocument("encrypted by copy protection: use a copy without it")
        if part in package:
            yield part


def _encrypted_parts(package: Package) -> set[str]:
    """Return the encrypted parts; these may be only fonts, which do not matter for the text."""
    if _ENCRYPTION not in package:
        return set()
    return {resolved("", item.get("URI", "")) for item in package.xml(_ENCRYPTION).iter("CipherReference")}
