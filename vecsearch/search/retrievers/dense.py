"""The dense retriever: the rows of a version whose vectors are nearest to a query's, with exact scores.

A segment's index, exact or ANN, proposes rows; their scores are computed again from the stored vectors, in float64 and
row by row. While a row that was not proposed could still be among the best, more are fetched. Rows that are deleted or
that a condition leaves out are never returned: an exact index is given the mask of live rows; an ANN index is asked
for proportionally more rows, unless comparing all live rows costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil, inf
from typing import NamedTuple

import numpy as np

from vecsearch.cores import usable_cores
from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.storage.ann.flat import Neighbours
from vecsearch.storage.store import Part
from vecsearch.types import BoolArray, FloatArray, IntArray, Metric, ScoreArray
from vecsearch.vectors import inner_products

_SPARE = 6  # rows fetched beyond those wanted, so that a tie at the end seldom needs a second fetch
_WIDER = 8  # factor by which a fetch grows when it was too small
_SCAN_SHARE = 8  # to fetch more than one in this many rows, a scan is cheaper than FAISS's search
_LARGE = 262_144  # rows from which threads are worth starting
_MANY = 8  # queries that FAISS itself spreads over the cores
_FEW = 256  # rows that are scored exactly before an index could name the best
_ALIKE = 1.01  # largest ratio of vector lengths in a segment at which lengths hardly change the order
_SLACK = 1.5  # factor beyond the share of rows that are not live, which may lie near the query


class QueryVector(NamedTuple):
    """One query as vectors are compared with it: its unit vector, float32 (dim,), and the length it had."""

    unit: FloatArray
    length: float
    metric: Metric

    @property
    def scale(self) -> float:
        """What the query's own length multiplies every score by."""
        return self.length if self.metric is Metric.DOT else 1.0


def dense_candidates(
    parts: Sequence[Part], queries: Sequence[QueryVector], depth: int, *, exact: bool
) -> list[Candidates]:
    """Return for each query its `depth` nearest live rows; fewer only when fewer are live.

    They are the nearest for certain, unless an ANN index, which `exact` forbids, misses some. All queries have one
    metric.
    """
    fetched = _fetch(parts, queries, depth + _SPARE, exact)
    return [_until_certain(parts, query, rows, depth, exact) for query, rows in zip(queries, fetched, strict=True)]


def similarities(parts: Sequence[Part], part_numbers: IntArray, rows: IntArray, query: QueryVector) -> ScoreArray:
    """Return the cosines, or dot products, of these rows (m,) with a query: float64 (m,)."""
    scores = np.empty(len(rows))
    for number in np.unique(part_numbers).tolist():
        in_part = part_numbers == number
        scores[in_part] = _exact_scores(parts[number], rows[in_part], query)
    return scores * query.length if query.metric is Metric.DOT else scores


def _until_certain(
    parts: Sequence[Part], query: QueryVector, fetched: list[Neighbours], depth: int, exact: bool
) -> Candidates:
    """The `depth` best rows: fetches more until no row that was not fetched can be among them."""
    fetch = depth + _SPARE
    while True:
        best = _best(parts, query, fetched, depth)
        bound = _bound(parts, fetched, query) * query.scale
        if bound == -inf or (len(best) == depth and best.scores[-1] > bound):
            return best
        fetch *= _WIDER
        fetched = _fetch(parts, [query], fetch, exact)[0]


def _fetch(parts: Sequence[Part], queries: Sequence[QueryVector], fetch: int, exact: bool) -> list[list[Neighbours]]:
    """For each query and each part, the `fetch` rows with the highest approximate scores."""
    metric = queries[0].metric
    units = np.stack([query.unit for query in queries])  # (q, dim)

    def fetch_part(part: Part) -> list[Neighbours]:
        return _fetch_part(part, units, fetch, metric, exact)

    if len(queries) < _MANY and sum(part.live for part in parts) > _LARGE and (cores := usable_cores()) > 1:
        with ThreadPoolExecutor(cores) as workers:  # FAISS searches for a single query on a single core
            by_part = list(workers.map(fetch_part, parts))
    else:
        by_part = list(map(fetch_part, parts))
    return [list(of_query) for of_query in zip(*by_part, strict=True)] if parts else [[] for _ in queries]


def _fetch_part(part: Part, units: FloatArray, fetch: int, metric: Metric, exact: bool) -> list[Neighbours]:
    """As above for one part: every row, without scores, where exact scores of all cost less than a search."""
    if part.live <= _FEW:
        return [_all_rows(part)] * len(units)
    shortest, longest = part.segment.norm_range
    if metric is Metric.COSINE:
        return _by_cosine(part, units, fetch, exact)
    if longest > _ALIKE * shortest:
        return part.segment.flat.scan(units, fetch, part.alive, part.segment.norms)
    # Among vectors of nearly one length the highest products are, nearly, those of the highest cosines. A row that was
    # not fetched scores at most its cosine times the longest length or, below 0, times the shortest.
    bounds = np.array([shortest, longest], np.float32)
    nearest = _by_cosine(part, units, fetch, exact)
    return [Neighbours(rows, cosines * bounds[(cosines > 0) * 1]) for rows, cosines in nearest]


def _by_cosine(part: Part, units: FloatArray, fetch: int, exact: bool) -> list[Neighbours]:
    """The rows with the highest cosines: those that the ANN index proposes for a query, else from comparing all."""
    flat = part.segment.flat
    nearest: list[Neighbours | None] = [None] * len(units) if exact else _by_ann(part, units, fetch)
    left = [number for number, rows in enumerate(nearest) if rows is None]
    if left:
        compare = flat.scan if fetch * _SCAN_SHARE > part.segment.entry.rows else flat.search
        for number, rows in zip(left, compare(units[left], fetch, part.alive), strict=True):
            nearest[number] = rows
    return [rows for rows in nearest if rows is not None]


def _by_ann(part: Part, units: FloatArray, fetch: int) -> list[Neighbours | None]:
    """The live rows that the ANN index proposes, as long as asking it costs less than a scan; None for too few.

    Live rows may be anywhere, also far from a query: while too few of the rows are live, it is asked for more.
    """
    approximate, alive = part.segment.approximate, part.alive
    proposed: list[Neighbours | None] = [None] * len(units)
    wanted = fetch if alive is None else ceil(_SLACK * fetch * len(alive) / part.live)
    left = list(range(len(units)))
    while left and approximate and approximate.saves(wanted, part.live):
        for number, rows in zip(left, approximate.search(units[left], wanted), strict=True):
            live = _live(rows, alive)
            proposed[number] = live if len(live.rows) >= min(fetch, part.live) else None
        left = [number for number in left if proposed[number] is None]
        wanted *= _WIDER
    return proposed


def _live(fetched: Neighbours, alive: BoolArray | None) -> Neighbours:
    """The live ones of some rows."""
    if alive is None:
        return fetched
    kept = alive[fetched.rows]
    return Neighbours(fetched.rows[kept], fetched.scores[kept])


def _all_rows(part: Part) -> Neighbours:
    rows = np.flatnonzero(part.mask())
    return Neighbours(rows, np.zeros(len(rows), np.float32))


def _best(parts: Sequence[Part], query: QueryVector, fetched: Sequence[Neighbours], depth: int) -> Candidates:
    """The best of the fetched rows, by exact score."""
    rows = np.concatenate([np.empty(0, np.int64), *(of_part.rows for of_part in fetched)])
    numbers = np.repeat(np.arange(len(fetched), dtype=np.int64), [len(of_part.rows) for of_part in fetched])
    if len(rows) > depth and query.metric is Metric.COSINE and all(part.live > _FEW for part in parts):
        approximate = np.concatenate([of_part.scores for of_part in fetched])
        # A row that is further below the last of the best than rounding explains is not one of the best.
        kept = approximate >= np.partition(approximate, -depth)[-depth] - 2 * _rounding(query)
        numbers, rows = numbers[kept], rows[kept]
    scores = similarities(parts, numbers, rows, query)
    if len(rows) > depth:
        kept = scores >= np.partition(scores, -depth)[-depth]
        numbers, rows, scores = numbers[kept], rows[kept], scores[kept]
    order = best_first(parts, numbers, rows, scores)[:depth]
    best = scores[order]
    live = sum(part.live for part in parts)
    unseen = float(best[-1]) if live > len(order) else -inf
    return Candidates(numbers[order], rows[order], best, best, None, depth, unseen)


def _exact_scores(part: Part, rows: IntArray, query: QueryVector) -> ScoreArray:
    """Cosine, or dot product over the query's length, of these rows: float64 (m,)."""
    cosine: ScoreArray = np.clip(inner_products(part.segment.flat.vectors[rows], query.unit), -1.0, 1.0)
    return cosine * part.segment.norms[rows].astype(np.float64) if query.metric is Metric.DOT else cosine


def _bound(parts: Sequence[Part], fetched: Sequence[Neighbours], query: QueryVector) -> float:
    """The highest score, over the query's length, that a row not fetched can have; -inf when all were fetched."""
    bound = -inf
    for part, (rows, scores) in zip(parts, fetched, strict=True):
        if len(rows) < part.live:
            longest = float(part.segment.norms.max()) if query.metric is Metric.DOT else 1.0
            bound = max(bound, float(scores[-1]) + _rounding(query) * longest)
    return bound


def _rounding(query: QueryVector) -> float:
    """The largest error of an approximate score: a float32 sum of `dim` products of unit vectors.

    At most dim * 2**-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), here taken twice.
    """
    return 2 * len(query.unit) * 2.0**-24
