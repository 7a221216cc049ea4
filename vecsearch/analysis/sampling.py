"""The chunks of an index that are looked at together: all of them, or as many as fit in memory, drawn by a seed.

Maps and clusters see an index through this. Vectors are taken out of the mapped files, texts and metadata only when
they are asked for, a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np

from vecsearch.documents.json_values import storable_text
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.index import Index
from vecsearch.search.filters import restricted
from vecsearch.storage.rows import Row
from vecsearch.storage.store import Part, Store
from vecsearch.types import FloatArray, IntArray

POINTS = 50_000  # chunks at most, if nothing else is said: 77 MB of vectors at 384 dimensions
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
    """Chunks of one version of an index, in its order: chunk i is row `rows[i]` of part `numbers[i]`, int64 (n,)."""

    store: Store
    parts: Sequence[Part]
    numbers: IntArray
    rows: IntArray
    total: int  # chunks they were drawn from
    seed: int  # that they were drawn by

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def vectors(self) -> FloatArray:
        """Their unit vectors, float32 (n, dim)."""
        pieces = [
            part.segment.flat.vectors[self.rows[self.numbers == number]] for number, part in enumerate(self.parts)
        ]
        return np.concatenate(pieces)

    def texts(self) -> Iterator[str]:
        """Their texts, in order."""
        for number, rows in self._pieces():
            yield from self.parts[number].segment.values("text", rows)

    def stored(self) -> Iterator[Row]:
        """All that is stored of each, in order."""
        for number, rows in self._pieces():
            yield from self.parts[number].segment.take(rows.tolist())

    def chunk(self, i: int, similarity: float | None = None) -> SampledChunk:
        """Chunk `i` for people to read."""
        [row] = self.parts[int(self.numbers[i])].segment.take([int(self.rows[i])])
        return sampled_chunk(self.store, row, similarity)

    def _pieces(self) -> Iterator[tuple[int, IntArray]]:
        """The rows of each part, a few at a time."""
        for number in range(len(self.parts)):
            rows = self.rows[self.numbers == number]
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                yield number, rows[first : first + _ROWS_AT_ONCE]


def sampled_chunk(store: Store, row: Row, similarity: float | None = None) -> SampledChunk:
    """A stored chunk for people to read."""
    chunk = row.chunk
    source = row.source if row.path is None else storable_text(str(store.resolve(row.path)))
    return SampledChunk(chunk.id, chunk.document_id, source, chunk.line, chunk.place, chunk.text, similarity)


def sample(index: Index, where: str | None = None, points: int = POINTS, seed: int = 0) -> Sample:
    """The chunks for which a condition is true; `points` of them, each as likely as another, where there are more.

    Equal seeds draw the same chunks of a version. Raises InvalidFilter, InvalidOption, and InvalidDocument where no
    chunk is left.
    """
    check_whole("points", points, least=2)
    check_whole("seed", seed, least=0)
    store = Store(index.path)
    parts = store.snapshot(index.info().version).parts
    if where is not None:
        parts = restricted(parts, where)
    masks = [np.flatnonzero(part.mask()) for part in parts]
    total = sum(map(len, masks))
    if not total:
        left = "the index is empty" if where is None else f"no chunk is left by the condition {where}"
        raise InvalidDocument(f"{left}: there is nothing to look at in {index.path}")
    numbers = np.repeat(np.arange(len(parts)), [len(rows) for rows in masks])
    rows = np.concatenate(masks)
    if total > points:
        drawn = np.sort(np.random.default_rng(seed).choice(total, points, replace=False))
        numbers, rows = numbers[drawn], rows[drawn]
    return Sample(store, parts, numbers, rows, total, int(seed))


def check_whole(name: str, value: object, *, least: int) -> None:
    """Raises InvalidOption for what is no whole number, or one below `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidOption(f"{name} is {value!r}; a whole number, at least {least}")
