"""What an index is about: its chunks in clusters, each named by its words.

    chunks, all or a sample -> clusters of their vectors -> words, central passages, outliers -> metadata, if asked

`groups` makes clusters, by k-means (`counting` says how many) or by `density`; `naming` finds their words; `writing`
makes them a metadata column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from vecsearch.analysis.clustering.counting import MOST_CLUSTERS
from vecsearch.analysis.clustering.density import MOST
from vecsearch.analysis.clustering.groups import Groups, by_density, by_means
from vecsearch.analysis.clustering.naming import telling_words
from vecsearch.analysis.clustering.writing import check_free, check_key, write_clusters
from vecsearch.analysis.sampling import POINTS, Sample, SampledChunk, check_whole, sample
from vecsearch.choices import ClusterMethod
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.storage.store import Store
from vecsearch.types import IntArray

__all__ = ["Cluster", "Clustering", "clusters_of", "find_clusters"]

AUTO = "auto"
_SHOWN = 3  # central passages of a cluster
_OUTLIERS = 10  # that are shown
_ROWS_AT_ONCE = 65_536  # whose vectors are held while clusters of more than a sample are written


@dataclass(frozen=True, slots=True)
class Cluster:
    """Chunks that are near one another: how many, the words that tell most of them, and the most central of them.

    `cohesion` is the mean cosine of its chunks with their centre.
    """

    number: int  # from 1, the largest first
    words: tuple[str, ...]
    size: int
    cohesion: float
    central: tuple[SampledChunk, ...]

    @property
    def name(self) -> str:
        """Its words in one text."""
        return ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class Clustering:
    """The clusters of `chunks`, or of the `sampled` ones of them that were looked at.

    By k-means every chunk is in a cluster, and outliers are far from the centre of theirs, by HDBSCAN they are in
    none; `farthest` are the first of them. `written_to` is the metadata that says each chunk's cluster as of
    `version`, None where that was not asked for.
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
    method: ClusterMethod | str = ClusterMethod.KMEANS,
    where: str | None = None,
    points: int = POINTS,
    seed: int = 0,
    write_to: str | None = None,
    overwrite: bool = False,
    wait: float = 0.0,
) -> Clustering:
    """The chunks of `index` in `n` clusters, or in as many as fit them best, largest first.

    `method` is "kmeans", or "hdbscan", which finds out by itself how many there are and leaves out what lies between.
    With `where` only chunks are looked at for which the condition is true. Of more than `points` chunks a sample is
    looked at, drawn by `seed`. With `write_to` every chunk says its cluster in the metadata of that name, and the
    words in NAME_words, in a new version of the index; what is there under these names only with `overwrite`. Another
    process that writes is waited for `wait` seconds.

    Raises InvalidOption, InvalidFilter, ExtraMissing, IndexLocked, and InvalidDocument where there is no chunk.
    """
    method = ClusterMethod.of(method, "method").value
    _check(n, method)
    if write_to is None:
        return clusters_of(sample(index, where, _looked_at(points, method), seed), index.info().language, n, method)[0]
    check_key(write_to)
    with _writing(index, wait) as store:
        chunks = sample(index, where, _looked_at(points, method), seed)
        if not overwrite:
            check_free(store.snapshot().parts, write_to)
        found, groups = clusters_of(chunks, index.info().language, n, method)
        labels = [_all_labels(number, chunks, groups) for number in range(len(chunks.parts))]
        version = write_clusters(store, write_to, labels, [cluster.name for cluster in found.clusters])
    index.refresh()
    return replace(found, written_to=write_to, version=version)


def clusters_of(
    chunks: Sample, language: str, n: int | str = AUTO, method: str = "kmeans", most: int = MOST_CLUSTERS
) -> tuple[Clustering, Groups]:
    """The clusters of these chunks, for people and for programs; `language` is the index's, "auto" finds `most`."""
    vectors = chunks.vectors
    groups = by_density(vectors) if method == "hdbscan" else by_means(vectors, _count(n), chunks.seed, most)
    labels = np.where(groups.inside, groups.labels, -1)
    words = telling_words(chunks.texts(), labels, len(groups), language)
    clusters = tuple(_cluster(number, chunks, groups, own) for number, own in enumerate(words))
    outliers = np.flatnonzero(groups.outliers)
    farthest = outliers[np.argsort(groups.cosines[outliers], kind="stable")][:_OUTLIERS]
    found = Clustering(
        method=method,
        chunks=chunks.total,
        sampled=len(chunks),
        seed=chunks.seed,
        clusters=clusters,
        outliers=len(outliers),
        farthest=_passages(chunks, groups, farthest),
    )
    return found, groups


def _cluster(number: int, chunks: Sample, groups: Groups, words: Sequence[str]) -> Cluster:
    own = np.flatnonzero(groups.inside & (groups.labels == number))
    central = own[np.argsort(-groups.cosines[own], kind="stable")][:_SHOWN]
    return Cluster(
        number=number + 1,
        words=tuple(words),
        size=len(own),
        cohesion=float(groups.cosines[own].mean()),
        central=_passages(chunks, groups, central),
    )


def _passages(chunks: Sample, groups: Groups, numbers: IntArray) -> tuple[SampledChunk, ...]:
    return tuple(chunks.chunk(i, float(groups.cosines[i])) for i in numbers.tolist())


def _all_labels(number: int, chunks: Sample, groups: Groups) -> IntArray:
    """The cluster of every row of a part, int64 (rows,), below 0 for none: also of those that are not in the sample."""
    part = chunks.parts[number]
    labels = np.full(part.segment.entry.rows, -1, np.int64)
    if len(chunks) < chunks.total:
        rows = np.flatnonzero(part.mask())
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            near, belongs = groups.nearest(part.segment.flat.vectors[some])
            labels[some] = np.where(belongs, near, -1)
    own = chunks.numbers == number
    labels[chunks.rows[own]] = np.where(groups.inside[own], groups.labels[own], -1)
    return labels


@contextmanager
def _writing(index: Index, wait: float) -> Iterator[Store]:
    """Only this process writes, and `index` sees the current version, whose rows keep their places until the end."""
    store = Store(index.path)
    with store.locked(wait):
        index.refresh()
        seen = index.info().version
        if seen != store.versions()[-1]:
            raise InvalidOption(f"{index.path} was opened as version {seen}, to read: open it without one to write")
        yield store


def _check(n: int | str, method: str) -> None:
    if n != AUTO:
        if isinstance(n, str):
            raise InvalidOption(f"n is {n!r}; a whole number of clusters, or {AUTO}")
        check_whole("n", n, least=1)
        if method == "hdbscan":
            raise InvalidOption(f"n is {n}, but hdbscan finds out how many clusters there are: leave n out")


def _count(n: int | str) -> int | None:
    return None if isinstance(n, str) else n


def _looked_at(points: int, method: str) -> int:
    """How many chunks are looked at together."""
    check_whole("points", points, least=2)
    return min(points, MOST) if method == "hdbscan" else points
