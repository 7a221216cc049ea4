"""Spearman's rank correlation, held to scipy's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.evaluation.spearman import spearman


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=40))
def test_it_is_that_of_scipy_with_equal_values_too(pairs):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    left, right = np.array(pairs, np.float64).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a side without differences, where both have no answer
        expected = stats.spearmanr(left, right).statistic
    found = spearman(left, right)
    if found is None:
        assert np.isnan(expected)
    else:
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([1, 2, 3], [10, 20, 30], 1),
        ([1, 2, 3], [1, 8, 27], 1),
        ([1, 2, 3], [3, 2, 1], -1),
        ([1, 2, 3, 4], [2, 1, 4, 3], 0.6),
        ([1, 2, 2, 3], [1, 2, 2, 3], 1),
    ],
)
def test_only_the_order_counts(left, right, expected):
    assert spearman(np.array(left, float), np.array(right, float)) == pytest.approx(expected)


@pytest.mark.parametrize(("left", "right"), [([], []), ([1], [2]), ([1, 1], [1, 2]), ([1, 2], [3, 3])])
def test_there_is_none_without_an_order(left, right):
    assert spearman(np.array(left, float), np.array(right, float)) is None
