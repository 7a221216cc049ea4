"""The paired randomisation test: against every sign pattern written out, and against scipy's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.evaluation.significance import permutation_p
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
