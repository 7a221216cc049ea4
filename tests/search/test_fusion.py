"""Fusion: one score of two, and the weight that a query gives the dense retriever, held to plain Python.

The fitted numbers are read from the module: what they are is for the benchmark that fits them.
"""

from __future__ import annotations

from math import exp, isfinite, log
from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vecsearch.models.encoder import DEFAULT_FERTILITY, Fertility
from vecsearch.search.fusion import _COEFFICIENTS, QueryFacts, dense_weight, features, fuse, logistic

COSINES = st.floats(-1, 1)
WORDS = st.one_of(st.just(0.0), st.floats(0.001, 60))
CANDIDATES = st.lists(st.tuples(COSINES, WORDS), min_size=1, max_size=40)
# Of so few bits that they can be doubled, halved and shifted without rounding.
ROUND_COSINES = st.floats(-1, 1, width=16)
ROUND_WORDS = st.floats(0, 60, width=16)
ROUND_CANDIDATES = st.lists(st.tuples(ROUND_COSINES, ROUND_WORDS), min_size=1, max_size=40)
WEIGHTS = st.floats(0, 1)
QUERIES = st.builds(
    QueryFacts,
    fertility=st.builds(Fertility, characters_per_token=st.floats(0, 20), contextual=st.booleans()),
    words=st.integers(1, 500),
    limit=st.floats(60.5, 1000),
    length=st.integers(0, 4_000).map(lambda twice: twice / 2),  # a median
)
FACTS = QueryFacts(DEFAULT_FERTILITY, words=5, limit=30.0, length=80.0)


def scores_of(candidates) -> tuple[np.ndarray, np.ndarray]:
    dense, lexical = np.array(candidates, np.float64).reshape(-1, 2).T.copy()
    return dense, lexical


def fused(candidates, weight: float = 0.4) -> list[float]:
    return fuse(*scores_of(candidates), weight).tolist()


def fused_by_hand(candidates: list[tuple[float, float]], weight: float) -> list[float]:
    """The same in plain Python, from the words of fuse()."""
    lowest, highest = min(d for d, _ in candidates), max(d for d, _ in candidates)
    most = max(s for _, s in candidates)
    meaning = [1.0 if highest == lowest else (d - lowest) / (highest - lowest) for d, _ in candidates]
    if most == 0:
        return meaning
    return [weight * here + (1 - weight) * s / most for here, (_, s) in zip(meaning, candidates, strict=True)]


def features_by_hand(candidates: list[tuple[float, float]], facts: QueryFacts) -> list[float]:
    """The features of a query, from the words of features(); the deviation is made of fractions, without rounding."""
    cosines, words = [d for d, _ in candidates], [s for _, s in candidates]
    alike = len(set(cosines)) == 1
    return [
        1,
        0 if facts.fertility.contextual else 1,
        log(sorted([0.5, facts.fertility.characters_per_token, 3.5])[1]),
        log(min(4.5, (facts.length + 1) / facts.words)),
        max(words) / facts.limit,
        0 if alike else (max(cosines) - fmean(cosines)) / pstdev(cosines),
    ]


@given(CANDIDATES, WEIGHTS)
def test_scores_are_those_of_the_formula(candidates, weight):
    assert fused(candidates, weight) == pytest.approx(fused_by_hand(candidates, weight), abs=1e-12)


@given(CANDIDATES, WEIGHTS)
def test_scores_are_finite_float64_from_zero_to_one(candidates, weight):
    scores = fuse(*scores_of(candidates), weight)
    assert scores.dtype == np.float64
    assert scores.shape == (len(candidates),)
    assert ((scores >= 0) & (scores <= 1 + 1e-12)).all()


@given(CANDIDATES, QUERIES, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_change_a_bit(candidates, facts, random):
    places = list(range(len(candidates)))
    random.shuffle(places)
    shuffled = [candidates[place] for place in places]
    weight = dense_weight(*scores_of(candidates), facts)
    assert dense_weight(*scores_of(shuffled), facts) == weight
    assert features(*scores_of(shuffled), facts) == features(*scores_of(candidates), facts)
    scores = fused(candidates, weight)
    assert fused(shuffled, weight) == [scores[place] for place in places]


@given(CANDIDATES, WEIGHTS)
def test_equal_candidates_have_equal_scores(candidates, weight):
    scores = fused([*candidates, *candidates], weight)
    assert scores[: len(candidates)] == scores[len(candidates) :]


@given(CANDIDATES, WEIGHTS)
def test_who_is_at_least_as_good_in_both_retrievers_is_not_ranked_lower(candidates, weight):
    scores = fused(candidates, weight)
    for (dense, lexical), score in zip(candidates, scores, strict=True):
        worse = [
            other for (d, s), other in zip(candidates, scores, strict=True) if d <= dense and s <= lexical
        ]  # itself at least
        assert score >= max(worse)


@given(ROUND_CANDIDATES, st.sampled_from([0.25, 2.0, 1024.0]), WEIGHTS)
def test_the_unit_of_either_retriever_does_not_change_a_bit_of_the_scores(candidates, factor, weight):
    dense, lexical = scores_of(candidates)
    scores = fuse(dense, lexical, weight).tolist()
    assert fuse(dense * factor, lexical, weight).tolist() == scores
    assert fuse(dense, lexical * factor, weight).tolist() == scores


@given(ROUND_CANDIDATES, st.integers(-1000, 1000), WEIGHTS)
def test_the_zero_of_the_dense_retriever_does_not_change_a_bit_of_the_scores(candidates, shift, weight):
    dense, lexical = scores_of(candidates)
    assert fuse(dense + shift, lexical, weight).tolist() == fuse(dense, lexical, weight).tolist()


@given(st.floats(0.01, 0.99))
def test_what_both_retrievers_have_first_scores_one_and_what_both_have_last_scores_zero(weight):
    scores = fused([(0.9, 12.0), (0.5, 3.0), (0.1, 0.0)], weight)
    assert scores[0] == pytest.approx(1.0, abs=1e-15)
    assert 0 < scores[1] < 1
    assert scores[2] == 0.0


@given(st.lists(COSINES, min_size=1, max_size=40), WEIGHTS)
def test_where_no_word_matches_the_dense_retriever_ranks_alone(cosines, weight):
    dense = np.array(cosines)
    scores = fuse(dense, np.zeros(len(dense)), weight)
    assert scores[np.argmax(dense)] == 1.0
    assert (np.diff(scores[np.argsort(dense, kind="stable")]) >= 0).all()


@given(st.lists(WORDS, min_size=1, max_size=40), COSINES, WEIGHTS)
def test_where_all_cosines_are_equal_the_lexical_retriever_ranks_alone(words, cosine, weight):
    assume(any(words))
    scores = fuse(np.full(len(words), cosine), np.array(words), weight)
    assert (np.diff(scores[np.argsort(words, kind="stable")]) >= 0).all()
    assert scores[np.argmax(words)] == pytest.approx(1.0, abs=1e-15)


def test_where_all_words_match_alike_the_dense_retriever_ranks_alone():
    assert np.argsort(fused([(0.2, 5.0), (0.9, 5.0), (0.4, 5.0)])).tolist() == [0, 2, 1]


def test_the_weight_is_what_the_dense_retriever_counts_of_candidates_that_one_retriever_alone_has_first():
    assert fused([(0.9, 0.0), (0.1, 7.0)], 0.25) == [0.25, 0.75]
    assert fused([(0.9, 0.0), (0.1, 7.0)], 1.0) == [1.0, 0.0]
    assert fused([(0.9, 0.0), (0.1, 7.0)], 0.0) == [0.0, 1.0]


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_one_candidate_scores_one(weight):
    assert fused([(0.3, 2.0)], weight) == [1.0]
    assert fused([(-0.3, 0.0)], weight) == [1.0]


def test_no_candidates_are_no_error():
    scores = fuse(np.empty(0), np.empty(0), 0.4)
    assert scores.shape == (0,)
    assert scores.dtype == np.float64
    assert dense_weight(np.empty(0), np.empty(0), QueryFacts(DEFAULT_FERTILITY, words=0, limit=0.0, length=0.0)) == 1.0


@given(ROUND_CANDIDATES, QUERIES)
def test_features_are_those_of_their_description(candidates, facts):
    assert features(*scores_of(candidates), facts) == pytest.approx(
        features_by_hand(candidates, facts), rel=1e-9, abs=1e-12
    )


@given(ROUND_CANDIDATES, QUERIES)
def test_the_weight_is_that_of_the_features(candidates, facts):
    assume(any(words for _, words in candidates))
    odds = sum(
        coefficient * value
        for coefficient, value in zip(_COEFFICIENTS, features_by_hand(candidates, facts), strict=True)
    )
    assert dense_weight(*scores_of(candidates), facts) == pytest.approx(1 / (1 + exp(-odds)), rel=1e-9)


@given(CANDIDATES, QUERIES)
@example([(0.0, 1.0), (1e-200, 0.0)], FACTS)
@example([(0.1, 1.0), (0.1, 1.0), (0.1, 1.0)], FACTS)  # whose mean is rounded above them
@example([(0.0, 5e-324)], FACTS)
@example([(1e76, 1.0), (-1e76, 0.0)], FACTS)  # dot products of vectors as long as float32 has them
def test_a_query_with_a_word_that_some_text_has_weighs_both_retrievers(candidates, facts):
    assume(any(words for _, words in candidates))
    assert 0 < dense_weight(*scores_of(candidates), facts) < 1
    assert all(map(isfinite, features(*scores_of(candidates), facts)))


@given(st.lists(COSINES, min_size=1, max_size=40), QUERIES)
def test_a_query_without_a_word_that_some_text_has_is_the_dense_retrievers(cosines, facts):
    assert dense_weight(np.array(cosines), np.zeros(len(cosines)), facts) == 1.0


@given(ROUND_CANDIDATES, QUERIES, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-1000, 1000))
def test_unit_and_zero_of_cosines_do_not_change_a_bit_of_the_weight(candidates, facts, factor, shift):
    dense, lexical = scores_of(candidates)
    weight = dense_weight(dense, lexical, facts)
    assert dense_weight(dense * factor, lexical, facts) == weight
    assert dense_weight(dense + shift, lexical, facts) == weight


@given(ROUND_CANDIDATES, QUERIES, st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_words_does_not_change_a_bit_of_the_weight_when_the_limit_has_it_too(candidates, facts, factor):
    dense, lexical = scores_of(candidates)
    weight = dense_weight(dense, lexical, facts)
    assert dense_weight(dense, lexical * factor, facts._replace(limit=facts.limit * factor)) == weight


@given(
    st.lists(st.floats(-2, 2), min_size=len(_COEFFICIENTS), max_size=len(_COEFFICIENTS)),
    st.integers(0, len(_COEFFICIENTS) - 1),
    st.floats(0.01, 5),
)
def test_each_feature_speaks_for_the_retriever_that_the_sign_of_its_number_names(values, place, more):
    before = logistic(values)
    after = logistic([value + more * (place == number) for number, value in enumerate(values)])
    assert 0 < before < 1
    assert np.sign(after - before) == np.sign(_COEFFICIENTS[place])


def test_a_clue_for_each_number_no_fewer_and_no_more():
    values = features(*scores_of([(0.5, 3.0)]), FACTS)
    assert len(values) == len(_COEFFICIENTS)
    for other in (values[:-1], (*values, 1.0)):
        with pytest.raises(ValueError, match="zip"):
            logistic(other)


FOUND = [(0.8, 12.0), (0.6, 9.0), (0.5, 0.0), (0.45, 2.0)]


def test_the_dense_retriever_counts_more_for_a_model_that_knows_the_language_and_looks_at_the_context():
    def weight(characters_per_token: float, *, contextual: bool) -> float:
        return dense_weight(*scores_of(FOUND), FACTS._replace(fertility=Fertility(characters_per_token, contextual)))

    assert weight(1.2, contextual=True) < weight(2.5, contextual=True) < weight(4.5, contextual=True)
    assert weight(4.0, contextual=False) < weight(4.0, contextual=True)


def test_the_dense_retriever_counts_more_for_texts_as_short_as_the_query():
    weights = [
        dense_weight(*scores_of(FOUND), FACTS._replace(length=float(length))) for length in (0, 5, 10, 22, 50, 500)
    ]
    assert weights[:4] == sorted(set(weights), reverse=True)
    assert len(set(weights[3:])) == 1  # long is long


def test_the_dense_retriever_counts_more_where_the_best_text_has_less_of_the_words():
    weights = [dense_weight(*scores_of(FOUND), FACTS._replace(limit=limit)) for limit in (12.5, 20.0, 60.0)]
    assert weights == sorted(set(weights))


def test_the_dense_retriever_counts_more_where_a_text_is_much_nearer_than_the_others():
    weights = [dense_weight(*scores_of([(nearest, 12.0), *FOUND[1:]]), FACTS) for nearest in (0.6, 0.7, 0.9)]
    assert weights == sorted(set(weights))


def test_a_model_that_knows_no_letter_is_as_one_that_knows_half_a_letter_of_each_token():
    weights = {
        dense_weight(*scores_of(FOUND), FACTS._replace(fertility=Fertility(letters, True))) for letters in (0, 0.2, 0.5)
    }
    assert len(weights) == 1
    assert dense_weight(*scores_of(FOUND), FACTS._replace(fertility=Fertility(0.6, True))) not in weights


@given(CANDIDATES, CANDIDATES, WEIGHTS)
def test_others_below_the_cosine_that_counts_nothing_change_no_score_and_are_below(first, others, weight):
    dense, lexical = scores_of(first)
    further, worded = scores_of(others)
    lowest = float(dense.min())
    below = further < lowest
    further, worded = further[below], np.minimum(worded[below], lexical.max())
    scores = fuse(np.append(dense, further), np.append(lexical, worded), weight, lowest)
    assert scores[: len(dense)].tolist() == fuse(dense, lexical, weight).tolist()
    words = (1 - weight) * worded / lexical.max() if lexical.any() else 0.0
    if dense.max() > lowest:
        assert (scores[len(dense) :] <= words).all()
