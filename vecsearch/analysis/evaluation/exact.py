"""The nearest chunks by brute force, in float64 over every stored vector, and how many of them a search finds.

It shares no code with the search, so that it cannot share a mistake of it. Memory is bounded by a block of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vecsearch.index import Index
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, IntArray, Metric, ScoreArray, chunk_id

_BLOCK = 16_384  # rows in float64 at a time: 50 MB at 384 dimensions
_TIE = 1e-9  # scores so near to the k-th are equal to it


class _Best(NamedTuple):
    """The highest scores so far, ties at the end included, and their rows, counted through all segments."""

    scores: ScoreArray
    rows: IntArray


def recall_of(index: Index, parts: Sequence[Part], queries: FloatArray, k: int) -> float:
    """The share of the `k` nearest chunks that searches of the index find, the mean over the raw `queries`, (q, dim).

    `parts` are those of the version that the index reads.
    """
    nearest = _nearest(parts, queries, k, Metric.of(index.info().metric))
    shares = []
    for ranked, ids in zip(index.rank(queries, k), nearest, strict=True):
        shares.append(len({chunk.chunk_id for chunk in ranked} & ids) / min(k, len(ids)))
    return sum(shares) / len(shares)


def _nearest(parts: Sequence[Part], queries: FloatArray, k: int, metric: Metric) -> list[set[str]]:
    """For each query the ids of the chunks with the k highest scores, and of those that tie with the last."""
    wide = queries.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    best = [_Best(np.empty(0), np.empty(0, np.int64)) for _ in queries]
    first = 0
    for part in parts:
        for rows in _blocks(part):
            scores = part.segment.flat.vectors[rows].astype(np.float64) @ wide.T  # (rows, q)
            if metric is Metric.DOT:
                scores *= part.segment.norms[rows][:, None]
            best = [_joined(held, scores[:, query], first + rows, k) for query, held in enumerate(best)]
        first += part.segment.entry.rows
    ends = np.cumsum([part.segment.entry.rows for part in parts])
    return [{_chunk_id(parts, ends, row) for row in held.rows.tolist()} for held in best]


def _blocks(part: Part) -> Iterator[IntArray]:
    """The rows of a segment that are there, some at a time."""
    live = np.flatnonzero(part.mask())
    for first in range(0, len(live), _BLOCK):
        yield live[first : first + _BLOCK]


def _joined(held: _Best, scores: ScoreArray, rows: IntArray, k: int) -> _Best:
    together = _Best(np.concatenate([held.scores, scores]), np.concatenate([held.rows, rows]))
    if len(together.scores) <= k:
        return together
    kept = together.scores >= np.partition(together.scores, -k)[-k] - _TIE
    return _Best(together.scores[kept], together.rows[kept])


def _chunk_id(parts: Sequence[Part], ends: IntArray, row: int) -> str:
    number = int(np.searchsorted(ends, row, side="right"))
    segment = parts[number].segment
    own = row - int(ends[number]) + segment.entry.rows
    return chunk_id(segment.value("document_id", own), segment.value("ordinal", own))
