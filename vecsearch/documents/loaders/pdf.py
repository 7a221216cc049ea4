"""PDF: the text of each page in the order in which the file draws it, by PDFium. Text in images is not read.

Headings come from the file's outline, which links titles to pages; a title is then located in the text of its page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from vecsearch.documents.charsets import NotText
from vecsearch.documents.composing import Composer, Parsed, clean, properties
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.imports import require
from vecsearch.types import Document, Heading, Outline

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_HYPHEN = "\ufffe"  # what PDFium puts where a word is divided at the end of a line
_DIVIDED = re.compile(rf"\b(\w+)[{_HYPHEN}\x02]\s*(\w+)")
_HYPHENATED = re.compile(r"\b\w+-\w+")
_BLANKS = re.compile(r"(?<![ \t\xa0])[ \t\xa0]+(?=\n|$)")
_NUMBER = r"(?:(?:\w+ )?[\dIVXLC]{1,5}(?:\.\d{1,3}){0,5}[.:)]?\s+)?"  # "2.1", "Chapter IV:"
_SIGNS = r"[^\w\n]*"
_LONGEST_TITLE = 500  # characters
_MOST_TITLES = 10_000
_LONGEST_LANGUAGE = 200  # bytes
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class Title(NamedTuple):
    """An entry of the file's outline: its level, from 1, and its words."""

    level: int
    words: list[str]


def load_pdf(piece: Piece) -> Iterator[Document]:
    """Yield the document with the text of all pages, each of which is a place.

    Raises NotText when no page has text, as in a scan, and InvalidDocument for an encrypted or damaged file.
    """
    composer = Composer(piece.limits)
    pdfium = require("pypdfium2", "documents", "reading PDF")
    with piece.open() as file, _open(file, pdfium) as pdf:
        titles = _titles_by_page(pdf)
        for number, text in enumerate(_pages(pdf, pdfium.PdfiumError), 1):
            composer.place(f"page {number}", number)
            composer.take(Parsed(text, Outline(headings_in(text, titles[number - 1]))))
        parsed = composer.parsed(_properties(pdf))
        if not parsed.text:
            raise NotText("no text on any page: it may be a scan, which needs text recognition (OCR) first")
    yield piece.document(parsed)


def _open(file: BinaryIO, pdfium: Any) -> PdfDocument:
    try:
        pdf: PdfDocument = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise InvalidDocument("encrypted: remove the password to index it") from None
        raise InvalidDocument(f"not a readable PDF: {error}") from None
    return pdf


def _pages(pdf: PdfDocument, damaged: type[Exception]) -> Iterator[str]:
    """Yield the text of each page; "" for one that raises `damaged`, which does not affect the others."""
    for index in range(len(pdf)):
        try:
            yield _text(pdf[index])
        except damaged:
            yield ""


def _text(page: PdfPage) -> str:
    text = rejoined(page.get_textpage().get_text_range())
    page.close()
    return text


def rejoined(text: str) -> str:
    """Return the text of a page without blanks at line ends, and with words joined that line ends divide."""
    hyphenated = {word.lower() for word in _HYPHENATED.findall(text)}
    text = _DIVIDED.sub(lambda match: _joined(match[1], match[2], hyphenated), text)
    return _BLANKS.sub("", clean(text))


def _joined(left: str, right: str, hyphenated: set[str]) -> str:
    """Return a word that a line end divides: with its hyphen if the page has it hyphenated elsewhere, else without."""
    word = f"{left}-{right}"
    return word if word.lower() in hyphenated else left + right


def _titles_by_page(pdf: PdfDocument) -> dict[int, list[Title]]:
    """Return for each page, from 0, the titles in the file's outline that link to it, in their order."""
    titles: dict[int, list[Title]] = defaultdict(list)
    for entry in islice(pdf.get_toc(), _MOST_TITLES):
        destination = entry.get_dest()
        page = None if destination is None else destination.get_index()
        words = clean(entry.get_title())[:_LONGEST_TITLE].split()
        if page is not None and words:
            titles[page].append(Title(entry.level + 1, words))
    return titles


def headings_in(text: str, titles: Sequence[Title]) -> tuple[Heading, ...]:
    """Return the headings of a page, each at the line that consists of its title, else at the start of the page."""
    headings = []
    for level, words in titles if text.strip() else ():
        title = r"\s+".join(map(re.escape, words))
        line = re.search(rf"^{_SIGNS}{_NUMBER}{title}{_SIGNS}$", text, re.MULTILINE | re.IGNORECASE)
        start = 0 if line is None else line.end() - len(line[0].lstrip())
        headings.append(Heading(text.rfind("\n", 0, start) + 1, level, " ".join(words)))
    return tuple(sorted(headings, key=lambda heading: heading.start))


def _properties(pdf: PdfDocument) -> dict[str, Any]:
    values = pdf.get_metadata_dict(skip_empty=True)
    return properties(
        title=values.get("Title"),
        author=values.get("Author"),
        language=_language(pdf),
        created=values.get("CreationDate"),
    )


def _language(pdf: PdfDocument) -> str:
    """Return the language that the file declares; "" when it declares none."""
    from ctypes import POINTER, c_ushort, cast, create_string_buffer

    from pypdfium2.raw import FPDFCatalog_GetLanguage

    size = FPDFCatalog_GetLanguage(pdf, None, 0)
    if not 2 < size < _LONGEST_LANGUAGE:
        return ""
    buffer = create_string_buffer(size)
    FPDFCatalog_GetLanguage(pdf, cast(buffer, POINTER(c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
