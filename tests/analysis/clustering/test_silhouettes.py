"""How many clusters: silhouettes held to their definition, and counts that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.clustering.counting import chosen_count, silhouettes
from vecsearch.types import FloatArray


def unit(vectors: np.ndarray) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def by_definition(vectors: FloatArray, labels: np.ndarray) -> list[float]:
    """Rousseeuw's silhouettes, pair by pair."""
    distances = 1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    found = []
    for i, label in enumerate(labels):
        others = (labels == label) & (np.arange(len(labels)) != i)
        if not others.any():
            found.append(0.0)
            continue
        a = distances[i, others].mean()
        b = min(distances[i, labels == other].mean() for other in set(labels.tolist()) - {label})
        found.append((b - a) / max(a, b))
    return found


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(6, 40))
def test_silhouettes_are_those_of_the_definition(seed: int, k: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.standard_normal((n, 5)))
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    np.testing.assert_allclose(silhouettes(vectors, labels), by_definition(vectors, labels), atol=1e-4)


@pytest.mark.parametrize("k", [2, 4, 8])
def test_groups_that_lie_apart_are_counted(k: int) -> None:
    rng = np.random.default_rng(k)
    vectors = unit(np.repeat(np.eye(16)[:k], 40, axis=0) + rng.normal(0, 0.04, (40 * k, 16)))
    assert chosen_count(vectors, seed=0) == k


def test_a_bound_is_kept() -> None:
    rng = np.random.default_rng(1)
    vectors = unit(np.repeat(np.eye(16)[:8], 20, axis=0) + rng.normal(0, 0.04, (160, 16)))
    assert chosen_count(vectors, seed=0, most=4) <= 4


def test_a_sample_of_many_vectors_tells_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vecsearch.analysis.clustering.counting._SAMPLE", 60)
    rng = np.random.default_rng(2)
    vectors = unit(np.repeat(np.eye(8)[:4], 100, axis=0) + rng.normal(0, 0.03, (400, 8)))
    assert chosen_count(vectors, seed=0) == 4


@pytest.mark.parametrize("n", [1, 2, 5])
def test_vectors_that_are_all_equal_are_one_cluster(n: int) -> None:
    assert chosen_count(unit(np.ones((n, 4))), seed=0) == 1


def test_vectors_that_differ_by_rounding_only_are_one_cluster() -> None:
    vectors = unit(np.ones((30, 4)) + np.random.default_rng(0).normal(0, 1e-8, (30, 4)))
    vectors[0, 0] = np.nextafter(vectors[0, 0], np.float32(2))
    assert len({vector.tobytes() for vector in vectors}) > 1
    assert chosen_count(vectors, seed=0) in (1, 2)


def test_two_vectors_that_differ_are_two_clusters() -> None:
    assert chosen_count(unit(np.repeat(np.eye(4)[:2], [1, 2], axis=0)), seed=0) == 2
