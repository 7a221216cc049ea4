"""Many numbers to two: where each vector, and each query among them, lies on the map.

    pca    the two directions of most variance: fast, the same every time, but neighbours need not stay together
    tsne   t-SNE (van der Maaten and Hinton 2008) as openTSNE computes it (Linderman et al. 2019): keeps neighbours
    umap   UMAP (McInnes, Healy and Melville 2018): keeps neighbours, and more of the distances between groups

A query is placed on the map that the chunks make; it does not change that. The last two see the vectors along their
first principal components, which keeps what tells neighbours apart and costs a fraction.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from vecsearch.analysis.components import Components, principal_components
from vecsearch.errors import ExtraMissing, InvalidDocument
from vecsearch.types import FloatArray, ScoreArray

SHOWN = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_COMPONENTS = 50  # as van der Maaten's own implementation takes
_FEWEST = 5  # vectors that have neighbours to keep
_PERPLEXITY = 30.0  # the authors' and both libraries' default
_NEIGHBOURS = 15  # UMAP's default
_MANY = 10_000  # vectors for which several threads gain more than they wait for one another
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Projection:
    """Places on a map: of n vectors, float64 (n, 2), and of q queries, float64 (q, 2).

    `share` is what of the variance the map has, where that can be said.
    """

    places: ScoreArray
    queries: ScoreArray
    share: float | None = None


def project(vectors: FloatArray, queries: FloatArray | None, method: str, seed: int) -> Projection:
    """The places of unit vectors, float32 (n, dim), of which two differ, and of queries, float32 (q, dim).

    Raises ExtraMissing, and InvalidDocument for too few vectors.
    """
    asked = np.empty((0, vectors.shape[1]), np.float32) if queries is None else queries
    if method == "pca":
        return _by_variance(vectors, asked)
    if len(vectors) < _FEWEST:
        raise InvalidDocument(
            f"{SHOWN[method]} keeps neighbours together, of which {len(vectors)} chunks have too few: draw them by pca"
        )
    components = principal_components(vectors, _COMPONENTS)
    neighbours = _tsne if method == "tsne" else _umap
    return neighbours(components.places(vectors), components.places(asked), seed)


def _by_variance(vectors: FloatArray, queries: FloatArray) -> Projection:
    found = principal_components(vectors, 2)
    share = float(found.shares.sum())
    return Projection(_two(found, vectors), _two(found, queries), share)


def _two(components: Components, vectors: FloatArray) -> ScoreArray:
    """The places in two dimensions, also of vectors that have one."""
    places = components.places(vectors)
    return np.pad(places, ((0, 0), (0, 2 - places.shape[1])))


def _tsne(vectors: ScoreArray, queries: ScoreArray, seed: int) -> Projection:
    try:
        from openTSNE import TSNE
    except ModuleNotFoundError as error:
        raise _missing(error, "openTSNE", "a map by tsne") from None
    model = TSNE(
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        initialization="pca",
        n_jobs=min(os.cpu_count() or 1, _MOST_THREADS) if len(vectors) >= _MANY else 1,
        random_state=seed,
    )
    embedding = model.fit(vectors)
    places = np.array(embedding)
    if not len(queries):
        return Projection(places, np.empty((0, 2)))
    perplexity = min(5.0, (len(vectors) - 1) / 3)  # its default for what is placed later
    return Projection(places, np.array(embedding.transform(queries, perplexity=perplexity)))


def _umap(vectors: ScoreArray, queries: ScoreArray, seed: int) -> Projection:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # of TensorFlow, for what is not used here
        try:
            from umap import UMAP
        except ModuleNotFoundError as error:
            raise _missing(error, "umap", "a map by umap") from None
    # one thread, without which a seed does not decide the result
    model: Any = UMAP(n_neighbors=min(_NEIGHBOURS, len(vectors) - 1), init="pca", random_state=seed, n_jobs=1)
    places = np.array(model.fit(vectors).embedding_, np.float64)
    found = np.array(model.transform(queries), np.float64) if len(queries) else np.empty((0, 2))
    return Projection(places, found)


def _missing(error: ModuleNotFoundError, module: str, purpose: str) -> Exception:
    """The error for a library that is not installed; another module's is its own."""
    if error.name != module:
        return error
    return ExtraMissing.of("umap-learn" if module == "umap" else module, "viz", purpose)
