"""A file of any kind -> its documents, in this process. Who may be trusted to run here is decided in `__init__`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from vecsearch.documents.decoding import NotText, check_text, decode
from vecsearch.documents.formats import (
    TEXTS,
    Format,
    format_of,
    format_of_ole,
    format_of_package,
    is_encrypted_office,
)
from vecsearch.documents.limits import check_depth, check_text_size, megabytes
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.pieces import Piece
from vecsearch.documents.records import RecordFields, load_records
from vecsearch.errors import ExtraMissing, InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

_WIDEST_CHARACTER = 4  # bytes, in any encoding that texts are in
_MIMETYPE = 100  # bytes of it that are read


def kind_of(piece: Piece) -> Format:
    """The kind of the file."""
    return format_of(piece.name, piece.head)


def is_foreign(piece: Piece, kind: Format) -> bool:
    """Whether reading the file may take more time or memory than its size tells, or break the process.

    Raises OSError.
    """
    if kind is Format.HTML and piece.size <= min(piece.limits.text * _WIDEST_CHARACTER, piece.limits.file):
        from vecsearch.documents.html import nests_deep

        return nests_deep(piece.data().decode("latin-1"))
    return kind not in TEXTS


def documents_in(piece: Piece, fields: RecordFields, *, meant: bool) -> Iterator[Document | Failure]:
    """The documents that the file is or holds. Whatever is wrong with it is a Failure, or a Skip; nothing is raised.

    A table without the fields of records is text, unless somebody `meant` it to hold records.
    """
    nothing = True
    try:
        check_depth(piece.depth, piece.limits)
        for found in _found(piece, kind_of(piece), fields, meant=meant) if piece.size else ():
            nothing = False
            if isinstance(found, Piece):
                yield from documents_in(found, fields, meant=fields != RecordFields())
            elif isinstance(found, Failure) or found.text.strip():
                yield found
            else:
                yield Skip(found.source or piece.source, "no text in it")
        if nothing:
            yield Skip(piece.source, "nothing in it to index" if piece.size else "empty file")
    except NotText as error:
        yield Skip(piece.source, str(error))
    except (InvalidDocument, ExtraMissing) as error:
        yield Failure(piece.source, str(error).removeprefix(f"{piece.source}: "))
    except MemoryError:
        yield Failure(piece.source, f"reading it takes more than {megabytes(piece.limits.memory)} of memory")
    except RecursionError:
        yield Failure(piece.source, "nested too deep")
    except OSError as error:
        yield Failure(piece.source, os_reason(error))
    except Exception as error:  # the parsers of others raise anything for files that are not as they should be
        yield Failure(piece.source, f"damaged, or not what its name says: {_reason(error)}")


def _found(piece: Piece, kind: Format, fields: RecordFields, *, meant: bool) -> Iterator[Document | Failure | Piece]:
    if kind is Format.RECORDS:
        yield from records_or_table(piece, fields, meant=meant)
    elif kind in TEXTS:
        yield _typed(_text_document(piece, kind), kind)
    else:
        kind = _inner_kind(piece, kind)
        for found in _foreign(piece, kind):
            yield _typed(found, kind) if isinstance(found, Document) else found


def records_or_table(piece: Piece, fields: RecordFields, *, meant: bool) -> Iterator[Document | Failure]:
    """A document for each record, or, where they lack id or text and nobody `meant` them, one of all rows."""
    try:
        yield from load_records(piece, fields)
    except NoRecords:
        if meant:
            raise
        from vecsearch.documents.rows import read_rows
        from vecsearch.documents.tables import table_document

        yield _with({"type": "table"}, table_document(read_rows(piece), piece))


def _text_document(piece: Piece, kind: Format) -> Document:
    """The document of a text. Raises NotText, InvalidDocument and OSError."""
    check_text(piece.head)  # first: what is not text may be of any size
    check_text_size(piece.size // _WIDEST_CHARACTER, piece.limits)
    data = piece.data()
    content = decode(data, _declared_encoding(data) if kind is Format.HTML else None)
    check_text_size(len(content), piece.limits)
    return _parsed(content, piece, kind)


def _declared_encoding(page: bytes) -> str | None:
    from vecsearch.documents.html import declared_encoding

    return declared_encoding(page)


def _parsed(content: str, piece: Piece, kind: Format) -> Document:
    match kind:
        case Format.MARKDOWN:
            from vecsearch.documents.markdown import markdown_document as document
        case Format.RST:
            from vecsearch.documents.rst import rst_document as document
        case Format.ASCIIDOC:
            from vecsearch.documents.asciidoc import asciidoc_document as document
        case Format.LATEX:
            from vecsearch.documents.latex import latex_document as document
        case Format.HTML:
            from vecsearch.documents.html import html_document as document
        case Format.CODE:
            from vecsearch.documents.code import code_document as document
        case Format.NOTEBOOK:
            from vecsearch.documents.notebook import notebook_document

            if not content.strip():
                return Document(piece.id, "", source=piece.source)
            return notebook_document(content, piece.id, piece.source, piece.limits)
        case _:
            from vecsearch.documents.text import text_document as document
    return document(content, piece.id, piece.source)


def _inner_kind(piece: Piece, kind: Format) -> Format:
    """What a zip file or one of old Office really is. Raises NotText for one that there is no loader for."""
    found: Format | None = kind
    if kind is Format.ZIP:
        from zipfile import ZipFile

        with piece.open() as file, ZipFile(file) as archive:
            parts = set(archive.namelist())
            mimetype = b""
            if "mimetype" in parts:
                with archive.open("mimetype") as member:
                    mimetype = member.read(_MIMETYPE)
        found = format_of_package(parts, mimetype, piece.suffix)
    elif kind is Format.OLE:
        data = piece.data()
        if is_encrypted_office(data):
            raise InvalidDocument("it is encrypted: remove the password to index it")
        found = format_of_ole(data, piece.suffix)
    if found is None:
        raise NotText(f"binary file ({'ZIP or Office' if kind is Format.ZIP else 'old Office'})")
    return found


def _foreign(piece: Piece, kind: Format) -> Iterator[Document | Failure | Piece]:
    match kind:
        case Format.PDF:
            from vecsearch.documents.pdf import pdf_document as document
        case Format.DOCX:
            from vecsearch.documents.docx import docx_document as document
        case Format.PPTX:
            from vecsearch.documents.pptx import pptx_document as document
        case Format.SHEETS:
            from vecsearch.documents.sheets import sheets_document as document
        case Format.ODF:
            from vecsearch.documents.odf import odf_document as document
        case Format.EPUB:
            from vecsearch.documents.epub import epub_document as document
        case Format.RTF:
            from vecsearch.documents.rtf import rtf_document as document
        case Format.FEED:
            from vecsearch.documents.feeds import feed_document as document
        case _:
            yield from _several(piece, kind)
            return
    yield document(piece)


def _several(piece: Piece, kind: Format) -> Iterator[Document | Failure | Piece]:
    """What is in a file that holds others."""
    match kind:
        case Format.MAIL:
            from vecsearch.documents.mail import mail_documents as documents
        case Format.MAILBOX:
            from vecsearch.documents.mail import mailbox_documents as documents
        case Format.MSG:
            from vecsearch.documents.msg import msg_documents as documents
        case Format.ZIP:
            from vecsearch.documents.archives import zip_pieces as documents
        case Format.TAR:
            from vecsearch.documents.archives import tar_pieces as documents
        case _:
            from vecsearch.documents.archives import compressed_pieces as documents
    yield from documents(piece)


def _typed(document: Document, kind: Format) -> Document:
    """The document with its kind as metadata, unless it says itself what it is."""
    return document if "type" in document.metadata else _with({"type": kind.value}, document)


def _with(metadata: Mapping[str, Any], document: Document) -> Document:
    return replace(document, metadata={**metadata, **document.metadata})


def _reason(error: Exception) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
