"""PDF: the text of each page in the order in which the file draws it, by pdfium. Pictures of text are not read.

Headings are those of the file's own table of contents, which leads to pages; on its page a title is looked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from vecsearch.documents.composing import Composer, clean
from vecsearch.documents.decoding import NotText
from vecsearch.documents.pieces import Piece
from vecsearch.documents.properties import properties
from vecsearch.errors import ExtraMissing, InvalidDocument
from vecsearch.types import Document, Heading, Outline

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_HYPHEN = "\ufffe"  # what pdfium puts where a word is parted at the end of a line
_PARTED = re.compile(rf"\b(\w+)[{_HYPHEN}\x02]\s*(\w+)")
_HYPHENATED = re.compile(r"\b\w+-\w+")
_BLANKS = re.compile(r"(?<![ \t\xa0])[ \t\xa0]+(?=\n|$)")
_NUMBER = r"(?:(?:\w+ )?[\dIVXLC]{1,5}(?:\.\d{1,3}){0,5}[.:)]?\s+)?"  # "2.1", "Chapter IV:"
_SIGNS = r"[^\w\n]*"
_LONGEST_TITLE = 500  # characters
_MOST_TITLES = 10_000
_LONGEST_LANGUAGE = 200  # bytes
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class Title(NamedTuple):
    """An entry of a table of contents: its level, from 1, and its words."""

    level: int
    words: list[str]


def pdf_document(piece: Piece) -> Document:
    """The document with the text of all pages, each of which is a place.

    Raises NotText when no page has text, as in a scan, and InvalidDocument for a password or a damaged file.
    """
    composer = Composer(piece.limits)
    with piece.open() as file, _opened(file) as pdf:
        contents = _contents(pdf)
        for number, text in enumerate(_pages(pdf), 1):
            composer.place(f"page {number}", number)
            composer.take(Document("", text, outline=Outline(titles_in(text, contents[number - 1]))))
        document = composer.document(piece.id, piece.source, _properties(pdf))
        if not document.text:
            raise NotText("no text on any page: it may be a scan, which only text recognition can read")
    return document


def _opened(file: Any) -> PdfDocument:
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        if error.name != "pypdfium2":
            raise
        raise ExtraMissing.of("pypdfium2", "documents", "reading PDF") from None
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise InvalidDocument("it is encrypted: remove the password to index it") from None
        raise InvalidDocument(f"not a PDF that can be read: {error}") from None


def _pages(pdf: PdfDocument) -> Iterator[str]:
    """The text of each page; "" for a page that is damaged, which leaves the others as they are."""
    from pypdfium2 import PdfiumError

    for index in range(len(pdf)):
        try:
            yield _text(pdf[index])
        except PdfiumError:
            yield ""


def _text(page: PdfPage) -> str:
    text = rejoined(page.get_textpage().get_text_range())
    page.close()
    return text


def rejoined(text: str) -> str:
    """The text of a page without blanks at line ends and with words whole that the end of a line parted."""
    whole = {word.lower() for word in _HYPHENATED.findall(text)}
    text = _PARTED.sub(lambda parted: _joined(parted[1], parted[2], whole), text)
    return _BLANKS.sub("", clean(text))


def _joined(left: str, right: str, hyphenated: set[str]) -> str:
    """A word that the end of a line parted: with its hyphen where the page has it so, else without."""
    word = f"{left}-{right}"
    return word if word.lower() in hyphenated else left + right


def _contents(pdf: PdfDocument) -> dict[int, list[Title]]:
    """For each page, from 0, the titles in the table of contents that lead to it, in their order."""
    found: dict[int, list[Title]] = defaultdict(list)
    for entry in islice(pdf.get_toc(), _MOST_TITLES):
        destination = entry.get_dest()
        page = None if destination is None else destination.get_index()
        words = clean(entry.get_title())[:_LONGEST_TITLE].split()
        if page is not None and words:
            found[page].append(Title(entry.level + 1, words))
    return found


def titles_in(text: str, titles: Sequence[Title]) -> tuple[Heading, ...]:
    """The headings of a page, each at its line; at the start of the page where its words stand on no line alone."""
    headings = []
    for level, words in titles if text.strip() else ():
        title = r"\s+".join(map(re.escape, words))
        line = re.search(rf"^{_SIGNS}{_NUMBER}{title}{_SIGNS}$", text, re.MULTILINE | re.IGNORECASE)
        start = 0 if line is None else line.end() - len(line[0].lstrip())
        headings.append(Heading(text.rfind("\n", 0, start) + 1, level, " ".join(words)))
    return tuple(sorted(headings, key=lambda heading: heading.start))


def _properties(pdf: PdfDocument) -> dict[str, Any]:
    found = pdf.get_metadata_dict(skip_empty=True)
    return properties(
        title=found.get("Title"),
        author=found.get("Author"),
        language=_language(pdf),
        created=found.get("CreationDate"),
    )


def _language(pdf: PdfDocument) -> str:
    """The language that the file says it is in; "" when it does not say."""
    from ctypes import POINTER, c_ushort, cast, create_string_buffer

    from pypdfium2.raw import FPDFCatalog_GetLanguage

    size = FPDFCatalog_GetLanguage(pdf, None, 0)
    if not 2 < size < _LONGEST_LANGUAGE:
        return ""
    buffer = create_string_buffer(size)
    FPDFCatalog_GetLanguage(pdf, cast(buffer, POINTER(c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
