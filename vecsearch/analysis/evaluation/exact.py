"""Recall against brute force: the nearest chunks in float64 over every stored vector, and how many a search finds.

It shares no code with the search, so it cannot share its bugs. Memory is bounded by a block of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np

from vecsearch.search.options import SearchOptions
from vecsearch.session import Session
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, IntArray, Metric, Ranked, ScoreArray, chunk_id

_BLOCK = 16_384  # rows in float64 at a time: 50 MB at 384 dimensions
_TIE = 1e-9  # scores this close to the k-th are equal to it


class _Best(NamedTuple):
    """The highest scores so far, ties with the last included, and their row numbers across all segments."""

    scores: ScoreArray
    rows: IntArray


def recall_of(session: Session, queries: FloatArray, k: int) -> float:
    """Return the share of the `k` nearest chunks that searches find, averaged over the raw `queries`, (q, dim)."""
    nearest = _nearest(session.parts, queries, k, session.manifest.metric)
    rankings = cast("list[list[Ranked]]", session.rank(queries, SearchOptions(k=k)))
    shares = []
    for ranked, ids in zip(rankings, nearest, strict=True):
        shares.append(len({chunk.chunk_id for chunk in ranked} & ids) / min(k, len(ids)))
    return sum(shares) / len(shares)


def _nearest(parts: Sequence[Part], queries: FloatArray, k: int, metric: Metric) -> list[set[str]]:
    """Return for each query the ids of the chunks with the k highest scores, ties with the last included."""
    wide = queries.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    best = [_Best(np.empty(0), np.empty(0, np.int64)) for _ in queries]
    first = 0
    for part in parts:
        for rows in _blocks(part):
            scores = part.segment.flat.vectors[rows].astype(np.float64) @ wide.T  # (rows, q)
            if metric is Metric.DOT:
                scores *= part.segment.norms[rows][:, None]
            best = [_merged(before, scores[:, query], first + rows, k) for query, before in enumerate(best)]
        first += part.segment.entry.rows
    ends = np.cumsum([part.segment.entry.rows for part in parts])
    return [{_chunk_id(parts, ends, row) for row in nearest.rows.tolist()} for nearest in best]


def _blocks(part: Part) -> Iterator[IntArray]:
    """Yield the live rows of a segment, a block at a time."""
    live = np.flatnonzero(part.mask())
    for first in range(0, len(live), _BLOCK):
        yield live[first : first + _BLOCK]


def _merged(best: _Best, scores: ScoreArray, rows: IntArray, k: int) -> _Best:
    merged = _Best(np.concatenate([best.scores, scores]), np.concatenate([best.rows, rows]))
    if len(merged.scores) <= k:
        return merged
    kept = merged.scores >= np.partition(merged.scores, -k)[-k] - _TIE
    return _Best(merged.scores[kept], merged.rows[kept])


def _chunk_id(parts: Sequence[Part], ends: IntArray, row: int) -> str:
    number = int(np.searchsorted(ends, row, side="right"))
    segment = parts[number].segment
    row_in_segment = row - int(ends[number]) + segment.entry.rows
    return chunk_id(segment.value("document_id", row_in_segment), segment.value("ordinal", row_in_segment))
