"""Rows of metadata in real segments, and which of them a condition finds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vecsearch.search.filters import document_ids, restricted
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import Content, Segment, write_segment
from vecsearch.storage.store import Part
from vecsearch.types import Chunk

Rows = Sequence[Mapping[str, Any]]


def segment_of(folder: Path, rows: Rows, first: int = 0, **own: Sequence[Any]) -> Segment:
    """A segment with a chunk for each row, whose document is called by its place; `own` are columns of chunks."""
    chunks, origins = [], []
    for i, metadata in enumerate(rows):
        given = {name: values[i] for name, values in own.items()}
        place = {name: given.pop(name, None) for name in ("path", "source")}
        made = {"text": f"text {i}", "line": 1, "start": 0, "end": 6} | given
        chunks.append(Chunk(document_id=str(first + i), ordinal=0, **made))
        origins.append(Origin(**place, content=b"0" * 16, metadata=metadata))
    vectors = np.eye(len(rows), 4, dtype=np.float32) + 1
    entry = write_segment(
        folder, Content.of(chunk_table(chunks, origins, np.ones(len(rows), np.float32)), vectors, "auto")
    )
    return Segment(folder, entry)


def parts_of(folder: Path, rows: Rows, cuts: Sequence[int] = (), deleted: Collection[int] = ()) -> list[Part]:
    """The rows in segments that end before each of the cuts and at the end."""
    parts = []
    ends = sorted({*(cut for cut in cuts if 0 < cut < len(rows)), len(rows)})
    for first, end in zip([0, *ends], ends, strict=False):
        segment = segment_of(folder / f"{first}-{end}", rows[first:end], first)
        alive = np.array([row not in deleted for row in range(first, end)])
        parts.append(Part(segment, None if alive.all() else alive, int(alive.sum())))
    return parts


def matches(parts: Sequence[Part], where: str) -> list[int]:
    """The places of the rows that a condition finds, ascending."""
    return sorted(map(int, document_ids(restricted(parts, where))))


def found(rows: Rows, where: str, cuts: Sequence[int] = (), deleted: Collection[int] = ()) -> list[int]:
    """The places of the rows that a condition finds among rows in segments that were cut there."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is mapped
        return matches(parts_of(Path(folder), rows, cuts, deleted), where)
