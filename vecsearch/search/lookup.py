"""Look up documents and chunks of an index by name, in the parts of a version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vecsearch.storage.store import Part

_LONGEST_ORDINAL = 9  # digits


class PartRows(NamedTuple):
    """Rows of one part of a version, by the number of the part."""

    part: int
    rows: slice


def documents_with(parts: Sequence[Part], column: str, value: str) -> Iterator[PartRows]:
    """Yield the rows of each live document that has this value in a text column."""
    for number, part in enumerate(parts):
        for first in part.segment.documents_with(column, [value]).tolist():
            if part.is_live(first):
                yield PartRows(number, part.segment.rows_from(first))


def split_chunk_id(chunk_id: str) -> tuple[str, int] | None:
    """Return the document id and the ordinal that a chunk id consists of; None for what does not look like one."""
    document_id, mark, ordinal = chunk_id.rpartition("#")
    if not mark or not ordinal.isdecimal() or len(ordinal) > _LONGEST_ORDINAL:
        return None
    return document_id, int(ordinal)
