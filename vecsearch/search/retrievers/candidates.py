"""Rows of a version as candidates for an answer: where they are, what they score, and which comes first.

Equal scores are in the order of document ids and of places in the document, so that an answer depends neither on the
segments that rows are in nor on how they were found. Ids are read only where scores are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vecsearch.storage.store import Part
from vecsearch.types import BoolArray, IntArray, ScoreArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates for one question, the best first, in arrays (m,) of one order.

    `lexical` are the BM25 scores, None where nobody asked for words. `depth` is how many of its best each leg has
    brought, if it has so many. No other row that could be an answer is more similar than `unseen`; -inf: there is none.
    """

    parts: IntArray  # the number of the part
    rows: IntArray  # the row in its segment
    scores: ScoreArray  # what they are ranked by
    similarities: ScoreArray  # cosine or dot product
    lexical: ScoreArray | None
    depth: int
    unseen: float
    ranks: IntArray | None = None  # (m, 2): the places in the dense and in the lexical leg, from 1; 0: not brought
    weight: float | None = None  # what the dense leg counted where both were fused, 0 to 1

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, places: IntArray | BoolArray) -> Candidates:
        """Those at these places, in the order of the places."""
        return Candidates(
            self.parts[places],
            self.rows[places],
            self.scores[places],
            self.similarities[places],
            None if self.lexical is None else self.lexical[places],
            self.depth,
            self.unseen,
            None if self.ranks is None else self.ranks[places],
            self.weight,
        )

    def ranked(self, *, dense: bool) -> Candidates:
        """The same candidates with their ranks in the legs that were asked; equal scores have equal ranks."""
        none = np.zeros(len(self), np.int64)
        near = _ranks(self.similarities, self.depth) if dense else none
        worded = none if self.lexical is None else _ranks(self.lexical, self.depth) * (self.lexical > 0)
        return replace(self, ranks=np.column_stack([near, worded]))

    def scored(self, scores: ScoreArray) -> Candidates:
        """The same candidates with other scores, which they are in the order of."""
        return replace(self, scores=scores)


def best_first(parts: Sequence[Part], places: IntArray, rows: IntArray, scores: ScoreArray) -> IntArray:
    """In which order candidates (m,) stand: by score, equal ones by document id and ordinal. int64 (m,)."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ties = np.flatnonzero(ranked[1:] == ranked[:-1])
    if not len(ties):
        return order
    tied = np.union1d(ties, ties + 1)
    keys = _keys(parts, places[order[tied]], rows[order[tied]])
    settled = sorted(range(len(tied)), key=lambda i: (-ranked[tied[i]], *keys[i]))
    order[tied] = order[tied][settled]
    return order


def _ranks(scores: ScoreArray, depth: int) -> IntArray:
    """How many score higher, and one: int64 (m,); 0 for those beyond `depth`."""
    ranks = len(scores) - np.searchsorted(np.sort(scores), scores, side="right") + 1
    return np.where(ranks <= depth, ranks, 0)


def documents_of(parts: Sequence[Part], places: IntArray, rows: IntArray) -> npt.NDArray[np.int64]:
    """Which document each candidate is of: int64 (m, 2), the part and the row where the document begins."""
    firsts = np.empty(len(rows), np.int64)
    for place in np.unique(places).tolist():
        own = places == place
        starts = parts[place].segment.first_rows
        firsts[own] = starts[np.searchsorted(starts, rows[own], side="right") - 1]
    return np.column_stack([places, firsts])


def _keys(parts: Sequence[Part], places: IntArray, rows: IntArray) -> list[tuple[str, int]]:
    """The document id and ordinal of each candidate, read for all of a part at once."""
    keys: list[tuple[str, int]] = [("", 0)] * len(rows)
    for place in np.unique(places).tolist():
        own = np.flatnonzero(places == place)
        ids = parts[place].segment.values("document_id", rows[own])
        ordinals = parts[place].segment.values("ordinal", rows[own])
        for at, key in zip(own.tolist(), zip(ids, ordinals, strict=True), strict=True):
            keys[at] = key
    return keys
