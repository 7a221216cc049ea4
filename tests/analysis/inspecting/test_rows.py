"""Arithmetic on a matrix of tokens: what a look-up is, and which rows are near, held to plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.inspecting.rows import nearest_rows, norms_of, one_hot_product, unit


def random_matrix(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, dim)).astype(np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a.astype(np.float64), b.astype(np.float64)) / (np.linalg.norm(a) * np.linalg.norm(b)))


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 999), st.data())
def test_a_look_up_is_a_product_with_one_hot_vectors(rows, dim, seed, data):
    matrix = random_matrix(rows, dim, seed)
    tokens = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=8))
    np.testing.assert_array_equal(one_hot_product(matrix, tokens), matrix[tokens])


def test_a_one_hot_vector_picks_its_row_and_no_other():
    matrix = random_matrix(5, 3)
    assert not np.array_equal(one_hot_product(matrix, [1]), matrix[[2]])


@pytest.mark.parametrize("rows", [7, 40_000])
def test_the_nearest_rows_are_those_of_brute_force(rows):
    matrix = random_matrix(rows, 4)
    numbers, cosines = nearest_rows(matrix, [0, 3, 3], 3)
    for token, near, values in zip([0, 3, 3], numbers.tolist(), cosines.tolist(), strict=True):
        every = {row: cosine(matrix[token], matrix[row]) for row in range(rows) if row != token}
        best = sorted(every.values(), reverse=True)[:3]
        np.testing.assert_allclose(values, best, atol=1e-5)
        np.testing.assert_allclose([every[row] for row in near], best, atol=1e-5)


def test_many_tokens_are_compared_as_one_by_one():
    matrix = random_matrix(200, 6)
    together = nearest_rows(matrix, list(range(150)), 2)[0]
    alone = [nearest_rows(matrix, [token], 2)[0][0] for token in range(150)]
    np.testing.assert_array_equal(together, alone)


def test_there_are_no_more_near_rows_than_others():
    numbers, _ = nearest_rows(random_matrix(3, 4), [1], 10)
    assert sorted(numbers[0].tolist()) == [0, 2]


def test_equal_rows_come_in_the_order_of_their_numbers():
    matrix = np.ones((5, 2), np.float32)
    numbers, cosines = nearest_rows(matrix, [2], 4)
    assert numbers[0].tolist() == [0, 1, 3, 4]
    assert (cosines <= 1).all()


def test_a_zero_row_has_no_length_and_is_near_to_nothing():
    matrix = np.array([[0, 0], [3, 4], [4, 3]], np.float32)
    assert norms_of(matrix).tolist() == [0, 5, 5]
    assert unit(matrix)[0].tolist() == [0, 0]
    numbers, cosines = nearest_rows(matrix, [0, 1], 2)
    assert cosines[0].tolist() == [0, 0]
    assert numbers[1].tolist() == [2, 0]
