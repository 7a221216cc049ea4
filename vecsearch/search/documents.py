"""Whole documents of one version: by their ids, or one after another in alphabetical order.

An index that keeps texts gives them back. Any other puts a document's text together from its chunks: every character
that is not white space at its place, so that the offsets of hits fit, and for the white space between chunks as many
line breaks and blanks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidQuery
from vecsearch.storage.columns import DOCUMENT
from vecsearch.storage.store import Part, Store
from vecsearch.types import Chunk, Document, IntArray


def documents_of(store: Store, parts: Sequence[Part], ids: Sequence[str]) -> list[Document]:
    """Return the documents with these ids, in this order; those that the index does not hold are left out."""
    for identifier in ids:
        if not isinstance(identifier, str):
            raise InvalidQuery(f"the id of a document is {identifier!r}, expected a text")
    wanted = list(filter(is_storable, dict.fromkeys(ids)))
    found = {}
    for part in parts:
        for first in part.segment.documents_with("document_id", wanted).tolist():
            if part.is_live(first):
                document = _document(store, part, first)
                found[document.id] = document
    return [found[identifier] for identifier in ids if identifier in found]


def has_document(parts: Sequence[Part], document_id: object) -> bool:
    """Return whether a live document has this id."""
    if not isinstance(document_id, str) or not is_storable(document_id):
        return False
    firsts = ((part, part.segment.documents_with("document_id", [document_id]).tolist()) for part in parts)
    return any(part.is_live(first) for part, rows in firsts for first in rows)


def every_document(store: Store, parts: Sequence[Part], matching: Sequence[Part]) -> Iterator[Document]:
    """Yield the documents with a row that is live in `matching`, in alphabetical order of their ids.

    `parts` have all live rows. Holds the place of each document, some 16 bytes, and one document at a time.
    """
    firsts = [_first_rows(part) for part in matching]
    ids = [
        part.segment.table.column("document_id").take(pa.array(rows)) for part, rows in zip(parts, firsts, strict=True)
    ]
    numbers = np.concatenate(
        [np.full(len(rows), number) for number, rows in enumerate(firsts)] or [np.empty(0, np.int64)]
    )
    rows = np.concatenate(firsts) if firsts else numbers
    joined = pa.chunked_array([chunk for column in ids for chunk in column.chunks], pa.string())
    for place in pc.sort_indices(joined).to_numpy() if len(joined) else ():
        yield _document(store, parts[int(numbers[place])], int(rows[place]))


def _first_rows(part: Part) -> IntArray:
    """The first rows of the documents with a live row, int64, ascending."""
    if part.alive is None:
        return part.segment.first_rows
    live = np.flatnonzero(part.alive)
    held: IntArray = np.unique(np.searchsorted(part.segment.first_rows, live, side="right") - 1)
    firsts: IntArray = part.segment.first_rows[held]
    return firsts


def _document(store: Store, part: Part, first: int) -> Document:
    """The document that begins at a row."""
    segment = part.segment
    rows = segment.take(range(first, segment.rows_from(first).stop))
    row = rows[0]
    stored = segment.value(DOCUMENT, first) if DOCUMENT in segment.table.column_names else None
    text = whole_text([row.chunk for row in rows]) if stored is None else str(stored)
    source = row.source if row.path is None else str(Path(store.resolve(row.path)))
    return Document(row.chunk.document_id, text, row.metadata, source)


def whole_text(chunks: Sequence[Chunk]) -> str:
    """Return a text in which each chunk is at its place; between them are line breaks, as lines tell, or blanks."""
    pieces: list[str] = []
    position, line = 0, 1
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if position < chunk.start:
            breaks = min(chunk.line - line, chunk.start - position)
            pieces.append(" " * (chunk.start - position - breaks) + "\n" * breaks)
            position = chunk.start
        if position < chunk.end:
            pieces.append(chunk.text[position - chunk.start :])
            position = chunk.end
            line = chunk.line + chunk.text.count("\n")
    return "".join(pieces)
