"""Vectors in clusters: which is in which, where the centres are, and which are in none or far out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vecsearch.analysis.clustering.counting import MOST_CLUSTERS, chosen_count, count_different
from vecsearch.analysis.clustering.density import SMALLEST, dense_labels
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.storage.ann.means import centres_of, nearest_centre, sums_of
from vecsearch.types import BoolArray, FloatArray, IntArray, ScoreArray
from vecsearch.vectors import unit_rows

_FENCE = 1.5  # times the middle half's width below it: Tukey 1977, Exploratory Data Analysis
_STARTS = 3  # of k-means where the number of clusters is known


@dataclass(frozen=True, slots=True)
class Groups:
    """Clusters of n unit vectors, the largest first.

    `labels`, int64 (n,), says the cluster of each that is `inside` one, bool (n,), else the one whose centre is
    nearest. `centres` are unit vectors, float32 (k, dim), `cosines`, float64 (n,), those with the vector's own centre.
    `reach`, float64 (k,), is the least cosine at which another vector belongs to a cluster.
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
        """The cluster that other unit vectors belong to, int64 (m,), and whether they belong to one, bool (m,)."""
        labels, cosines = nearest_centre(vectors, self.centres)
        return labels, cosines >= self.reach[labels]


def by_means(vectors: FloatArray, k: int | None, seed: int, most: int = MOST_CLUSTERS) -> Groups:
    """k clusters by k-means, each vector in one; None finds out how many, up to `most`.

    Raises InvalidOption for more clusters than vectors that differ.
    """
    different = count_different(vectors)
    if k is None:
        k = chosen_count(vectors, seed, most)
    elif k > different:
        raise InvalidOption(
            f"n is {k} clusters for {len(vectors)} chunks of which {different} have vectors that differ: "
            f"at most {different}"
        )
    labels, _ = nearest_centre(vectors, centres_of(vectors, k, seed, _STARTS))
    everywhere = np.ones(len(vectors), np.bool_)
    groups = _grouped(vectors, labels, everywhere)
    return replace(groups, outliers=_far_out(groups), reach=np.full(len(groups), -np.inf))


def by_density(vectors: FloatArray) -> Groups:
    """Clusters by HDBSCAN; a vector between them is an outlier. Raises InvalidDocument when it finds none."""
    labels = dense_labels(vectors)
    inside = labels >= 0
    if not inside.any():
        raise InvalidDocument(
            f"hdbscan finds no {SMALLEST} of the {len(vectors)} chunks close together: k-means puts each into a cluster"
        )
    return _grouped(vectors, labels, inside)


def _grouped(vectors: FloatArray, labels: IntArray, inside: BoolArray) -> Groups:
    """The clusters that `labels` has of the vectors inside, renumbered by size; none of them is empty."""
    found, sizes = np.unique(labels[inside], return_counts=True)
    ranks = np.empty(len(found), np.int64)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(found))
    own = ranks[np.searchsorted(found, labels[inside])]
    sums = sums_of(vectors[inside], own).astype(np.float32)
    centres = unit_rows(np.where(sums.any(axis=1, keepdims=True), sums, 1))[0]  # opposite vectors have no direction
    numbers, nearest = nearest_centre(vectors, centres)
    cosines = nearest.astype(np.float64)
    numbers[inside] = own
    cosines[inside] = np.einsum("ij,ij->i", vectors[inside], centres[own], dtype=np.float64)
    reach = np.full(len(found), np.inf)
    np.minimum.at(reach, own, cosines[inside])
    return Groups(centres, numbers, cosines, inside, ~inside, reach)


def _far_out(groups: Groups) -> BoolArray:
    """The vectors whose cosine with their centre lies far below what is usual in their cluster, bool (n,)."""
    far = np.zeros(len(groups.labels), np.bool_)
    for number in range(len(groups)):
        own = groups.labels == number
        low, high = np.percentile(groups.cosines[own], [25, 75])
        far |= own & (groups.cosines < low - _FENCE * (high - low))
    return far
