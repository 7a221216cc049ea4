"""Rows and queries of several kinds, and how well rows found for a query are the nearest, by numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vecsearch.storage.ann.flat import Neighbours

TIE = 1e-6


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def uniform(n: int, dim: int, seed: int) -> np.ndarray:
    """Rows in all directions alike."""
    return unit(np.random.default_rng(seed).standard_normal((n, dim)))


def clustered(n: int, dim: int, seed: int) -> np.ndarray:
    """Rows about a hundred and fifty centres, which are the same for every seed."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((150, dim))
    return unit(centres[random.integers(0, len(centres), n)] + 0.6 * random.standard_normal((n, dim)))


def questions(rows: np.ndarray, q: int, seed: int) -> np.ndarray:
    """Queries that lie between rows: each is two of them and some noise."""
    random = np.random.default_rng(seed)
    first, second = rows[random.integers(0, len(rows), (2, q))]
    return unit(first + 0.5 * second + 0.7 * uniform(q, rows.shape[1], seed + 1))


def nearest_scores(rows: np.ndarray, queries: np.ndarray, most: int) -> np.ndarray:
    """The highest inner products of each query, best first."""
    scores = queries.astype(np.float64) @ rows.astype(np.float64).T
    return -np.sort(np.partition(-scores, most - 1, axis=1)[:, :most], axis=1)


def recall(rows: np.ndarray, queries: np.ndarray, found: Sequence[Neighbours], best: np.ndarray) -> float:
    """The share that was found of rows with the scores `best`, (q, k); of rows that score alike any is right."""
    shares = []
    for query, (ids, _), scores in zip(queries, found, best, strict=True):
        reached = rows[ids[: len(scores)]].astype(np.float64) @ query.astype(np.float64) >= scores[-1] - TIE
        shares.append(np.count_nonzero(reached) / len(scores))
    return float(np.mean(shares))
