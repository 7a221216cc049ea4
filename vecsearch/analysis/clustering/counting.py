"""Choose the number of clusters: the smallest whose mean silhouette is within one standard error of the best.

The silhouette of a vector (Rousseeuw 1987) compares its mean distance from its own cluster with that from the nearest
other one: 1 is deep inside, 0 between two, below 0 in the wrong one. Distances are 1 - cosine, whose mean over a
cluster is one product with the cluster's mean, so that no two vectors have to be compared. The one-standard-error rule
is that of Breiman et al. 1984, for trees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vecsearch.storage.ann.means import assign_centres, find_centres, sum_by_label
from vecsearch.types import FloatArray, IntArray, ScoreArray

_SAMPLE = 5_000  # vectors: enough to choose by
MOST_CLUSTERS = 256  # nobody reads a longer list
_STEP = 2**0.5


class _Trial(NamedTuple):
    """A number of clusters, its mean silhouette, and the standard error of that."""

    k: int
    mean: float
    error: float


def chosen_count(vectors: FloatArray, seed: int, most: int = MOST_CLUSTERS) -> int:
    """Choose the number of clusters for unit vectors, float32 (n, dim), at most `most`; 1 when all are equal."""
    rng = np.random.default_rng(seed)
    drawn = vectors if len(vectors) <= _SAMPLE else vectors[rng.choice(len(vectors), _SAMPLE, replace=False)]
    distinct = count_distinct(drawn)
    trials = [_try(drawn, k, seed) for k in _candidates(min(distinct - 1, len(drawn) // 2, most))]
    if not trials:
        return 1
    best = max(trials, key=lambda trial: trial.mean)
    return next(trial.k for trial in trials if trial.mean >= best.mean - best.error)


def count_distinct(vectors: FloatArray) -> int:
    """Count the distinct vectors, float32 (n, dim)."""
    return len({hash(vector.tobytes()) for vector in vectors})


def silhouettes(vectors: FloatArray, labels: IntArray) -> ScoreArray:
    """Return the silhouette of each unit vector, float64 (n,); 0 for one alone. No cluster 0, 1, ... may be empty."""
    sizes = np.bincount(labels)
    rows = np.arange(len(vectors))
    means = sum_by_label(vectors, labels) / sizes[:, None]
    distances = 1 - vectors @ means.T  # (n, k), mean distance from each cluster
    own = sizes[labels]
    inside = distances[rows, labels] * own / np.maximum(own - 1, 1)  # from the others only
    distances[rows, labels] = np.inf
    outside = distances.min(axis=1)
    wider = np.maximum(np.maximum(inside, outside), np.finfo(np.float64).tiny)
    scores: ScoreArray = np.where(own > 1, (outside - inside) / wider, 0.0)
    return scores


def _candidates(most: int) -> list[int]:
    """Return the numbers of clusters to try, each about 1.4 times the one before."""
    steps = [round(2 * _STEP**i) for i in range(40)]
    return [k for k in steps if k <= most] or ([2] if most == 1 else [])


def _try(vectors: FloatArray, k: int, seed: int) -> _Trial:
    labels, _ = assign_centres(vectors, find_centres(vectors, k, seed))
    _, labels = np.unique(labels, return_inverse=True)
    if labels.max(initial=0) == 0:
        return _Trial(k, -1.0, 0.0)
    scores = silhouettes(vectors, labels)
    return _Trial(k, float(scores.mean()), float(scores.std() / len(scores) ** 0.5))
