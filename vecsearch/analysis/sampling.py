"""The chunks of an index that are looked at together: all of them, or a random sample that fits in memory.

Maps and clusters see an index through this. Vectors come out of the mapped files; texts and metadata are read only
when they are needed, a few thousand at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.documents.json_values import storable_text
from vecsearch.errors import InvalidDocument
from vecsearch.session import Session
from vecsearch.storage.rows import Row
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, IntArray, Where

POINTS = 50_000  # chunks in a sample by default: 77 MB of vectors at 384 dimensions
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class SampledChunk:
    """A chunk as maps and clusters show it; `similarity` is its cosine with the centre of its cluster."""

    chunk_id: str
    document_id: str
    source: str | None
    line: int
    place: str
    text: str
    similarity: float | None = None


@dataclass(frozen=True)
class Sample:
    """Chunks of one version of an index, in stored order: chunk i is row `rows[i]` of part `part_numbers[i]`."""

    session: Session
    parts: Sequence[Part]  # of the session, only the matching rows live
    part_numbers: IntArray  # (n,)
    rows: IntArray  # (n,)
    total: int  # chunks the sample was drawn from
    seed: int

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def vectors(self) -> FloatArray:
        """Their unit vectors, float32 (n, dim)."""
        pieces = [
            part.segment.flat.vectors[self.rows[self.part_numbers == number]] for number, part in enumerate(self.parts)
        ]
        return np.concatenate(pieces)

    def texts(self) -> Iterator[str]:
        """Yield their texts, in order."""
        for number, rows in self._blocks():
            yield from self.parts[number].segment.values("text", rows)

    def stored_rows(self) -> Iterator[Row]:
        """Yield everything that is stored of each, in order."""
        for number, rows in self._blocks():
            yield from self.parts[number].segment.take(rows.tolist())

    def chunk(self, i: int, similarity: float | None = None) -> SampledChunk:
        """Return chunk `i` for display."""
        [row] = self.parts[int(self.part_numbers[i])].segment.take([int(self.rows[i])])
        return self.shown(row, similarity)

    def shown(self, row: Row, similarity: float | None = None) -> SampledChunk:
        """Return a stored row for display."""
        chunk = row.chunk
        source = row.source if row.path is None else storable_text(str(self.session.store.resolve(row.path)))
        return SampledChunk(chunk.id, chunk.document_id, source, chunk.line, chunk.place, chunk.text, similarity)

    def _blocks(self) -> Iterator[tuple[int, IntArray]]:
        """Yield the number of a part and some of its rows."""
        for number in range(len(self.parts)):
            rows = self.rows[self.part_numbers == number]
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                yield number, rows[first : first + _ROWS_AT_ONCE]


def sample(session: Session, where: Where | None = None, points: int = POINTS, seed: int = 0) -> Sample:
    """Draw at most `points` of the chunks that match a condition, each as likely as another.

    The same seed draws the same chunks of a version. Raises InvalidFilter, InvalidOption, and InvalidDocument when no
    chunk matches.
    """
    check_whole("points", points, least=2)
    seed = check_whole("seed", seed, least=0)
    parts = session.where(where)
    live_rows = [np.flatnonzero(part.mask()) for part in parts]
    total = sum(map(len, live_rows))
    if not total:
        if where is not None:
            raise InvalidDocument(f"{session.store.name}: no chunk matches the condition {where}")
        raise InvalidDocument(f"{session.store.name} is empty: index something first")
    part_numbers = np.repeat(np.arange(len(parts)), [len(rows) for rows in live_rows])
    rows = np.concatenate(live_rows)
    if total > points:
        drawn = np.sort(np.random.default_rng(seed).choice(total, points, replace=False))
        part_numbers, rows = part_numbers[drawn], rows[drawn]
    return Sample(session, parts, part_numbers, rows, total, seed)
