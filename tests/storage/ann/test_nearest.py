"""The nearest of each vector, held to brute force."""

from __future__ import annotations

import numpy as np
import pytest

from vecsearch.storage.ann.nearest import nearest_of_each


@pytest.mark.parametrize(("n", "k"), [(2, 1), (2, 5), (5, 4), (300, 8), (3000, 8)])
def test_they_are_those_of_brute_force(n: int, k: int) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    found = nearest_of_each(vectors, k)
    assert found.shape == (n, min(k, n - 1))
    expected = -np.sort(-products, axis=1)[:, : found.shape[1]]
    np.testing.assert_allclose(np.take_along_axis(products, found, axis=1), expected, atol=1e-5)


def test_equal_vectors_are_neighbours_of_one_another_and_none_of_itself() -> None:
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (40, 1))
    found = nearest_of_each(vectors, 5)
    assert found.shape == (40, 5)
    assert not (found == np.arange(40)[:, None]).any()
    assert all(len(set(row)) == 5 for row in found.tolist())
