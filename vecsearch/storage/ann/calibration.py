"""How many rows the codes must find for the nearest to be among them: measured on the vectors themselves.

Two kinds of queries are hard, for different reasons. Near queries are the index's own rows, each excluded from its
results: among many similar rows, codes cannot tell which come first. Far queries lie as far from all rows as questions
from their answers, so that many rows score almost the same; hardest are questions on subjects the index hardly covers.
They are rows moved in a random direction until the cosine with the original is 0.45, which puts them as far from the
next rows as such questions were. Users' own queries, if given, are a third kind. Each kind must reach the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np

from vecsearch.storage.ann.flat import SCORES_AT_ONCE, products
from vecsearch.types import FloatArray, IntArray, ScoreArray
from vecsearch.vectors import unit_rows

DEAREST = 4  # scoring a gathered row costs as much as this many rows of a scan: docs/approximate.md
_FETCHES = (10, 30, 100, 300, 1000)  # numbers of wanted rows that are measured
_MOST = 10_000  # rows found at most: above that, scoring them costs more than it saves in any segment
_QUERIES = 256
_FEWEST_QUERIES = 30  # from which the mean of a sample is taken as normally distributed
_MOVED = 2.0  # the length of the step away from a unit row: 1 / sqrt(1 + 2 ** 2) is a cosine of 0.45
_NORMAL = 2.33  # standard errors: 99 % of means lie above, so for all five fetches 95 % (Bonferroni)
_TIE = 1e-6  # scores this close are equal: a matrix product rounds equal rows differently by their position
_SEED = 0

Search: TypeAlias = Callable[[FloatArray, int], IntArray]  # (queries, k) -> rows, best first


class Calibration(NamedTuple):
    """The lowest mean recall, the number of queries, and for each fetch how many rows the codes must find."""

    recall: float
    sample: int
    parameters: dict[str, int]


class _Recalls(NamedTuple):
    """The recall of each query of a group, float64 (q, steps), for each fetch."""

    queries: int
    by_fetch: dict[int, ScoreArray]


def calibrate(vectors: FloatArray, search: Search, floor: float, queries: FloatArray | None) -> Calibration | None:
    """Find the fewest rows for which mean recall reaches the floor with a confidence of 95 %.

    `queries` are unit vectors of users' queries, (m, dim), ignored when they are too few to measure by. A fetch that
    would cost more than scoring every row is left out; None when no fetch remains.
    """
    n = len(vectors)
    steps = np.unique(np.geomspace(_FETCHES[0], max(_FETCHES[0], min(_MOST, n // DEAREST)), 100).astype(np.int64))
    rng = np.random.default_rng(_SEED)
    own = rng.choice(n, min(n, _QUERIES), replace=False)
    groups = [_recalls(vectors, search, steps, rows, own) for rows in (vectors[own], _moved(vectors[own], rng))]
    if queries is not None and len(queries) >= _FEWEST_QUERIES:
        chosen = queries[rng.choice(len(queries), min(len(queries), _QUERIES), replace=False)]
        groups.append(_recalls(vectors, search, steps, chosen, None))
    parameters, lowest = {}, 1.0
    for fetch in _FETCHES:
        least = int(np.searchsorted(steps, fetch))  # at least the rows that are wanted
        step = max(least, *(_enough(group.by_fetch[fetch], floor) for group in groups))
        if step == len(steps):
            break
        parameters[str(fetch)] = int(steps[step])
        lowest = min(lowest, *(float(group.by_fetch[fetch][:, step].mean()) for group in groups))
    return Calibration(lowest, sum(group.queries for group in groups), parameters) if parameters else None


def _moved(rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    away = unit_rows(rng.standard_normal(rows.shape).astype(np.float32))[0]
    return unit_rows(rows + np.float32(_MOVED) * away)[0]


def _recalls(
    vectors: FloatArray, search: Search, steps: IntArray, queries: FloatArray, own: IntArray | None
) -> _Recalls:
    """Return the share of the nearest rows among the first found; row `own[i]` does not count for query i."""
    pieces: dict[int, list[ScoreArray]] = {fetch: [] for fetch in _FETCHES}
    at_once = max(1, SCORES_AT_ONCE // len(vectors))
    for first in range(0, len(queries), at_once):
        some = queries[first : first + at_once]
        scores = products(some, vectors)  # (some, n)
        if own is not None:
            scores[np.arange(len(some)), own[first : first + at_once]] = -np.inf
        rows = search(some, int(steps[-1]))  # (some, steps[-1])
        scores_found = np.where(rows >= 0, np.take_along_axis(scores, rows, axis=1), -np.inf)
        for fetch, nearest in zip(_FETCHES, _lowest_of_nearest(scores), strict=True):
            among = np.cumsum(scores_found >= nearest[:, None] - _TIE, axis=1)[:, steps - 1]  # (some, steps)
            pieces[fetch].append(np.minimum(among, fetch) / fetch)
    return _Recalls(len(queries), {fetch: np.concatenate(parts) for fetch, parts in pieces.items()})


def _lowest_of_nearest(scores: FloatArray) -> list[FloatArray]:
    """Return for each fetch the score of the last of the nearest rows, float32 (q,)."""
    n, most = scores.shape[1], _FETCHES[-1]
    nearest = np.sort(np.partition(scores, n - most, axis=1)[:, n - most :], axis=1)
    return [nearest[:, most - fetch] for fetch in _FETCHES]


def _enough(recalls: ScoreArray, floor: float) -> int:
    """Return the first step whose mean recall is certain enough, or the number of steps.

    The mean over this many independent queries is normally distributed (central limit theorem).
    """
    error = recalls.std(axis=0, ddof=1) / sqrt(len(recalls))
    certain = np.flatnonzero(recalls.mean(axis=0) - _NORMAL * error >= floor)
    return int(certain[0]) if len(certain) else recalls.shape[1]
