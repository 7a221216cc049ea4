"""Vectors -> clusters, by k-means or HDBSCAN: the members, the centres, and the outliers.

HDBSCAN (Campello, Moulavi and Sander 2013): clusters are where vectors lie densely; what lies between is in no cluster.
The number of dimensions decides what it finds, because distances in many dimensions hardly differ: it gets the vectors
along their first principal components.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vecsearch.analysis.clustering.counting import MOST_CLUSTERS, chosen_count, count_distinct
from vecsearch.analysis.components import principal_components
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.imports import require
from vecsearch.storage.ann.means import assign_centres, find_centres, sum_by_label
from vecsearch.types import BoolArray, FloatArray, IntArray, ScoreArray
from vecsearch.vectors import unit_rows

MOST_BY_DENSITY = 20_000  # vectors for HDBSCAN, whose time grows with their square
_FENCE = 1.5  # interquartile ranges below the lower quartile: Tukey 1977, Exploratory Data Analysis
_STARTS = 3  # of k-means once the number of clusters is known
_SMALLEST = 10  # chunks in a cluster of HDBSCAN
_NEIGHBOURS = 5  # that have to be near for a point to be dense
_COMPONENTS = 50


@dataclass(frozen=True, slots=True)
class Groups:
    """Clusters of n unit vectors, the largest first.

    `labels`, int64 (n,), is the cluster of each vector that is `inside` one, bool (n,), and the nearest cluster of any
    other. `centres` are unit vectors, float32 (k, dim); `cosines`, float64 (n,), compare each vector with the centre of
    its label. `reach`, float64 (k,), is the least cosine at which another vector belongs to a cluster.
    """

    centres: FloatArray
    labels: IntArray
    cosines: ScoreArray
    inside: BoolArray
    outliers: BoolArray
    reach: ScoreArray

    def __len__(self) -> int:
        return len(self.centres)

    def nearest(self, vectors: FloatArray) -> tuple[IntArray, BoolArray]:
        """Return the nearest cluster of other unit vectors, int64 (m,), and whether they belong to it, bool (m,)."""
        labels, cosines = assign_centres(vectors, self.centres)
        return labels, cosines >= self.reach[labels]


def by_means(vectors: FloatArray, k: int | None, seed: int, most: int = MOST_CLUSTERS) -> Groups:
    """Return k clusters by k-means, each vector in one; with None, the best number up to `most`.

    Raises InvalidOption for more clusters than distinct vectors.
    """
    distinct = count_distinct(vectors)
    if k is None:
        k = chosen_count(vectors, seed, most)
    elif k > distinct:
        raise InvalidOption(
            f"n is {k} clusters, but {len(vectors)} chunks have {distinct} distinct vectors: choose at most {distinct}"
        )
    labels, _ = assign_centres(vectors, find_centres(vectors, k, seed, _STARTS))
    everywhere = np.ones(len(vectors), np.bool_)
    groups = _grouped(vectors, labels, everywhere)
    return replace(groups, outliers=_far_out(groups), reach=np.full(len(groups), -np.inf))


def by_density(vectors: FloatArray) -> Groups:
    """Return clusters by HDBSCAN; vectors between them are outliers. Raises InvalidDocument when there are none."""
    labels = _dense_labels(vectors)
    inside = labels >= 0
    if not inside.any():
        raise InvalidDocument(
            f"hdbscan finds no {_SMALLEST} of the {len(vectors)} chunks close together: use kmeans, which puts each "
            "chunk into a cluster"
        )
    return _grouped(vectors, labels, inside)


def _dense_labels(vectors: FloatArray) -> IntArray:
    """Return the cluster of each unit vector, float32 (n, dim), int64 (n,): 0, 1, ...; below 0 for no cluster."""
    library = require("sklearn.cluster", "viz", "clustering with hdbscan", "scikit-learn")
    if len(vectors) < _SMALLEST:
        return np.full(len(vectors), -1, np.int64)
    coordinates = principal_components(vectors, _COMPONENTS).coordinates(vectors)
    hdbscan = library.HDBSCAN(min_cluster_size=_SMALLEST, min_samples=_NEIGHBOURS, copy=True)
    labels: IntArray = hdbscan.fit_predict(coordinates).astype(np.int64)
    return labels


def _grouped(vectors: FloatArray, labels: IntArray, inside: BoolArray) -> Groups:
    """Return the clusters that `labels` gives the vectors inside, renumbered by size; none is empty."""
    old_labels, sizes = np.unique(labels[inside], return_counts=True)
    ranks = np.empty(len(old_labels), np.int64)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(old_labels))
    own = ranks[np.searchsorted(old_labels, labels[inside])]
    sums = sum_by_label(vectors[inside], own).astype(np.float32)
    centres = unit_rows(np.where(sums.any(axis=1, keepdims=True), sums, 1))[0]  # opposite vectors have no direction
    numbers, nearest = assign_centres(vectors, centres)
    cosines = nearest.astype(np.float64)
    numbers[inside] = own
    cosines[inside] = np.einsum("ij,ij->i", vectors[inside], centres[own], dtype=np.float64)
    reach = np.full(len(old_labels), np.inf)
    np.minimum.at(reach, own, cosines[inside])
    return Groups(centres, numbers, cosines, inside, ~inside, reach)


def _far_out(groups: Groups) -> BoolArray:
    """Return which vectors have a cosine with their centre far below their cluster's quartiles, bool (n,)."""
    far = np.zeros(len(groups.labels), np.bool_)
    for number in range(len(groups)):
        members = groups.labels == number
        low, high = np.percentile(groups.cosines[members], [25, 75])
        far |= members & (groups.cosines < low - _FENCE * (high - low))
    return far
