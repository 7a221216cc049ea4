"""The nearest vectors of each vector among the same vectors, exactly."""

from __future__ import annotations

import numpy as np

from vecsearch.storage.ann.faiss_file import faiss
from vecsearch.types import FloatArray, IntArray


def nearest_of_each(vectors: FloatArray, k: int) -> IntArray:
    """Return the numbers of the k vectors with the highest inner product to each of n others, int64 (n, k).

    The nearest is first, and a vector is not its own neighbour. With fewer than k others there are n - 1 columns.
    """
    k = min(k, len(vectors) - 1)
    contiguous = np.ascontiguousarray(vectors, np.float32)
    _, found = faiss.knn(contiguous, contiguous, k + 1, metric=faiss.METRIC_INNER_PRODUCT)  # (n, k + 1)
    own = found == np.arange(len(vectors))[:, None]
    own[:, -1] |= ~own.any(axis=1)  # equal vectors came before it: the last of them is one too many
    neighbours: IntArray = found[~own].reshape(len(vectors), k)
    return neighbours
