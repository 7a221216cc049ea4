"""A chunk in its surroundings: what stands before and after it in its document, put together from the chunks there.

What two chunks both hold is there once. Between chunks there is only white space, of which the lines are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.storage.columns import DOCUMENT
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import Chunk

_LONGEST_ORDINAL = 9  # digits


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk where it stands: the text `before` and `after` it in its document, and how many `chunks` that has.

    `source` is the file or address that the text came from.
    """

    chunk: Chunk
    chunks: int
    source: str | None
    metadata: dict[str, Any]
    before: str
    after: str


def passage(store: Store, snapshot: Snapshot, chunk_id: str, context: int) -> Passage:
    """The chunk with this id, and the text of `context` chunks before and after it.

    Raises InvalidQuery when there is none, InvalidOption for a `context` that is no number from 0.
    """
    if type(context) is not int or context < 0:
        raise InvalidOption(f"context is {context!r}; a number of chunks, from 0")
    part, document, ordinal = _found(store, snapshot, chunk_id)
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
    """The text of a document, as it was extracted; raises InvalidOption where texts are not kept, InvalidQuery."""
    if not snapshot.manifest.keep_text:
        raise InvalidOption(f"{store.name} keeps no texts of documents: index them in one made with --keep-text")
    found = _document(store, snapshot, document_id)
    if found is None:
        raise InvalidQuery(f"there is no document {document_id!r}: name one as a hit does, by its document_id")
    part, rows = found
    return str(part.segment.value(DOCUMENT, rows.start))


def _found(store: Store, snapshot: Snapshot, chunk_id: str) -> tuple[Part, slice, int]:
    """The part and rows of the chunk's document, and which of them it is; raises InvalidQuery."""
    name, mark, ordinal = chunk_id.rpartition("#")
    numbered = mark and ordinal.isdecimal() and len(ordinal) <= _LONGEST_ORDINAL
    if numbered and (found := _document(store, snapshot, name)):
        part, rows = found
        if int(ordinal) < rows.stop - rows.start:
            return part, rows, int(ordinal)
        raise InvalidQuery(f"there is no chunk {chunk_id!r}: {name} has the chunks {_range(name, rows)}")
    if found := _document(store, snapshot, chunk_id):
        raise InvalidQuery(f"{chunk_id!r} is a document: name one of its chunks, {_range(chunk_id, found[1])}")
    raise InvalidQuery(f"there is no chunk {chunk_id!r}: name one as a hit does, by its chunk_id, as notes/a.md#0")


def _range(document_id: str, rows: slice) -> str:
    last = rows.stop - rows.start - 1
    return f"{document_id}#0 to {document_id}#{last}" if last else f"{document_id}#0 only"


def _document(store: Store, snapshot: Snapshot, name: str) -> tuple[Part, slice] | None:
    """The part and rows of the document of this id, or of the one that is all of the file at this path."""
    if not is_storable(name):
        return None
    for identifier in (name, store.key(Path(name))):
        for part in snapshot.parts:
            for first in part.segment.documents_with("document_id", [identifier]).tolist():
                if part.is_live(first):
                    return part, part.segment.rows_from(first)
    return None


def _text(chunks: Sequence[Chunk], start: int, end: int) -> str:
    """The document's text from `start` to `end`, as far as the chunks hold it, with line ends or a blank between."""
    parts, position, line = [], start, 0
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if position < chunk.start:
            parts.append("\n" * (chunk.line - line) or " ")
        position = max(position, chunk.start)
        stop = min(chunk.end, end)
        if position <= chunk.end:
            parts.append(chunk.text[position - chunk.start : max(stop, position) - chunk.start])
            position = max(position, stop)
            line = chunk.line + chunk.text.count("\n", 0, position - chunk.start)
    return "".join(parts)
