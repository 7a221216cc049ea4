"""Projection to two dimensions: the position of each vector, and of each query, on the map.

    pca    the two directions of most variance: fast and deterministic, but neighbours need not stay together
    tsne   t-SNE (van der Maaten and Hinton 2008) as openTSNE computes it (Linderman et al. 2019): keeps neighbours
    umap   UMAP (McInnes, Healy and Melville 2018): keeps neighbours, and more of the distances between groups

Queries are placed on the map of the chunks and do not change it. t-SNE and UMAP get the vectors along their first
principal components, which keeps neighbours apart at a fraction of the cost.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from vecsearch.analysis.components import Components, principal_components
from vecsearch.choices import MapMethod
from vecsearch.errors import InvalidDocument
from vecsearch.imports import require
from vecsearch.types import FloatArray, ScoreArray

METHODS = {MapMethod.PCA: "PCA", MapMethod.TSNE: "t-SNE", MapMethod.UMAP: "UMAP"}  # their names for people
_COMPONENTS = 50  # as in van der Maaten's own implementation
_FEWEST = 5  # vectors for t-SNE and UMAP
_PERPLEXITY = 30.0  # the authors' and both libraries' default
_NEIGHBOURS = 15  # UMAP's default
_MANY = 10_000  # vectors above which several threads are faster than one
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Projection:
    """Positions on a map: of n vectors, float64 (n, 2), and of q queries, float64 (q, 2).

    `share` is the share of the variance that the map shows, for PCA.
    """

    positions: ScoreArray
    queries: ScoreArray
    share: float | None = None


def default_method(n: int) -> MapMethod:
    """Return the method that shows n vectors best of those whose library is installed."""
    if n >= _FEWEST:
        for module, method in (("openTSNE", MapMethod.TSNE), ("umap", MapMethod.UMAP)):
            if find_spec(module):
                return method
    return MapMethod.PCA


def project(vectors: FloatArray, queries: FloatArray | None, method: MapMethod, seed: int) -> Projection:
    """Project unit vectors, float32 (n, dim), of which two differ, and queries, float32 (q, dim).

    Raises ExtraMissing, and InvalidDocument for too few vectors.
    """
    if queries is None:
        queries = np.empty((0, vectors.shape[1]), np.float32)
    if method is MapMethod.PCA:
        return _pca(vectors, queries)
    if len(vectors) < _FEWEST:
        raise InvalidDocument(
            f"{METHODS[method]} needs at least {_FEWEST} chunks, found {len(vectors)}: draw them with pca"
        )
    components = principal_components(vectors, _COMPONENTS)
    projected = _tsne if method is MapMethod.TSNE else _umap
    return projected(components.coordinates(vectors), components.coordinates(queries), seed)


def _pca(vectors: FloatArray, queries: FloatArray) -> Projection:
    components = principal_components(vectors, 2)
    share = float(components.shares.sum())
    return Projection(_in_two(components, vectors), _in_two(components, queries), share)


def _in_two(components: Components, vectors: FloatArray) -> ScoreArray:
    """Return coordinates in two dimensions, (n, 2), also of vectors that have only one."""
    coordinates = components.coordinates(vectors)
    return np.pad(coordinates, ((0, 0), (0, 2 - coordinates.shape[1])))


def _tsne(vectors: ScoreArray, queries: ScoreArray, seed: int) -> Projection:
    library = require("openTSNE", "viz", "a map by tsne")
    model = library.TSNE(
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        initialization="pca",
        n_jobs=min(os.cpu_count() or 1, _MOST_THREADS) if len(vectors) >= _MANY else 1,
        random_state=seed,
    )
    embedding = model.fit(vectors)
    positions = np.array(embedding)
    if not len(queries):
        return Projection(positions, np.empty((0, 2)))
    perplexity = min(5.0, (len(vectors) - 1) / 3)  # its default for points that are added later
    return Projection(positions, np.array(embedding.transform(queries, perplexity=perplexity)))


def _umap(vectors: ScoreArray, queries: ScoreArray, seed: int) -> Projection:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # about TensorFlow, which only its parametric form needs
        library = require("umap", "viz", "a map by umap", "umap-learn")
    # with several threads the same seed gives different results
    model: Any = library.UMAP(n_neighbors=min(_NEIGHBOURS, len(vectors) - 1), init="pca", random_state=seed, n_jobs=1)
    positions = np.array(model.fit(vectors).embedding_, np.float64)
    placed = np.array(model.transform(queries), np.float64) if len(queries) else np.empty((0, 2))
    return Projection(positions, placed)
