"""Feeds: the entries of RSS and Atom, each with its title, date, author and text."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from vecsearch.documents.composing import Composer, clean, iso_date, properties
from vecsearch.documents.loaders.html import parse_html
from vecsearch.documents.loaders.xml_trees import parse_xml, text_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document

_DATES = ("pubDate", "published", "date", "updated")
_TEXTS = ("encoded", "content", "description", "summary")  # the first one in an entry is its text
_AUTHORS = ("creator", "author")


def load_feed(piece: Piece) -> Iterator[Document]:
    """Yield the document with the text of all entries, each of which is a place. Raises InvalidDocument."""
    root = parse_xml(piece.data(), "the feed")
    channel = next((child for child in root if child.tag == "channel"), root)
    composer = Composer(piece.limits)
    title = _text(channel, ("title",))
    composer.heading(title, 1)
    composer.paragraph(_text_of_html(_text(channel, ("description", "subtitle"))))
    for number, entry in enumerate(_entries(root), 1):
        composer.place(f"entry {number}")
        _add_entry(composer, entry)
    language = _text(channel, ("language",)) or root.get("lang", "")
    yield piece.document(composer.parsed(properties(title=title, language=language)))


def _entries(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if element.tag in ("item", "entry"))


def _add_entry(composer: Composer, entry: Element) -> None:
    composer.heading(_text_of_html(_text(entry, ("title",))), 2)
    composer.paragraph(", ".join(filter(None, (_date(_text(entry, _DATES)), _author(entry)))))
    composer.take(parse_html(clean(_text(entry, _TEXTS))), deeper=2)


def _author(entry: Element) -> str:
    """Return the author of the entry: in RSS a text, in Atom an element with a name."""
    name = entry.find("author/name")
    return " ".join((_text(entry, _AUTHORS) if name is None else text_of(name)).split())


def _text(element: Element, names: tuple[str, ...]) -> str:
    """Return the text of the first child element with any text; the names in order of preference."""
    texts = (text_of(child) for name in names for child in element if child.tag == name)
    return next((text.strip() for text in texts if text.strip()), "")


def _text_of_html(html: str) -> str:
    """Return the text of a short text with some HTML in it."""
    return parse_html(clean(html)).text


def _date(text: str) -> str:
    """Return the date of a timestamp, which feeds write as mail does or in ISO format."""
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, OverflowError):  # not a date as mail writes it, or a zone or year that is out of range
        return iso_date(text) or ""
