"""The dense leg: the rows of a version whose vectors are nearest to a query's, with exact scores.

A segment's index, exact or approximate, names rows; their scores are computed anew from the stored vectors, in float64
and row by row. While a row that was not named could still belong to the answer, more are asked for. Rows that are
deleted, or that a condition leaves out, are not there for any of it: an exact index is told so; of an approximate one
so many more are asked for, unless scoring all that are there costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from vecsearch.cores import usable_cores
from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.storage.ann.flat import Neighbours
from vecsearch.storage.store import Part
from vecsearch.types import BoolArray, FloatArray, IntArray, Metric, ScoreArray
from vecsearch.vectors import inner_products

_SPARE = 6  # candidates asked for beyond those wanted, so that a tie at the end seldom needs a second look
_WIDER = 8  # how many times as many are asked for when they were too few
_SCAN_SHARE = 8  # above one in so many rows, scoring them all is cheaper than asking an index for the best
_LARGE = 262_144  # rows from which threads are worth starting
_MANY = 8  # queries that FAISS itself spreads over the cores
_FEW = 256  # rows that are scored exactly before an index could name the best
_ALIKE = 1.01  # how many times as long as the shortest vector the longest is, where lengths hardly matter
_SLACK = 1.5  # more than the rows that are not there would ask for if they were anywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """What near means: by which metric, and whether approximate structures may be asked."""

    metric: Metric = Metric.COSINE
    exact: bool = False


def nearest(
    parts: Sequence[Part], queries: FloatArray, lengths: Sequence[float], depth: int, how: Nearness
) -> list[Candidates]:
    """For each unit query, float32 (q, dim), of the length that it had, the `depth` nearest rows that are there.

    Fewer only when fewer are there. Certain to be the best there are, unless an approximate structure passes over
    some of them.
    """
    fetch = depth + _SPARE
    first = _named(parts, queries, fetch, how)
    scaled = lengths if how.metric is Metric.DOT else [1.0] * len(queries)
    return [
        _certain(parts, query, length, found, depth, how)
        for query, length, found in zip(queries, scaled, first, strict=True)
    ]


def similarities(
    parts: Sequence[Part], places: IntArray, rows: IntArray, query: FloatArray, length: float, metric: Metric
) -> ScoreArray:
    """The cosines, or dot products, of these rows (m,) with a unit query of the length that it had: float64 (m,)."""
    scores = np.empty(len(rows))
    for place in np.unique(places).tolist():
        own = places == place
        scores[own] = _exact_scores(parts[place], rows[own], query, metric)
    return scores * length if metric is Metric.DOT else scores


def _certain(
    parts: Sequence[Part], query: FloatArray, length: float, found: list[Neighbours], depth: int, how: Nearness
) -> Candidates:
    """The `depth` best of what is there: asks for more until what was not found cannot be among them."""
    fetch = depth + _SPARE
    while True:
        best = _ranked(parts, query, length, found, depth, how.metric)
        bound = _bound(parts, found, query, how.metric) * length
        if bound == -inf or (len(best) == depth and best.scores[-1] > bound):
            return best
        fetch *= _WIDER
        found = _named(parts, query[None], fetch, how)[0]


def _named(parts: Sequence[Part], queries: FloatArray, fetch: int, how: Nearness) -> list[list[Neighbours]]:
    """For each unit query and each part, the `fetch` rows that score highest, by approximate score."""

    def named(part: Part) -> list[Neighbours]:
        return _named_of(part, queries, fetch, how)

    if len(queries) < _MANY and sum(part.live for part in parts) > _LARGE and (cores := usable_cores()) > 1:
        with ThreadPoolExecutor(cores) as workers:  # a single query is searched by a single core
            by_part = list(workers.map(named, parts))
    else:
        by_part = list(map(named, parts))
    return [list(found) for found in zip(*by_part, strict=True)] if parts else [[] for _ in queries]


def _named_of(part: Part, queries: FloatArray, fetch: int, how: Nearness) -> list[Neighbours]:
    """As above for one part: all rows, without scores, where so few are there that their exact ones cost less."""
    if part.live <= _FEW:
        return [_all_rows(part)] * len(queries)
    least, greatest = part.segment.norm_range
    if how.metric is Metric.COSINE:
        return _by_cosine(part, queries, fetch, how)
    if greatest > _ALIKE * least:
        return part.segment.flat.scan(queries, fetch, part.alive, part.segment.norms)
    # Of vectors of about one length those with the highest products are those with the highest cosines, nearly. What a
    # row that was not found can have is a product with the greatest length or, below 0, with the least.
    bounds = np.array([least, greatest], np.float32)
    return [
        Neighbours(own.rows, own.scores * bounds[(own.scores > 0) * 1]) for own in _by_cosine(part, queries, fetch, how)
    ]


def _by_cosine(part: Part, queries: FloatArray, fetch: int, how: Nearness) -> list[Neighbours]:
    """The rows with the highest cosines: of every query what an approximate structure finds, or all are compared."""
    flat, alive = part.segment.flat, part.alive
    found: list[Neighbours | None] = [None] * len(queries)
    if not how.exact:
        found = _by_structure(part, queries, fetch)
    left = [place for place, own in enumerate(found) if own is None]
    if left:
        compare = flat.scan if fetch * _SCAN_SHARE > part.segment.entry.rows else flat.search
        for place, own in zip(left, compare(queries[left], fetch, alive), strict=True):
            found[place] = own
    return [own for own in found if own is not None]


def _by_structure(part: Part, queries: FloatArray, fetch: int) -> list[Neighbours | None]:
    """What a structure finds that is there, while that saves something; None where it is too little.

    Rows that are there may be anywhere, or far from a query: then more are asked for.
    """
    approximate, alive = part.segment.approximate, part.alive
    found: list[Neighbours | None] = [None] * len(queries)
    needed = fetch if alive is None else ceil(_SLACK * fetch * len(alive) / part.live)
    left = list(range(len(queries)))
    while left and approximate and approximate.saves(needed, part.live):
        for place, own in zip(left, approximate.search(queries[left], needed), strict=True):
            there = _there(own, alive)
            found[place] = there if len(there.rows) >= min(fetch, part.live) else None
        left = [place for place in left if found[place] is None]
        needed *= _WIDER
    return found


def _there(found: Neighbours, alive: BoolArray | None) -> Neighbours:
    """Those of the rows that are there."""
    if alive is None:
        return found
    kept = alive[found.rows]
    return Neighbours(found.rows[kept], found.scores[kept])


def _all_rows(part: Part) -> Neighbours:
    rows = np.flatnonzero(part.mask())
    return Neighbours(rows, np.zeros(len(rows), np.float32))


def _ranked(
    parts: Sequence[Part], query: FloatArray, length: float, found: Sequence[Neighbours], depth: int, metric: Metric
) -> Candidates:
    """The best of what was found, by exact score."""
    rows = np.concatenate([np.empty(0, np.int64), *(own.rows for own in found)])
    places = np.repeat(np.arange(len(found), dtype=np.int64), [len(own.rows) for own in found])
    if len(rows) > depth and metric is Metric.COSINE and all(part.live > _FEW for part in parts):
        near = np.concatenate([own.scores for own in found])  # what is off by more than rounding is not among the best
        kept = near >= np.partition(near, -depth)[-depth] - 2 * _rounding(query)
        places, rows = places[kept], rows[kept]
    scores = similarities(parts, places, rows, query, length, metric)
    total = sum(part.live for part in parts)
    if len(rows) > depth:
        kept = scores >= np.partition(scores, -depth)[-depth]
        places, rows, scores = places[kept], rows[kept], scores[kept]
    order = best_first(parts, places, rows, scores)[:depth]
    ranked = scores[order]
    unseen = float(ranked[-1]) if total > len(order) else -inf
    return Candidates(places[order], rows[order], ranked, ranked, None, depth, unseen)


def _exact_scores(part: Part, rows: IntArray, query: FloatArray, metric: Metric) -> ScoreArray:
    """Cosine, or dot product over the query's length, of these rows: float64 (m,)."""
    cosine: ScoreArray = np.clip(inner_products(part.segment.flat.vectors[rows], query), -1.0, 1.0)
    return cosine * part.segment.norms[rows].astype(np.float64) if metric is Metric.DOT else cosine


def _bound(parts: Sequence[Part], found: Sequence[Neighbours], query: FloatArray, metric: Metric) -> float:
    """No row that was not found can score higher than this, over the query's length; -inf when all were found."""
    bound = -inf
    for part, (rows, scores) in zip(parts, found, strict=True):
        if len(rows) < part.live:
            scale = float(part.segment.norms.max()) if metric is Metric.DOT else 1.0
            bound = max(bound, float(scores[-1]) + _rounding(query) * scale)
    return bound


def _rounding(query: FloatArray) -> float:
    """How far the scores that rows were found by may be off: float32 sums of `dim` products of unit vectors.

    At most dim * 2**-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), here taken twice.
    """
    return 2 * len(query) * 2.0**-24
