"""The randomisation test, held to every sign pattern written out and to scipy's, and Spearman's correlation."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.evaluation.statistics import permutation_p, spearman
from vecsearch.types import ScoreArray


def column(*values: float) -> ScoreArray:
    return np.array(values, np.float64)[:, None]


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=9))
def test_p_is_the_share_of_all_sign_patterns_that_are_as_far_from_zero(eighths: list[int]) -> None:
    patterns = list(product([1, -1], repeat=len(eighths)))
    sums = [abs(sum(sign * value for sign, value in zip(signs, eighths, strict=True))) for signs in patterns]
    expected = sum(total >= abs(sum(eighths)) for total in sums) / len(patterns)
    assert permutation_p(column(*(value / 8 for value in eighths)))[0] == pytest.approx(expected)


def test_differences_that_add_up_to_the_same_in_another_order_count_as_equal() -> None:
    tenths = [0.1, 0.2, 0.3, 0.7, -0.1, 0.6]
    assert permutation_p(column(*tenths))[0] == permutation_p(column(*reversed(tenths)))[0] == 6 / 64


def test_p_is_one_when_nothing_differs_and_queries_that_do_not_differ_change_nothing() -> None:
    assert permutation_p(np.zeros((40, 3))).tolist() == [1.0, 1.0, 1.0]
    few = permutation_p(column(0.5, 0.25, -0.1, 0.3))
    assert permutation_p(column(0.5, 0.0, 0.25, -0.1, 0.0, 0.3, *[0.0] * 50)) == few


def test_the_sign_of_the_difference_does_not_matter() -> None:
    differences = np.random.default_rng(1).normal(0.05, 0.2, (80, 2))
    assert permutation_p(differences).tolist() == permutation_p(-differences).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("n", "shift"), [(12, 0.1), (17, 0.1), (60, 0.04), (200, 0.02), (200, 0.0)])
def test_p_is_that_of_scipy(n: int, shift: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(n)
    differences = rng.normal(shift, 0.2, n)
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=100_000, rng=np.random.default_rng(2)
    ).pvalue
    t_test = stats.ttest_1samp(differences, 0.0).pvalue
    [ours] = permutation_p(differences[:, None])
    assert ours == pytest.approx(theirs, abs=1e-9 if n <= 16 else 0.013)  # four standard errors of both
    assert ours == pytest.approx(t_test, abs=0.03)  # another test of the same hypothesis, as the paper found


def test_each_measure_has_the_p_it_would_have_alone() -> None:
    differences = np.random.default_rng(3).normal(0.02, 0.1, (50, 4))
    together = permutation_p(differences)
    for number in range(4):
        assert together[number] == permutation_p(differences[:, [number]])[0]


def test_a_difference_that_all_queries_show_has_the_least_p_that_can_be_said() -> None:
    assert permutation_p(np.full((500, 1), 0.1))[0] == 1 / 100_001


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=40))
def test_spearman_is_that_of_scipy_with_ties_too(pairs):
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
def test_spearman_sees_only_the_order(left, right, expected):
    assert spearman(np.array(left, float), np.array(right, float)) == pytest.approx(expected)


@pytest.mark.parametrize(("left", "right"), [([], []), ([1], [2]), ([1, 1], [1, 2]), ([1, 2], [3, 3])])
def test_spearman_is_undefined_without_an_order(left, right):
    assert spearman(np.array(left, float), np.array(right, float)) is None
