"""A piece of any format → its documents, in this process. Which files need a process of their own: `is_foreign`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zipfile import ZipFile

from vecsearch.documents.charsets import NotText
from vecsearch.documents.formats import (
    Format,
    format_of,
    format_of_ole,
    format_of_package,
    is_encrypted_office,
)
from vecsearch.documents.limits import Exhausted, check_depth, megabytes
from vecsearch.documents.loaders import is_isolated, loader_of
from vecsearch.documents.loaders.tables import load_rows
from vecsearch.documents.outcomes import Skip, os_reason
from vecsearch.documents.piece import Piece
from vecsearch.errors import ExtraMissing, InvalidDocument
from vecsearch.reports import Failure, NeedsExtra
from vecsearch.types import Document

_MIMETYPE = 100  # bytes of a package's mimetype that are read
# Bytes of a file that any of our own loaders reads within a second. Notes are smaller; to ask the other process for a
# larger one costs little beside reading it, and there it can be stopped.
_SMALL = 32_768


def is_foreign(piece: Piece, kind: Format) -> bool:
    """Whether reading the file may take long or much memory, or crash. Raises OSError."""
    if kind is Format.TEXT:
        return False  # it is decoded, and that is all
    if piece.size > _SMALL or piece.suffix == ".parquet":
        return True
    if kind is Format.HTML and piece.may_be_text():
        from vecsearch.documents.loaders.html import nests_deep

        return nests_deep(piece.data().decode("latin-1"))
    return is_isolated(kind)


def documents_in(piece: Piece) -> Iterator[Document | Failure]:
    """Yield the documents in the file and in the files inside it.

    Nothing is raised: a file or part that cannot be read is a Failure, one with nothing to index a Skip.
    """
    is_empty = True
    try:
        check_depth(piece.depth, piece.limits)
        for item in _load(piece) if piece.size else ():
            is_empty = False
            if isinstance(item, Piece):
                yield from documents_in(item)
            elif isinstance(item, Failure) or item.text.strip():
                yield item
            else:
                yield Skip(item.source or piece.source, "no text in it")
        if is_empty:
            yield Skip(piece.source, "nothing in it to index" if piece.size else "empty file")
    except Exhausted as error:
        if piece.depth:
            raise  # the outermost file is read no further
        yield _failure(error, piece)
    except Exception as error:
        yield _failure(error, piece)


def records_in(piece: Piece) -> Iterator[Document | Failure]:
    """Yield the documents in a file of records.

    A wrong name of a field is an error of the whole run: raises InvalidDocument for a file whose rows are no records.
    What else is wrong is a Failure, as in `documents_in`.
    """
    try:
        yield from load_rows(piece)
    except InvalidDocument:
        raise
    except Exception as error:
        yield _failure(error, piece)


def _failure(error: Exception, piece: Piece) -> Failure:
    """Return why a file gave no document; parsers raise anything for files that are not as they should be."""
    match error:
        case NotText():
            return Skip(piece.source, str(error))
        case ExtraMissing() if error.extra:
            kind = piece.suffix.removeprefix(".") or format_of(piece.name, piece.head).value
            return NeedsExtra(piece.source, str(error), error.extra, kind.upper())
        case InvalidDocument() | ExtraMissing():
            reason = str(error).removeprefix(f"{piece.source}: ")
        case MemoryError():
            reason = f"needs more than {megabytes(piece.limits.memory)} of memory to read: split it"
        case RecursionError():
            reason = "nested too deep to read"
        case OSError():
            reason = os_reason(error)
        case _:
            reason = f"damaged, or not what its name says: {_first_line(error)}"
    return Failure(piece.source, reason)


def _load(piece: Piece) -> Iterator[Document | Failure | Piece]:
    """Yield what the loader of the file's format yields, each document with the format as its type."""
    kind = specific_format(piece)
    for item in loader_of(kind)(piece):
        yield item if kind is Format.RECORDS or not isinstance(item, Document) else _with_type(item, kind)


def specific_format(piece: Piece) -> Format:
    """Return the format of the file; of a zip or OLE file that of what it contains.

    Raises NotText for a container without a loader, and InvalidDocument for an encrypted one.
    """
    kind = format_of(piece.name, piece.head)
    if kind is Format.ZIP:
        package = format_of_package(*_parts(piece), piece.suffix)
        if package is None:
            raise NotText("binary file (ZIP or Office)")
        return package
    if kind is Format.OLE:
        data = piece.data()
        if is_encrypted_office(data):
            raise InvalidDocument("encrypted: remove the password to index it")
        office = format_of_ole(data, piece.suffix)
        if office is None:
            raise NotText("binary file (old Office)")
        return office
    return kind


def _parts(piece: Piece) -> tuple[set[str], bytes]:
    """Return the names of the parts of a zip file, and the content of the part `mimetype`."""
    with piece.open() as file, ZipFile(file) as archive:
        names = set(archive.namelist())
        if "mimetype" not in names:
            return names, b""
        with archive.open("mimetype") as member:
            return names, member.read(_MIMETYPE)


def _with_type(document: Document, kind: Format) -> Document:
    """Return the document with its format in its metadata, unless its metadata has a type already."""
    if "type" in document.metadata:
        return document
    return replace(document, metadata={"type": kind.value, **document.metadata})


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type if it has no message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
