"""Means of rows against numpy's own, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.models.encoders.static.row_means import RowMeans

TOKENS = 13
TEXTS = st.lists(st.lists(st.integers(0, TOKENS - 1), max_size=40), max_size=8)


def matrix_of(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, 6)).astype(np.float32)


@given(texts=TEXTS, seed=st.integers(0, 9))
def test_each_text_has_the_mean_of_its_rows_and_a_text_without_any_the_mean_of_all(texts, seed):
    matrix = matrix_of(TOKENS, seed)
    wide = matrix.astype(np.float64)
    expected = [wide[tokens].mean(axis=0) if tokens else wide.mean(axis=0) for tokens in texts]
    found = RowMeans(matrix).of(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 6)), rtol=1e-4, atol=1e-6)


@given(texts=TEXTS, seed=st.integers(0, 9))
def test_rows_and_weights_go_by_the_token(texts, seed):
    rng = np.random.default_rng(seed)
    matrix, rows, weights = matrix_of(5, seed), rng.integers(0, 5, TOKENS), rng.uniform(0.1, 2, TOKENS)
    weights = weights.astype(np.float32)
    tokens_own = matrix[rows].astype(np.float64) * weights[:, None]  # (tokens, dim)
    expected = [tokens_own[tokens].mean(axis=0) if tokens else tokens_own.mean(axis=0) for tokens in texts]
    found = RowMeans(matrix, rows, weights).of(texts)
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 6)), rtol=1e-4, atol=1e-6)


@given(texts=st.lists(st.lists(st.integers(0, TOKENS - 1), max_size=40), min_size=1, max_size=8))
def test_a_text_has_the_same_bits_whatever_comes_beside_it(texts):
    means = RowMeans(matrix_of(TOKENS, 0))
    alone = np.concatenate([means.of([tokens]) for tokens in texts])
    np.testing.assert_array_equal(means.of(texts), alone)


def test_rows_that_add_up_to_nothing_have_the_unknown_vector_that_is_given():
    matrix, unknown = np.array([[1, -1], [-1, 1]], np.float32), np.array([3, 4], np.float32)
    np.testing.assert_array_equal(RowMeans(matrix, unknown=unknown).of([[0, 1], [], [0]]), [[3, 4], [3, 4], [1, -1]])


def test_a_token_without_a_row_is_an_error():
    with pytest.raises(IndexError):
        RowMeans(matrix_of(3, 0)).of([[3]])
