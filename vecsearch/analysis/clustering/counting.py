"""How many clusters there are, where nobody says: as many as make the mean silhouette high, and no more than needed.

The silhouette of a vector (Rousseeuw 1987) compares its mean distance from its own cluster with that from the next
one: 1 is deep inside, 0 between two, below 0 in the wrong one. Distances are 1 - cosine, whose mean over a cluster
is one product with the mean of the cluster, so that no two vectors have to be compared. Of numbers of clusters whose
means differ by less than the standard error of the best, the fewest are taken (Breiman et al. 1984, for trees).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vecsearch.storage.ann.means import centres_of, nearest_centre, sums_of
from vecsearch.types import FloatArray, IntArray, ScoreArray

_SEEN = 5_000  # vectors that are enough to tell
MOST_CLUSTERS = 256  # nobody reads a longer list
_STEP = 2**0.5


class Tried(NamedTuple):
    """A number of clusters: the mean silhouette, and its standard error."""

    k: int
    mean: float
    error: float


def chosen_count(vectors: FloatArray, seed: int, most: int = MOST_CLUSTERS) -> int:
    """The number of clusters of unit vectors, float32 (n, dim), at most `most`; 1 when all are equal."""
    rng = np.random.default_rng(seed)
    seen = vectors if len(vectors) <= _SEEN else vectors[rng.choice(len(vectors), _SEEN, replace=False)]
    different = count_different(seen)
    tried = [_tried(seen, k, seed) for k in _candidates(min(different - 1, len(seen) // 2, most))]
    if not tried:
        return 1
    best = max(tried, key=lambda each: each.mean)
    return next(each.k for each in tried if each.mean >= best.mean - best.error)


def count_different(vectors: FloatArray) -> int:
    """How many of the vectors, float32 (n, dim), differ from one another."""
    return len({hash(vector.tobytes()) for vector in vectors})


def silhouettes(vectors: FloatArray, labels: IntArray) -> ScoreArray:
    """The silhouette of each unit vector, float64 (n,); 0 for one alone. No cluster 0, 1, ... is empty."""
    sizes = np.bincount(labels)
    rows = np.arange(len(vectors))
    means = sums_of(vectors, labels) / sizes[:, None]
    distances = 1 - vectors @ means.T  # (n, k), the mean distance from each cluster
    own = sizes[labels]
    inside = distances[rows, labels] * own / np.maximum(own - 1, 1)  # from the others only
    distances[rows, labels] = np.inf
    outside = distances.min(axis=1)
    wider = np.maximum(np.maximum(inside, outside), np.finfo(np.float64).tiny)
    scores: ScoreArray = np.where(own > 1, (outside - inside) / wider, 0.0)
    return scores


def _candidates(most: int) -> list[int]:
    """Numbers of clusters, each about half as much again as the one before."""
    steps = [round(2 * _STEP**i) for i in range(40)]
    return [k for k in steps if k <= most] or ([2] if most == 1 else [])


def _tried(vectors: FloatArray, k: int, seed: int) -> Tried:
    labels, _ = nearest_centre(vectors, centres_of(vectors, k, seed))
    _, labels = np.unique(labels, return_inverse=True)
    if labels.max(initial=0) == 0:
        return Tried(k, -1.0, 0.0)
    scores = silhouettes(vectors, labels)
    return Tried(k, float(scores.mean()), float(scores.std() / len(scores) ** 0.5))
