"""Truncation and PCA against what numpy and scikit-learn's algorithm say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.dimensions.reducing import principal_axes, projected, truncated


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def some_rows(seed: int, n: int = 60, dim: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return unit(rng.standard_normal((n, dim)) @ rng.standard_normal((dim, dim)))


@given(st.integers(0, 1000), st.integers(1, 12))
def test_the_axes_are_those_of_the_singular_value_decomposition(seed: int, dim: int) -> None:
    rows = some_rows(seed)
    _, _, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    expected = unit(rows @ right[:dim].T)
    found = projected(rows, principal_axes(rows), dim)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-3)  # axes have no sign


def test_all_axes_leave_every_inner_product_as_it_was() -> None:
    rows = some_rows(3)
    found = projected(rows, principal_axes(rows), 12)
    np.testing.assert_allclose(found @ found.T, rows @ rows.T, atol=1e-5)


def test_no_other_projection_to_so_many_dimensions_keeps_inner_products_better() -> None:
    rows = some_rows(5, n=200)
    axes = principal_axes(rows)
    exact = rows @ rows.T

    def lost(basis: np.ndarray) -> float:
        short = rows @ basis
        return float(np.linalg.norm(exact - short @ short.T))

    best = lost(axes[:, :4])
    rng = np.random.default_rng(0)
    for _ in range(50):
        basis, _ = np.linalg.qr(rng.standard_normal((12, 4)))
        assert best <= lost(basis)


def test_many_rows_are_added_up_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_rows(6)
    whole = principal_axes(rows)
    monkeypatch.setattr("vecsearch.analysis.dimensions.reducing._AT_ONCE", 7)
    np.testing.assert_allclose(np.abs(principal_axes(rows)), np.abs(whole), atol=1e-5)


def test_reduced_rows_have_length_one_and_one_that_vanishes_stays_zero() -> None:
    rows = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]], np.float32)
    axes = np.eye(3, dtype=np.float32)
    assert projected(rows, axes, 2)[:2] == pytest.approx(rows[:2, :2])
    assert not projected(rows, axes, 2)[2].any()
    np.testing.assert_allclose(np.linalg.norm(truncated(rows, 2)[:2], axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(truncated(rows, 3), rows)
