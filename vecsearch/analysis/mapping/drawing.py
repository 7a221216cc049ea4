"""What is drawn: points with their places, colours and passages, and the queries among them. Knows no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vecsearch.analysis.sampling import SampledChunk
from vecsearch.types import IntArray, ScoreArray


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: what a colour stands for, the colour as #rrggbb, and how many points have it."""

    name: str
    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class QueryPoint:
    """A query and where it lies."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map of n points: places, float64 (n, 2), and for each the number of its entry, int64 (n,)."""

    title: str
    note: str
    places: ScoreArray
    passages: Sequence[SampledChunk]
    metadata: Sequence[dict[str, Any]]
    kinds: IntArray
    entries: Sequence[Entry]
    queries: Sequence[QueryPoint]

    def fitted(self) -> tuple[ScoreArray, list[QueryPoint]]:
        """The places, and the queries, moved and scaled alike so that all of them lie within -1 and 1 on both axes."""
        every = np.concatenate([self.places, np.array([(query.x, query.y) for query in self.queries]).reshape(-1, 2)])
        low, high = every.min(axis=0), every.max(axis=0)
        middle, half = (low + high) / 2, float((high - low).max()) / 2 or 1.0
        asked = [
            QueryPoint(query.text, float((query.x - middle[0]) / half), float((query.y - middle[1]) / half))
            for query in self.queries
        ]
        return (self.places - middle) / half, asked

    def back_to_front(self) -> IntArray:
        """The points in the order in which they are painted: those of rare kinds over those of frequent ones."""
        counts = np.array([entry.count for entry in self.entries])
        order: IntArray = np.argsort(-counts[self.kinds], kind="stable")
        return order


def source_of(passage: SampledChunk) -> str:
    """Where a passage is from: its source and line, its document's id where there is none."""
    if not passage.source:
        return passage.document_id
    return f"{passage.source}:{passage.line}" + (f" ({passage.place})" if passage.place else "")
