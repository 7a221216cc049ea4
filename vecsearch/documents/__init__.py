"""What a file says: paths -> files (`scan`), a file -> documents (`load`). Parsers are imported where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from vecsearch.documents.formats import Format
from vecsearch.documents.given import given_document
from vecsearch.documents.limits import Limits
from vecsearch.documents.loading import documents_in, is_foreign, kind_of, records_or_table
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.pieces import INSIDE, Piece
from vecsearch.documents.reader import Reader
from vecsearch.documents.records import RecordFields
from vecsearch.documents.selection import Selection
from vecsearch.documents.walking import SourceFile, scan
from vecsearch.reports import Failure
from vecsearch.types import Document

__all__ = [
    "INSIDE",
    "Limits",
    "NoRecords",
    "Reader",
    "RecordFields",
    "Selection",
    "Skip",
    "SourceFile",
    "given_document",
    "load",
    "scan",
]


def load(
    path: Path,
    document_id: str,
    fields: RecordFields | None = None,
    reader: Reader | None = None,
    *,
    meant: bool = True,
) -> Iterator[Document | Failure]:
    """The documents that the file at `path` is or holds, streaming: one, one for each record, or those in an archive.

    `document_id` becomes the id of a file that is one document, and what the ids of files inside it begin with; records
    have ids of their own. Yields a `Skip` for what holds nothing to index and a `Failure` for what cannot be read,
    and goes on. Formats that are not text are read by `reader`; without one a process is started for this file alone.
    A table without the fields of records is text, line by line, unless it is `meant` to hold records: then raises
    InvalidDocument.
    """
    limits = reader.limits if reader is not None else Limits()
    fields = fields or RecordFields()
    try:
        piece = Piece.of_path(path, document_id, limits)
        kind = kind_of(piece)
        foreign = kind is not Format.RECORDS and is_foreign(piece, kind)
    except OSError as error:
        yield Failure(str(path), os_reason(error))
        return
    if kind is Format.RECORDS:
        yield from records_or_table(piece, fields, meant=meant)
    elif not foreign:
        yield from documents_in(piece, fields, meant=meant)
    else:
        with Reader() if reader is None else nullcontext(reader) as reading:
            yield from reading.load(path, document_id, fields, meant=meant)
