"""K-means of unit vectors by FAISS: centres, and the centre that each vector is nearest to.

Spherical k-means (Dhillon and Modha 2001): a centre is the direction of the sum of its vectors, and the nearest is
the one with the highest cosine. It begins with centres far from one another (k-means++, Arthur and Vassilvitskii 2007).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from vecsearch.storage.ann.faiss_file import faiss
from vecsearch.types import FloatArray, IntArray, ScoreArray

_ROUNDS = 25
_AT_ONCE = 65_536  # vectors whose nearest centre is looked for


def centres_of(vectors: FloatArray, k: int, seed: int, starts: int = 1) -> FloatArray:
    """Unit centres of k clusters of unit vectors, float32 (n, dim), of which at least k differ: float32 (k, dim).

    The best of several `starts`. Equal seeds give equal centres: one thread finds them, whose setting is its own.
    """
    with ThreadPoolExecutor(1, initializer=faiss.omp_set_num_threads, initargs=(1,)) as alone:
        return alone.submit(_best, vectors, k, seed, starts).result()


def nearest_centre(vectors: FloatArray, centres: FloatArray) -> tuple[IntArray, FloatArray]:
    """The number of the centre that each vector is nearest to, int64 (n,), and their cosine, float32 (n,)."""
    numbers, cosines = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for first in range(0, len(vectors), _AT_ONCE):
        place = slice(first, first + _AT_ONCE)
        products = np.array(vectors[place]) @ centres.T  # (m, k)
        numbers[place] = products.argmax(axis=1)
        cosines[place] = products.max(axis=1)
    return numbers, cosines


def sums_of(vectors: FloatArray, labels: IntArray) -> ScoreArray:
    """The sum of the vectors of each label, float64 (k, dim); labels are 0, 1, ... and none is left out."""
    order = np.argsort(labels, kind="stable")
    firsts = np.searchsorted(labels[order], np.arange(int(labels.max()) + 1))
    sums: ScoreArray = np.add.reduceat(vectors[order], firsts, axis=0, dtype=np.float64)
    return sums


def _best(vectors: FloatArray, k: int, seed: int, starts: int) -> FloatArray:
    found: list[tuple[float, FloatArray]] = []
    for start in range(starts):
        rng = np.random.default_rng((seed, start))
        means = _trained(vectors, k, _far_apart(vectors, k, rng))
        centres: FloatArray = means.centroids.reshape(k, -1)
        found.append((float(nearest_centre(vectors, centres)[1].sum()), centres))
    return max(found, key=lambda each: each[0])[1]


def _trained(vectors: FloatArray, k: int, begin: FloatArray) -> Any:
    means = faiss.Kmeans(
        vectors.shape[1],
        k,
        niter=_ROUNDS,
        spherical=True,
        min_points_per_centroid=1,  # fewer than it likes are no reason for a message on standard error
        max_points_per_centroid=len(vectors),  # who calls has drawn a sample already
    )
    means.train(vectors, init_centroids=begin)
    return means


def _far_apart(vectors: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """k of the vectors, each drawn by its distance from those before it, the best of a few draws each time."""
    draws = 2 + int(np.log(k))  # as in scikit-learn's greedy k-means++
    chosen = [int(rng.integers(len(vectors)))]
    distances = _distances(vectors, chosen)[:, 0]
    for _ in range(k - 1):
        weights = distances.astype(np.float64)
        whole = weights.sum()
        drawn = rng.choice(len(vectors), draws, p=weights / whole if whole > 0 else None)  # else all are chosen already
        nearer = np.minimum(distances[:, None], _distances(vectors, drawn))  # (n, draws)
        best = int(nearer.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        distances = nearer[:, best]
        distances[chosen[-1]] = 0
    return vectors[chosen]


def _distances(vectors: FloatArray, rows: Any) -> FloatArray:
    """Half the squared distance of each vector from these rows, float32 (n, rows); rounding is no distance."""
    distances: FloatArray = 1 - vectors @ vectors[rows].T
    distances[distances < 1e-6] = 0
    return distances
