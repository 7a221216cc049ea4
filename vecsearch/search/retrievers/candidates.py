"""Candidates: rows of a version that may become hits, with their scores and their order.

Equal scores are ordered by document id, then by position in the document, so that a result depends neither on the
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
    """Candidates for one query, the best first, in parallel arrays (m,).

    `lexical` holds BM25 scores, None where the mode does not search by words. `depth` is how many rows each retriever
    was asked for. A row that is not among the candidates is at most as similar as `unseen`; -inf when there are none.
    """

    parts: IntArray  # the number of the part
    rows: IntArray  # the row in its segment
    scores: ScoreArray  # what they are ranked by
    similarities: ScoreArray  # cosine or dot product; NaN where the query has no vector
    lexical: ScoreArray | None
    depth: int
    unseen: float
    ranks: IntArray | None = None  # (m, 2): ranks in the dense and the lexical retriever, from 1; 0: not retrieved
    dense_weight: float | None = None  # the weight of the dense scores where both were fused, 0 to 1

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selection: IntArray | BoolArray) -> Candidates:
        """Return the candidates at these positions, in their order, or those where a mask is true."""
        return Candidates(
            self.parts[selection],
            self.rows[selection],
            self.scores[selection],
            self.similarities[selection],
            None if self.lexical is None else self.lexical[selection],
            self.depth,
            self.unseen,
            None if self.ranks is None else self.ranks[selection],
            self.dense_weight,
        )

    def with_ranks(self, *, dense: bool) -> Candidates:
        """Return the same candidates with their ranks in the retrievers that ran; equal scores have equal ranks."""
        absent = np.zeros(len(self), np.int64)
        in_dense = _ranks(self.similarities, self.depth) if dense else absent
        in_lexical = absent if self.lexical is None else _ranks(self.lexical, self.depth) * (self.lexical > 0)
        return replace(self, ranks=np.column_stack([in_dense, in_lexical]))

    def with_scores(self, scores: ScoreArray) -> Candidates:
        """Return the same candidates with other scores, descending as they must be."""
        return replace(self, scores=scores)

    def pairs(self) -> list[tuple[int, int]]:
        """Return the part number and the row of each candidate."""
        return list(zip(self.parts.tolist(), self.rows.tolist(), strict=True))


def best_first(parts: Sequence[Part], part_numbers: IntArray, rows: IntArray, scores: ScoreArray) -> IntArray:
    """Return the order of candidates (m,): by score, equal ones by document id and ordinal. int64 (m,)."""
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    ties = np.flatnonzero(descending[1:] == descending[:-1])
    if not len(ties):
        return order
    tied = np.union1d(ties, ties + 1)
    keys = _keys(parts, part_numbers[order[tied]], rows[order[tied]])
    settled = sorted(range(len(tied)), key=lambda i: (-descending[tied[i]], *keys[i]))
    order[tied] = order[tied][settled]
    return order


def documents_of(parts: Sequence[Part], candidates: Candidates) -> npt.NDArray[np.int64]:
    """Return the document of each candidate, int64 (m, 2): its part and the row where it begins."""
    firsts = np.empty(len(candidates), np.int64)
    for number in np.unique(candidates.parts).tolist():
        in_part = candidates.parts == number
        starts = parts[number].segment.first_rows
        firsts[in_part] = starts[np.searchsorted(starts, candidates.rows[in_part], side="right") - 1]
    return np.column_stack([candidates.parts, firsts])


def _ranks(scores: ScoreArray, depth: int) -> IntArray:
    """One more than the number of higher scores, int64 (m,); 0 for ranks beyond `depth`."""
    ranks = len(scores) - np.searchsorted(np.sort(scores), scores, side="right") + 1
    return np.where(ranks <= depth, ranks, 0)


def _keys(parts: Sequence[Part], part_numbers: IntArray, rows: IntArray) -> list[tuple[str, int]]:
    """The document id and ordinal of each candidate, read for all rows of a part at once."""
    keys: list[tuple[str, int]] = [("", 0)] * len(rows)
    for number in np.unique(part_numbers).tolist():
        positions = np.flatnonzero(part_numbers == number)
        ids = parts[number].segment.values("document_id", rows[positions])
        ordinals = parts[number].segment.values("ordinal", rows[positions])
        for position, key in zip(positions.tolist(), zip(ids, ordinals, strict=True), strict=True):
            keys[position] = key
    return keys
