from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vecsearch.errors import InvalidVector
from vecsearch.vectors import check_vectors, inner_products, unit_rows

FLOATS = st.floats(-(2.0**60), 2.0**60, width=32)
ROWS = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=FLOATS)


def row(i: int) -> str:
    return f"row {i}"


@given(ROWS.filter(lambda rows: rows.any(axis=1).all()))
def test_good_vectors_come_back_as_they_are(rows):
    checked = check_vectors(rows, len(rows), rows.shape[1], row)
    assert checked.dtype == np.float32
    assert checked.flags.c_contiguous
    np.testing.assert_array_equal(checked, rows)


@pytest.mark.parametrize("given_as", [[[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], np.float64), ((1, 2), (3, 4))])
def test_numbers_of_any_kind_become_float32(given_as):
    checked = check_vectors(given_as, None, 2, row)
    assert checked.dtype == np.float32
    assert checked.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("vectors", "n", "shape"),
    [
        (np.ones((2, 3)), 2, r"\(2, 3\), expected \(2, 4\)"),
        (np.ones((2, 4)), 3, r"\(2, 4\), expected \(3, 4\)"),
        (np.ones(4), None, r"\(4,\), expected \(n, 4\)"),
        (np.ones((1, 2, 4)), None, r"\(1, 2, 4\), expected \(n, 4\)"),
    ],
)
def test_another_shape_is_refused_with_both_shapes(vectors, n, shape):
    with pytest.raises(InvalidVector, match=shape):
        check_vectors(vectors, n, 4, row)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_by_name(value):
    rows = np.ones((3, 4), np.float32)
    rows[1, 2] = value
    with pytest.raises(InvalidVector, match="row 1 holds NaN or infinity"):
        check_vectors(rows, 3, 4, row)


def test_what_overflows_float32_is_refused_by_name():
    with pytest.raises(InvalidVector, match="row 1"):
        check_vectors(np.array([[1.0, 1.0], [1e300, 1.0]]), 2, 2, row)


def test_a_vector_whose_length_overflows_float32_is_refused_by_name():
    with pytest.raises(InvalidVector, match="row 1"):
        check_vectors(np.array([[1.0, 1.0], [3e38, 3e38]], np.float32), 2, 2, row)


def test_a_zero_vector_is_refused_by_name():
    rows = np.ones((3, 4), np.float32)
    rows[2] = 0
    with pytest.raises(InvalidVector, match="row 2 is zero"):
        check_vectors(rows, 3, 4, row)


@pytest.mark.parametrize("given_as", ["text", [["a", "b"]], [[1, 2], [3]], [[None, {}]]])
def test_what_is_no_array_of_numbers_is_refused(given_as):
    with pytest.raises(InvalidVector):
        check_vectors(given_as, None, 2, row)


def test_no_rows_are_no_error():
    assert check_vectors(np.empty((0, 4)), 0, 4, row).shape == (0, 4)


@given(ROWS.filter(lambda rows: rows.any(axis=1).all()))
def test_unit_rows_have_length_one_and_give_back_the_raw_rows(rows):
    unit, norms = unit_rows(rows)
    assert (unit.dtype, norms.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(np.linalg.norm(unit.astype(np.float64), axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(norms, np.linalg.norm(rows.astype(np.float64), axis=1), rtol=1e-6, atol=1e-44)


@pytest.mark.parametrize("size", [1e-45, 1e-38, 1.0, 1e38])
def test_the_length_of_very_small_and_large_rows_is_right(size):
    unit, norms = unit_rows(np.full((1, 4), size, np.float32))
    np.testing.assert_allclose(unit, 0.5)
    np.testing.assert_allclose(norms, 2 * np.float64(np.float32(size)), rtol=1e-6)


@given(st.integers(1, 40), st.integers(1, 64), st.integers(0, 99))
def test_inner_products_are_those_of_numpy_and_do_not_depend_on_the_place(n, dim, seed):
    random = np.random.default_rng(seed)
    rows = random.standard_normal((n, dim)).astype(np.float32)
    query = random.standard_normal(dim).astype(np.float32)
    scores = inner_products(rows, query)
    np.testing.assert_allclose(scores, rows.astype(np.float64) @ query.astype(np.float64), atol=1e-12 * dim)
    np.testing.assert_array_equal(inner_products(np.repeat(rows[:1], 9, axis=0), query), np.repeat(scores[:1], 9))
    np.testing.assert_array_equal(inner_products(rows[::-1], query), scores[::-1])
