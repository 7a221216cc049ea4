"""What a file says: paths -> files (`scan`), a file -> documents (`load`). Parsers are imported where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vecsearch.documents.decoding import HEAD, NotText, check_text, decode
from vecsearch.documents.given import given_document
from vecsearch.documents.outcomes import NoRecords, Skip, os_reason
from vecsearch.documents.records import RecordFields, load_records
from vecsearch.documents.selection import Selection
from vecsearch.documents.walking import SourceFile, scan
from vecsearch.types import Document, Failure

__all__ = ["NoRecords", "RecordFields", "Selection", "Skip", "SourceFile", "given_document", "load", "scan"]


def load(path: Path, document_id: str, fields: RecordFields | None = None) -> Iterator[Document | Failure]:
    """The document that the file at `path` is, or one document for each record in it, streaming.

    `document_id` becomes the id of a file that is one document; records have ids of their own. Yields a `Skip` for a
    file or row with nothing to index and a `Failure` for one that cannot be read, and goes on with the next row.
    Raises InvalidDocument when a file of records lacks a field that every row needs.
    """
    if path.suffix.lower() in (".jsonl", ".ndjson", ".csv", ".parquet"):
        yield from load_records(path, fields or RecordFields())
    else:
        yield _load_file(path, document_id)


def _load_file(path: Path, document_id: str) -> Document | Failure:
    source = str(path)
    try:
        data = _read(path)
        document = _parse(data, path, document_id)
    except OSError as error:
        return Failure(source, os_reason(error))
    except NotText as error:
        return Skip(source, str(error))
    if not document.text.strip():
        return Skip(source, "no text in it" if data else "empty file")
    return document


def _read(path: Path) -> bytes:
    """The whole file, unless its first bytes show that it is binary: it may be larger than memory."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        check_text(head)
        return head + file.read()


def _parse(data: bytes, path: Path, document_id: str) -> Document:
    match path.suffix.lower():
        case ".md" | ".markdown" | ".mdx":
            from vecsearch.documents.markdown import markdown_document as document
        case ".rst":
            from vecsearch.documents.rst import rst_document as document
        case ".html" | ".htm" | ".xhtml":
            from vecsearch.documents.html import declared_encoding, html_document

            return html_document(decode(data, declared_encoding(data)), document_id, str(path))
        case _:
            from vecsearch.documents.text import text_document as document
    return document(decode(data), document_id, str(path))
