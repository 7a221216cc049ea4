"""How many rows codes must find, so that the nearest ones are among them: measured on the vectors themselves.

Two kinds of queries are hard in two ways. Rows themselves, without whom they are: among many that are alike, codes do
not tell which come first. And what lies far from all rows, as questions do from what answers them, and hardest those
on subjects that the index knows little of: so many rows score almost the same. Those are made of rows that were moved
in a random direction until their cosine with the row they were is 0.45; they then lie as far from the rows that come
next as such questions did. What users have asked, where it is known, is a third kind. Each must reach the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np

from vecsearch.storage.ann.flat import SCORES_AT_ONCE, products
from vecsearch.types import FloatArray, IntArray, ScoreArray
from vecsearch.vectors import unit_rows

DEAREST = 4  # a row that is gathered to be scored costs as much as so many in a scan: docs/approximate.md
_FETCHES = (10, 30, 100, 300, 1000)  # numbers of rows asked for that are measured
_MOST = 10_000  # rows found at most: above that, scoring them costs more than it saves in any segment
_QUERIES = 256
_FEWEST_ASKED = 30  # from which the mean of a sample is taken as normally distributed
_MOVED = 2.0  # the length of the step away from a unit row: 1 / sqrt(1 + 2 ** 2) is a cosine of 0.45
_NORMAL = 2.33  # standard errors: 99 % of means lie above, so for all five numbers asked for 95 % (Bonferroni)
_TIE = 1e-6  # scores this close are one: a matrix product rounds equal rows differently by their place
_SEED = 0

Search: TypeAlias = Callable[[FloatArray, int], IntArray]  # queries and a number of rows to rows, best first


class Calibration(NamedTuple):
    """The lowest mean recall, on how many queries, and for some numbers of rows asked for how many must be found."""

    recall: float
    sample: int
    parameters: dict[str, int]


class _Recalls(NamedTuple):
    """The recall of each query of a group, float64 (q, steps), for each number of rows asked for."""

    queries: int
    by_fetch: dict[int, ScoreArray]


def calibrate(vectors: FloatArray, search: Search, floor: float, asked: FloatArray | None) -> Calibration | None:
    """The fewest rows for which mean recall reaches the floor with a confidence of 95 %.

    `asked` are unit vectors of what users have asked, (m, dim); too few to tell anything are not used. Numbers of
    rows asked for that would cost more than scoring every row are left out; None when no number remains.
    """
    n = len(vectors)
    steps = np.unique(np.geomspace(_FETCHES[0], max(_FETCHES[0], min(_MOST, n // DEAREST)), 100).astype(np.int64))
    rng = np.random.default_rng(_SEED)
    own = rng.choice(n, min(n, _QUERIES), replace=False)
    groups = [_recalls(vectors, search, steps, rows, own) for rows in (vectors[own], _moved(vectors[own], rng))]
    if asked is not None and len(asked) >= _FEWEST_ASKED:
        chosen = asked[rng.choice(len(asked), min(len(asked), _QUERIES), replace=False)]
        groups.append(_recalls(vectors, search, steps, chosen, None))
    parameters, lowest = {}, 1.0
    for fetch in _FETCHES:
        least = int(np.searchsorted(steps, fetch))  # who asks for so many gets as many
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
    """What share of the nearest rows is among the first found; the row `own[i]` is not there for query i."""
    pieces: dict[int, list[ScoreArray]] = {fetch: [] for fetch in _FETCHES}
    at_once = max(1, SCORES_AT_ONCE // len(vectors))
    for first in range(0, len(queries), at_once):
        some = queries[first : first + at_once]
        scores = products(some, vectors)  # (some, n)
        if own is not None:
            scores[np.arange(len(some)), own[first : first + at_once]] = -np.inf
        rows = search(some, int(steps[-1]))  # (some, steps[-1])
        found = np.where(rows >= 0, np.take_along_axis(scores, rows, axis=1), -np.inf)
        for fetch, nearest in zip(_FETCHES, _lowest_of_nearest(scores), strict=True):
            among = np.cumsum(found >= nearest[:, None] - _TIE, axis=1)[:, steps - 1]  # (some, steps)
            pieces[fetch].append(np.minimum(among, fetch) / fetch)
    return _Recalls(len(queries), {fetch: np.concatenate(parts) for fetch, parts in pieces.items()})


def _lowest_of_nearest(scores: FloatArray) -> list[FloatArray]:
    """For each number of rows asked for, the score of the last of them, float32 (q,)."""
    n, most = scores.shape[1], _FETCHES[-1]
    nearest = np.sort(np.partition(scores, n - most, axis=1)[:, n - most :], axis=1)
    return [nearest[:, most - fetch] for fetch in _FETCHES]


def _enough(recalls: ScoreArray, floor: float) -> int:
    """The first step whose mean recall is certain enough; the number of steps when none is.

    The mean of independent queries is normally distributed for as many as these (central limit theorem).
    """
    error = recalls.std(axis=0, ddof=1) / sqrt(len(recalls))
    certain = np.flatnonzero(recalls.mean(axis=0) - _NORMAL * error >= floor)
    return int(certain[0]) if len(certain) else recalls.shape[1]
