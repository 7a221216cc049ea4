"""HDBSCAN (Campello, Moulavi and Sander 2013): clusters are where vectors lie densely; what lies between is in none.

In how many dimensions decides what it finds, since distances in many dimensions hardly differ: the vectors are taken
along their first principal components.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vecsearch.analysis.components import principal_components
from vecsearch.errors import ExtraMissing
from vecsearch.types import FloatArray, IntArray

MOST = 20_000  # vectors; its time grows with their square
SMALLEST = 10  # chunks of a cluster
_NEIGHBOURS = 5  # that have to be near for a place to be dense
_COMPONENTS = 50


def dense_labels(vectors: FloatArray) -> IntArray:
    """The cluster of each unit vector, float32 (n, dim), int64 (n,): 0, 1, ...; below 0 for one that is in none."""
    hdbscan = _hdbscan()
    if len(vectors) < SMALLEST:
        return np.full(len(vectors), -1, np.int64)
    places = principal_components(vectors, _COMPONENTS).places(vectors)
    found = hdbscan(min_cluster_size=SMALLEST, min_samples=_NEIGHBOURS, copy=True)
    labels: IntArray = found.fit_predict(places).astype(np.int64)
    return labels


def _hdbscan() -> Any:
    try:
        from sklearn.cluster import HDBSCAN
    except ModuleNotFoundError as error:
        if error.name != "sklearn":
            raise
        raise ExtraMissing.of("scikit-learn", "viz", "clustering with hdbscan") from None
    return HDBSCAN
