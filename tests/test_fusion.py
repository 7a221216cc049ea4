from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vecsearch.fusion import fuse

COSINES = st.floats(-1, 1)
WORDS = st.one_of(st.just(0.0), st.floats(0.001, 60))
CANDIDATES = st.lists(st.tuples(COSINES, WORDS), min_size=1, max_size=40)


def legs(candidates) -> tuple[np.ndarray, np.ndarray]:
    dense, lexical = np.array(candidates, np.float64).reshape(-1, 2).T.copy()
    return dense, lexical


def fused(candidates, **options) -> list[float]:
    return fuse(*legs(candidates), **options).tolist()


def by_hand(candidates: list[tuple[float, float]], best: int = 5) -> list[float]:
    """The same in plain Python, from the words of docs/fusion.md."""
    lowest, highest = min(d for d, _ in candidates), max(d for d, _ in candidates)
    most = max(s for _, s in candidates)
    meaning = [1.0 if highest == lowest else (d - lowest) / (highest - lowest) for d, _ in candidates]
    if most == 0:
        return meaning
    words = [s / most for _, s in candidates]

    def confirmed(own: list[float], other: list[float]) -> float:
        last = sorted(own, reverse=True)[min(best, len(own)) - 1]
        return max(there for here, there in zip(own, other, strict=True) if here >= last and here > 0)

    dense, lexical = confirmed(meaning, words), confirmed(words, meaning)
    weight = dense / (dense + lexical) if dense + lexical > 0 else 0.5
    return [weight * here + (1 - weight) * there for here, there in zip(meaning, words, strict=True)]


@given(CANDIDATES, st.integers(1, 10))
def test_scores_are_those_of_the_formula(candidates, best):
    assert fused(candidates, best=best) == pytest.approx(by_hand(candidates, best), abs=1e-12)


@given(CANDIDATES)
def test_scores_are_finite_float64_from_zero_to_one(candidates):
    scores = fuse(*legs(candidates))
    assert scores.dtype == np.float64
    assert scores.shape == (len(candidates),)
    assert ((scores >= 0) & (scores <= 1 + 1e-12)).all()


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_change_a_bit_of_their_scores(candidates, random):
    places = list(range(len(candidates)))
    random.shuffle(places)
    scores = fused(candidates)
    assert fused([candidates[place] for place in places]) == [scores[place] for place in places]


@given(CANDIDATES)
def test_equal_candidates_have_equal_scores(candidates):
    scores = fused([*candidates, *candidates])
    assert scores[: len(candidates)] == scores[len(candidates) :]


@given(CANDIDATES)
def test_who_is_at_least_as_good_in_both_legs_is_not_ranked_lower(candidates):
    scores = fused(candidates)
    for (dense, lexical), score in zip(candidates, scores, strict=True):
        worse = [
            other for (d, s), other in zip(candidates, scores, strict=True) if d <= dense and s <= lexical
        ]  # itself at least
        assert score >= max(worse)


@given(CANDIDATES, st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_either_leg_does_not_matter(candidates, factor):
    dense, lexical = legs(candidates)
    scores = fuse(dense, lexical).tolist()
    assert fuse(dense * factor, lexical).tolist() == scores
    assert fuse(dense, lexical * factor).tolist() == scores


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40), st.integers(-1000, 1000))
def test_the_zero_of_the_dense_leg_does_not_matter(whole, shift):
    lexical = np.arange(len(whole), dtype=np.float64)
    dense = np.array(whole, np.float64)  # whole numbers: exact after the shift, too
    assert fuse(dense + shift, lexical).tolist() == fuse(dense, lexical).tolist()


def test_what_both_legs_have_first_scores_one_and_what_both_have_last_scores_zero():
    scores = fused([(0.9, 12.0), (0.5, 3.0), (0.1, 0.0)])
    assert scores[0] == 1.0
    assert 0 < scores[1] < 1
    assert scores[2] == 0.0


@given(st.lists(COSINES, min_size=1, max_size=40))
def test_where_no_word_matches_the_dense_leg_ranks_alone(cosines):
    dense = np.array(cosines)
    scores = fuse(dense, np.zeros(len(dense)))
    assert scores[np.argmax(dense)] == 1.0
    assert (np.diff(scores[np.argsort(dense, kind="stable")]) >= 0).all()


@given(st.lists(WORDS, min_size=1, max_size=40), COSINES)
def test_where_all_cosines_are_equal_the_lexical_leg_ranks_alone(words, cosine):
    assume(any(words))
    scores = fuse(np.full(len(words), cosine), np.array(words))
    assert (np.diff(scores[np.argsort(words, kind="stable")]) >= 0).all()
    assert scores[np.argmax(words)] == 1.0


def test_where_all_words_match_alike_the_dense_leg_ranks_alone():
    assert np.argsort(fused([(0.2, 5.0), (0.9, 5.0), (0.4, 5.0)])).tolist() == [0, 2, 1]


def test_legs_that_have_nothing_in_common_count_the_same():
    assert fused([(0.9, 0.0), (0.1, 7.0)]) == [0.5, 0.5]


def test_a_leg_whose_first_candidates_the_other_does_not_know_counts_less():
    """As a model counts that was never taught the language: its first are any, those of the words it finds not bad."""
    noise = [(0.30 - 0.001 * place, 0.0) for place in range(50)]
    found, also = (0.27, 20.0), (0.26, 18.0)
    scores = fused([*noise, found, also])
    assert scores.index(max(scores)) == 50
    equal = [0.5 * (dense - 0.251) / 0.049 + 0.5 * words / 20 for dense, words in [*noise, found, also]]
    assert scores[0] < equal[0]
    assert scores[50] > equal[50]


def test_the_same_holds_for_words_that_say_nothing():
    noise = [(0.10, 6.0 - 0.01 * place) for place in range(50)]
    found, also = (0.80, 4.0), (0.75, 3.5)
    scores = fused([*noise, found, also])
    assert scores.index(max(scores)) == 50
    assert scores[0] < 0.5


def test_among_equal_firsts_all_are_looked_at_so_that_none_is_first_by_its_place():
    tied = [(0.9, 0.0), (0.9, 0.0), (0.9, 0.0), (0.9, 8.0), (0.1, 10.0)]
    scores = fused(tied)
    assert scores == fused(tied[::-1])[::-1]
    assert math.isclose(scores[3], 0.8 / 1.8 + 0.8 * 1.0 / 1.8)  # the weight of the dense leg is 0.8 / (0.8 + 1)


@given(CANDIDATES, st.floats(0, 1))
def test_a_given_weight_is_that_of_the_dense_leg_unless_no_word_matches(candidates, weight):
    assume(any(words for _, words in candidates))
    dense, lexical = legs(candidates)
    own = fuse(dense, np.zeros(len(dense)))
    expected = weight * own + (1 - weight) * lexical / lexical.max()
    assert fuse(dense, lexical, weight=weight).tolist() == pytest.approx(expected.tolist(), abs=1e-12)
    assert fuse(dense, np.zeros(len(dense)), weight=weight).tolist() == own.tolist()


def test_one_candidate_scores_one():
    assert fused([(0.3, 2.0)]) == [1.0]
    assert fused([(-0.3, 0.0)]) == [1.0]


def test_no_candidates_are_no_error():
    scores = fuse(np.empty(0), np.empty(0))
    assert scores.shape == (0,)
    assert scores.dtype == np.float64
