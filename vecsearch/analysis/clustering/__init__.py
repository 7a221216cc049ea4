"""The topics of an index: find_clusters() groups its chunks and names each group by its words.

    chunks, all or a sample -> clusters of their vectors -> words, central chunks, outliers -> metadata, on request

`groups` clusters by k-means, for which `counting` chooses the number, or by HDBSCAN; `naming` finds the words;
`writing` stores the clusters as a metadata column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vecsearch.analysis.clustering.counting import MOST_CLUSTERS
from vecsearch.analysis.clustering.groups import MOST_BY_DENSITY, Groups, by_density, by_means
from vecsearch.analysis.clustering.naming import top_words
from vecsearch.analysis.clustering.writing import check_free, check_key, write_clusters
from vecsearch.analysis.sampling import POINTS, Sample, SampledChunk, sample
from vecsearch.checks import check_whole
from vecsearch.choices import ClusterMethod, ClusterMethodName
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.types import IntArray, Where

__all__ = ["Cluster", "Clustering", "clusters_of", "find_clusters"]

AUTO = "auto"
_CENTRAL = 3  # chunks shown per cluster
_OUTLIERS = 10  # shown in all
_ROWS_AT_ONCE = 65_536  # vectors in memory while chunks outside the sample are assigned


@dataclass(frozen=True, slots=True)
class Cluster:
    """Chunks that are near one another: their number, their most distinctive words, and the most central of them.

    `cohesion` is the mean cosine of the chunks with their centre.
    """

    number: int  # from 1, the largest first
    words: tuple[str, ...]
    size: int
    cohesion: float
    central: tuple[SampledChunk, ...]

    @property
    def name(self) -> str:
        """The words, joined."""
        return ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class Clustering:
    """The clusters of the `sampled` chunks, drawn from `chunks`.

    With k-means every chunk is in a cluster and outliers are far from its centre; with HDBSCAN outliers are in no
    cluster. `farthest` are the most extreme outliers. `written_to` is the metadata key that holds each chunk's cluster
    as of `version`; None when the clusters were not written.
    """

    method: str
    chunks: int
    sampled: int
    seed: int
    clusters: tuple[Cluster, ...]
    outliers: int
    farthest: tuple[SampledChunk, ...]
    written_to: str | None = None
    version: int | None = None


def find_clusters(
    index: Index,
    n: int | str = AUTO,
    *,
    method: ClusterMethod | ClusterMethodName = ClusterMethod.KMEANS,
    where: Where | None = None,
    points: int = POINTS,
    seed: int = 0,
    write_to: str | None = None,
    overwrite: bool = False,
    wait: float = 0.0,
) -> Clustering:
    """Group the chunks of `index` into `n` clusters, or into the number that fits them best, largest first.

    `method` is "kmeans", or "hdbscan", which chooses the number itself and leaves out what lies between clusters. With
    `where` only matching chunks are clustered. At most `points` chunks are clustered, a sample drawn by `seed`. With
    `write_to` a new version of the index stores each chunk's cluster in the metadata of that name, and its words in
    NAME_words; existing metadata of these names is replaced only with `overwrite`. `wait` is how many seconds to wait
    for another process that writes.

    Raises InvalidOption, InvalidFilter, ExtraMissing, IndexLocked, and InvalidDocument when there are no chunks.
    """
    method = ClusterMethod.of(method, "method")
    _check(n, method)
    points = _sample_size(points, method)
    if write_to is None:
        return clusters_of(sample(index.session(), where, points, seed), n, method)[0]
    check_key(write_to)
    with index.writing(wait):
        index.refresh()  # another process may have written; from here on none can
        chunks = sample(index.session(), where, points, seed)
        if not overwrite:
            check_free(chunks.session.parts, write_to)
        clustering, groups = clusters_of(chunks, n, method)
        labels = [_all_labels(number, chunks, groups) for number in range(len(chunks.parts))]
        version = write_clusters(chunks.session, write_to, labels, [cluster.name for cluster in clustering.clusters])
    return replace(clustering, written_to=write_to, version=version)


def clusters_of(
    chunks: Sample, n: int | str = AUTO, method: ClusterMethod = ClusterMethod.KMEANS, most: int = MOST_CLUSTERS
) -> tuple[Clustering, Groups]:
    """Cluster these chunks; return the clusters for people and as arrays. With n "auto" there are at most `most`."""
    vectors = chunks.vectors
    groups = by_density(vectors) if method is ClusterMethod.HDBSCAN else by_means(vectors, _count(n), chunks.seed, most)
    labels = np.where(groups.inside, groups.labels, -1)
    words = top_words(chunks.texts(), labels, len(groups), chunks.session.manifest.language)
    clusters = tuple(_cluster(number, chunks, groups, of_cluster) for number, of_cluster in enumerate(words))
    outliers = np.flatnonzero(groups.outliers)
    farthest = outliers[np.argsort(groups.cosines[outliers], kind="stable")][:_OUTLIERS]
    clustering = Clustering(
        method=method.value,
        chunks=chunks.total,
        sampled=len(chunks),
        seed=chunks.seed,
        clusters=clusters,
        outliers=len(outliers),
        farthest=_shown_chunks(chunks, groups, farthest),
    )
    return clustering, groups


def _cluster(number: int, chunks: Sample, groups: Groups, words: Sequence[str]) -> Cluster:
    members = np.flatnonzero(groups.inside & (groups.labels == number))
    central = members[np.argsort(-groups.cosines[members], kind="stable")][:_CENTRAL]
    return Cluster(
        number=number + 1,
        words=tuple(words),
        size=len(members),
        cohesion=float(groups.cosines[members].mean()),
        central=_shown_chunks(chunks, groups, central),
    )


def _shown_chunks(chunks: Sample, groups: Groups, numbers: IntArray) -> tuple[SampledChunk, ...]:
    return tuple(chunks.chunk(i, float(groups.cosines[i])) for i in numbers.tolist())


def _all_labels(number: int, chunks: Sample, groups: Groups) -> IntArray:
    """Return the cluster of every row of a part, in the sample or not, int64 (rows,); below 0 for no cluster."""
    part = chunks.parts[number]
    labels = np.full(part.segment.entry.rows, -1, np.int64)
    if len(chunks) < chunks.total:
        rows = np.flatnonzero(part.mask())
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            block = rows[first : first + _ROWS_AT_ONCE]
            nearest, belongs = groups.nearest(part.segment.flat.vectors[block])
            labels[block] = np.where(belongs, nearest, -1)
    sampled = chunks.part_numbers == number
    labels[chunks.rows[sampled]] = np.where(groups.inside[sampled], groups.labels[sampled], -1)
    return labels


def _check(n: int | str, method: ClusterMethod) -> None:
    if n != AUTO:
        if isinstance(n, str):
            raise InvalidOption(f"n is {n!r}, expected a whole number of clusters, or {AUTO}")
        check_whole("n", n, least=1)
        if method is ClusterMethod.HDBSCAN:
            raise InvalidOption(f"n is {n}, but hdbscan chooses the number of clusters itself: leave n out")


def _count(n: int | str) -> int | None:
    return None if isinstance(n, str) else n


def _sample_size(points: int, method: ClusterMethod) -> int:
    points = check_whole("points", points, least=2)
    return min(points, MOST_BY_DENSITY) if method is ClusterMethod.HDBSCAN else points
