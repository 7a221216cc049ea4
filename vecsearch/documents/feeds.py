"""Feeds: the entries of RSS and Atom, each with its title, day, author and text."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer, clean
from vecsearch.documents.html import html_document
from vecsearch.documents.pieces import Piece
from vecsearch.documents.properties import iso_day, properties
from vecsearch.documents.xml_trees import parse_xml, text_of
from vecsearch.types import Document

_DATES = ("pubDate", "published", "date", "updated")
_TEXTS = ("encoded", "content", "description", "summary")  # the first that an entry has is its text
_AUTHORS = ("creator", "author")


def feed_document(piece: Piece) -> Document:
    """The document with the text of all entries, each of which is a place. Raises InvalidDocument for broken XML."""
    root = parse_xml(piece.data(), "the feed")
    channel = next((child for child in root if child.tag == "channel"), root)
    composer = Composer(piece.limits)
    title = _text(channel, ("title",))
    composer.heading(title, 1)
    composer.paragraph(_words(_text(channel, ("description", "subtitle"))))
    for number, entry in enumerate(_entries(root), 1):
        composer.place(f"entry {number}")
        _add_entry(composer, entry)
    language = _text(channel, ("language",)) or root.get("lang", "")
    return composer.document(piece.id, piece.source, properties(title=title, language=language))


def _entries(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if element.tag in ("item", "entry"))


def _add_entry(composer: Composer, entry: Element) -> None:
    composer.heading(_words(_text(entry, ("title",))), 2)
    composer.paragraph(", ".join(filter(None, (_day(_text(entry, _DATES)), _author(entry)))))
    composer.take(html_document(clean(_text(entry, _TEXTS)), "", ""), deeper=2)


def _author(entry: Element) -> str:
    """Who wrote the entry: in RSS a text, in Atom an element with a name."""
    name = entry.find("author/name")
    return " ".join((_text(entry, _AUTHORS) if name is None else text_of(name)).split())


def _text(element: Element, names: tuple[str, ...]) -> str:
    """The text in the first child element with one of the names that has any."""
    texts = (text_of(child) for name in names for child in element if child.tag == name)
    return next((text.strip() for text in texts if text.strip()), "")


def _words(html: str) -> str:
    """What a short text with some HTML in it says."""
    return html_document(clean(html), "", "").text


def _day(text: str) -> str:
    """The day of a time as feeds write it, in the way of mail or of ISO."""
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, OverflowError):  # no date of mail's, or a zone or year beyond what dates have
        return iso_day(text) or ""
