"""Principal components, held to numpy's singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.components import principal_components


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 12))
def test_directions_coordinates_and_shares_are_those_of_the_singular_value_decomposition(
    seed: int, n: int, dim: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.standard_normal((n, dim)) * 2.0 ** -np.arange(dim)).astype(np.float32)  # no two variances alike
    found = principal_components(vectors, 2)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    m = min(2, dim, n - 1)
    assert found.directions.shape == (min(2, dim), dim)
    np.testing.assert_allclose(found.shares[:m], sizes[:m] ** 2 / (sizes**2).sum(), atol=1e-6)
    np.testing.assert_allclose(np.abs(found.coordinates(vectors)[:, 0]), np.abs(centred @ directions[0]), atol=1e-4)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(min(2, dim)), atol=1e-9)


def test_the_sign_is_decided_by_the_largest_number_of_a_direction() -> None:
    vectors = np.random.default_rng(5).standard_normal((40, 6)).astype(np.float32)
    directions = principal_components(vectors, 6).directions
    assert (directions[np.arange(6), np.abs(directions).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(principal_components(vectors[::-1].copy(), 6).directions, directions, atol=1e-9)


def test_more_vectors_than_are_widened_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(6).standard_normal((50, 5)).astype(np.float32)
    whole = principal_components(vectors, 3)
    monkeypatch.setattr("vecsearch.analysis.components._AT_ONCE", 7)
    pieces = principal_components(vectors, 3)
    np.testing.assert_allclose(pieces.directions, whole.directions, atol=1e-12)
    np.testing.assert_allclose(pieces.coordinates(vectors), whole.coordinates(vectors), atol=1e-12)


def test_vectors_that_are_all_equal_lie_in_one_place() -> None:
    found = principal_components(np.ones((5, 3), np.float32), 2)
    assert found.shares.tolist() == [0, 0]
    assert not found.coordinates(np.ones((2, 3), np.float32)).any()
