"""Show a chunk in its document: the text before and after it, put together from the neighbouring chunks.

Text that two chunks share appears once. Between chunks the document has only white space, restored as line breaks
where line numbers differ, else as a blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vecsearch.checks import check_whole
from vecsearch.errors import InvalidOption, InvalidQuery, UnknownId
from vecsearch.search.lookup import documents_named, rows_of_chunk, split_chunk_id
from vecsearch.storage.columns import DOCUMENT
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import Chunk


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, the text `before` and `after` it in its document, and how many `chunks` that document has.

    `source` is the file or URL that the text came from.
    """

    chunk: Chunk
    chunks: int
    source: str | None
    metadata: dict[str, Any]
    before: str
    after: str


def passage(store: Store, snapshot: Snapshot, chunk_id: str, context: int) -> Passage:
    """Return the chunk with this id, and the text of `context` chunks before and after it.

    Raises UnknownId, InvalidOption unless `context` is a whole number from 0.
    """
    context = check_whole("context", context, 0)
    part, document, ordinal = _find_chunk(store, snapshot, chunk_id)
    first, stop = max(0, ordinal - context), min(document.stop - document.start, ordinal + context + 1)
    rows = part.segment.take(range(document.start + first, document.start + stop))
    chunks, row = [row.chunk for row in rows], rows[ordinal - first]
    before, after = chunks[: ordinal - first], chunks[ordinal - first + 1 :]
    return Passage(
        chunk=row.chunk,
        chunks=document.stop - document.start,
        source=row.source if row.path is None else str(store.resolve(row.path)),
        metadata=row.metadata,
        before=_text([*before, row.chunk], before[0].start, row.chunk.start) if before else "",
        after=_text([row.chunk, *after], row.chunk.end, max(chunk.end for chunk in after)) if after else "",
    )


def document_text(store: Store, snapshot: Snapshot, document_id: str) -> str:
    """Return the text of a document, as extracted; raises InvalidOption if the index keeps no texts, UnknownId."""
    if not snapshot.manifest.keep_text:
        raise InvalidOption(f"{store.name} keeps no document texts: index into one created with --keep-text")
    document = _find_document(store, snapshot, document_id)
    if document is None:
        raise UnknownId(f"{store.name} has no document {document_id!r}: use the document_id of a hit")
    part, rows = document
    return str(part.segment.value(DOCUMENT, rows.start))


def _find_chunk(store: Store, snapshot: Snapshot, name: str) -> tuple[Part, slice, int]:
    """The part and the rows of the chunk's document, and the chunk's ordinal; raises InvalidQuery."""
    if split := split_chunk_id(name):
        document_name, ordinal = split
        if document := _find_document(store, snapshot, document_name):
            part, rows = document
            if ordinal < rows.stop - rows.start:
                return part, rows, ordinal
            chunks = _range(document_name, rows)
            raise UnknownId(f"{store.name} has no chunk {name!r}: the chunks of {document_name} are {chunks}")
    if document := _find_document(store, snapshot, name):
        raise InvalidQuery(f"{name!r} is a document: name one of its chunks, {_range(name, document[1])}")
    for number, chunk in rows_of_chunk(store, snapshot.parts, name):
        segment = snapshot.parts[number].segment
        ordinal = int(segment.value("ordinal", chunk.start))
        return snapshot.parts[number], segment.rows_from(chunk.start - ordinal), ordinal
    raise UnknownId(f"{store.name} has no chunk {name!r}: use the chunk_id of a hit, such as notes/a.md#0")


def _find_document(store: Store, snapshot: Snapshot, name: str) -> tuple[Part, slice] | None:
    """The part and the rows of the document that a name stands for; raises InvalidQuery where it stands for several."""
    [documents] = documents_named(store, snapshot.parts, [name])
    if len(documents) > 1:
        raise InvalidQuery(f"{name} holds {len(documents):,} documents: name one by its id, or by {name}:LINE")
    return (snapshot.parts[documents[0].part], documents[0].rows) if documents else None


def _range(document_id: str, rows: slice) -> str:
    last = rows.stop - rows.start - 1
    return f"{document_id}#0 to {document_id}#{last}" if last else f"{document_id}#0 only"


def _text(chunks: Sequence[Chunk], start: int, end: int) -> str:
    """The document's text from `start` to `end`, as far as the chunks hold it, with line breaks or a blank between."""
    pieces, position, line = [], start, 0
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if position < chunk.start:
            pieces.append("\n" * (chunk.line - line) or " ")
        position = max(position, chunk.start)
        stop = min(chunk.end, end)
        if position <= chunk.end:
            pieces.append(chunk.text[position - chunk.start : max(stop, position) - chunk.start])
            position = max(position, stop)
            line = chunk.line + chunk.text.count("\n", 0, position - chunk.start)
    return "".join(pieces)
