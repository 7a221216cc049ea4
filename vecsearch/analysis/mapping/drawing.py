"""A map in memory: points with positions, colours and chunks, and the queries among them. Knows no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from vecsearch.analysis.sampling import SampledChunk
from vecsearch.types import IntArray, ScoreArray


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: the meaning of a colour, the colour as #rrggbb, and how many points have it."""

    name: str
    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class QueryPoint:
    """A query and its position."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a topic, its place, its level, 0 for the largest topics, and the number of its points."""

    text: str
    x: float
    y: float
    level: int
    count: int


_Place = TypeVar("_Place", QueryPoint, Label)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map of n points: their positions, float64 (n, 2), and the number of the legend entry of each, int64 (n,).

    `neighbours`, int64 (n, m), are the points with the nearest vectors, the nearest first.
    """

    title: str
    note: str
    positions: ScoreArray
    chunks: Sequence[SampledChunk]
    metadata: Sequence[dict[str, Any]]
    kinds: IntArray
    entries: Sequence[Entry]
    queries: Sequence[QueryPoint]
    labels: Sequence[Label] = ()
    neighbours: IntArray | None = None

    def fitted(self) -> Drawing:
        """Return the same map, shifted and scaled so that all points and queries lie in [-1, 1] on both axes."""
        every = np.concatenate(
            [self.positions, np.array([(query.x, query.y) for query in self.queries]).reshape(-1, 2)]
        )
        low, high = every.min(axis=0), every.max(axis=0)
        middle, half = (low + high) / 2, float((high - low).max()) / 2 or 1.0

        def moved(place: _Place) -> _Place:
            x, y = float((place.x - middle[0]) / half), float((place.y - middle[1]) / half)
            return replace(place, x=x, y=y)

        positions = (self.positions - middle) / half
        return replace(
            self, positions=positions, queries=[*map(moved, self.queries)], labels=[*map(moved, self.labels)]
        )

    def back_to_front(self) -> IntArray:
        """Return the order in which points are painted: rare kinds over frequent ones."""
        counts = np.array([entry.count for entry in self.entries])
        order: IntArray = np.argsort(-counts[self.kinds], kind="stable")
        return order


def source_of(chunk: SampledChunk) -> str:
    """Return the origin of a chunk for people: its source and line, or the document's id without a source."""
    if not chunk.source:
        return chunk.document_id
    return f"{chunk.source}:{chunk.line}" + (f" ({chunk.place})" if chunk.place else "")
