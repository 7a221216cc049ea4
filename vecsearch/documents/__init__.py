"""What files say: folders → files (`scan`), a file → documents (`load`).

Open first: `loading.py` (how a file becomes documents) and `loaders/__init__.py` (the table format → loader). Beside
them: `formats.py` recognises a format, `piece.py` is what a loader is given, `composing.py` what it builds a text with;
`reader.py` and `worker.py` are the process for parsers that may hang or crash, `restraint.py` keeps it within
`limits.py`, what a file may take; `records.py`, `rows.py` and `texts.py` read files of rows, which are of text
(`row.py`, `csv_rows.py`) or of columns (`parquet_rows.py`); `scanning.py` finds the files; `given.py` and
`arrow_tables.py` take what a program passes to `add`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from vecsearch.documents.formats import Format, format_of
from vecsearch.documents.gitignore import IGNORE_FILES
from vecsearch.documents.given import given_documents
from vecsearch.documents.limits import Limits
from vecsearch.documents.loading import documents_in, is_foreign, records_in
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.piece import INSIDE, Piece
from vecsearch.documents.reader import Reader
from vecsearch.documents.records import RecordFields
from vecsearch.documents.scanning import SourceFile, scan
from vecsearch.documents.selection import Selection
from vecsearch.reports import Failure
from vecsearch.types import Document

__all__ = [
    "IGNORE_FILES",
    "INSIDE",
    "Limits",
    "NoRecords",
    "Reader",
    "RecordFields",
    "Selection",
    "Skip",
    "SourceFile",
    "given_documents",
    "load",
    "scan",
]


def load(
    path: Path,
    document_id: str,
    fields: RecordFields | None = None,
    reader: Reader | None = None,
    *,
    expect_records: bool = True,
) -> Iterator[Document | Failure]:
    """Yield the documents in the file at `path`: one, one for each record, or those of the files in an archive.

    `document_id` becomes the id of a file that is one document, and the prefix of the ids of files inside it; records
    have ids of their own. Yields a `Skip` for what holds nothing to index and a `Failure` for what cannot be read,
    and continues. Small texts are read here, everything else by `reader`; without one, a process is started for this
    file. Raises InvalidDocument for a file of rows whose fields are not those of records.
    A table without the fields of records raises InvalidDocument when `expect_records` is set; otherwise it is one
    document, with a line for each row.
    """
    limits = reader.limits if reader is not None else Limits()
    fields = fields or RecordFields()
    try:
        piece = Piece.of_path(path, document_id, limits, fields, expect_records=expect_records)
        kind = format_of(piece.name, piece.head)
        foreign = is_foreign(piece, kind)
    except OSError as error:
        yield Failure(str(path), os_reason(error))
        return
    if not foreign:
        yield from (records_in if kind is Format.RECORDS else documents_in)(piece)
    else:
        with Reader() if reader is None else nullcontext(reader) as reading:
            yield from reading.load(path, document_id, fields, expect_records=expect_records)
