"""K-means of unit vectors by FAISS: centres, and the nearest centre of each vector.

Spherical k-means (Dhillon and Modha 2001): a centre is the direction of the sum of its vectors, and the nearest is
the one with the highest cosine. It starts from centres far apart (k-means++, Arthur and Vassilvitskii 2007).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from vecsearch.storage.ann.faiss_file import faiss
from vecsearch.types import FloatArray, IntArray, ScoreArray

_ROUNDS = 25
_AT_ONCE = 65_536  # vectors compared with the centres at a time


def find_centres(vectors: FloatArray, k: int, seed: int, starts: int = 1) -> FloatArray:
    """Find unit centres of k clusters, float32 (k, dim), of unit vectors (n, dim), of which at least k must differ.

    The best of several `starts`. Equal seeds give equal centres: a single thread finds them.
    """
    with ThreadPoolExecutor(1, initializer=faiss.omp_set_num_threads, initargs=(1,)) as alone:
        return alone.submit(_best, vectors, k, seed, starts).result()


def assign_centres(vectors: FloatArray, centres: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the number of each vector's nearest centre, int64 (n,), and their cosine, float32 (n,)."""
    numbers, cosines = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for first in range(0, len(vectors), _AT_ONCE):
        block = slice(first, first + _AT_ONCE)
        products = np.array(vectors[block]) @ centres.T  # (m, k)
        numbers[block] = products.argmax(axis=1)
        cosines[block] = products.max(axis=1)
    return numbers, cosines


def sum_by_label(vectors: FloatArray, labels: IntArray) -> ScoreArray:
    """Return the sum of the vectors of each label, float64 (k, dim); labels are 0, 1, ... without gaps."""
    order = np.argsort(labels, kind="stable")
    firsts = np.searchsorted(labels[order], np.arange(int(labels.max()) + 1))
    sums: ScoreArray = np.add.reduceat(vectors[order], firsts, axis=0, dtype=np.float64)
    return sums


def _best(vectors: FloatArray, k: int, seed: int, starts: int) -> FloatArray:
    candidates: list[tuple[float, FloatArray]] = []
    for start in range(starts):
        rng = np.random.default_rng((seed, start))
        means = _trained(vectors, k, _far_apart(vectors, k, rng))
        centres: FloatArray = means.centroids.reshape(k, -1)
        candidates.append((float(assign_centres(vectors, centres)[1].sum()), centres))
    return max(candidates, key=lambda candidate: candidate[0])[1]


def _trained(vectors: FloatArray, k: int, begin: FloatArray) -> Any:
    means = faiss.Kmeans(
        vectors.shape[1],
        k,
        niter=_ROUNDS,
        spherical=True,
        min_points_per_centroid=1,  # no warning on standard error for small clusters
        max_points_per_centroid=len(vectors),  # the caller has drawn a sample already
    )
    means.train(vectors, init_centroids=begin)
    return means


def _far_apart(vectors: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """Choose k of the vectors, each drawn by its distance from those before it, the best of a few draws each time."""
    draws = 2 + int(np.log(k))  # as in scikit-learn's greedy k-means++
    chosen = [int(rng.integers(len(vectors)))]
    distances = _distances(vectors, chosen)[:, 0]
    for _ in range(k - 1):
        weights = distances.astype(np.float64)
        whole = weights.sum()
        drawn = rng.choice(len(vectors), draws, p=weights / whole if whole > 0 else None)  # 0: all are chosen already
        nearer = np.minimum(distances[:, None], _distances(vectors, drawn))  # (n, draws)
        best = int(nearer.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        distances = nearer[:, best]
        distances[chosen[-1]] = 0
    return vectors[chosen]


def _distances(vectors: FloatArray, rows: Any) -> FloatArray:
    """Return half the squared distance of each vector from these rows, float32 (n, rows); rounding counts as 0."""
    distances: FloatArray = 1 - vectors @ vectors[rows].T
    distances[distances < 1e-6] = 0
    return distances
