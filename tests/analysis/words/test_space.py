"""WordSpace: the nearest words and 3CosAdd, held to plain loops over all words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch import InvalidQuery
from vecsearch.analysis.words.space import WordSpace

WORDS = ["king", "queen", "man", "woman", "Paris", "paris", "tree"]
VECTORS = np.random.default_rng(0).normal(0, 3, (len(WORDS), 5)).astype(np.float32)


def space(words: list[str] = WORDS, vectors: np.ndarray = VECTORS, **how) -> WordSpace:
    return WordSpace("a list", words, vectors, **how)


def unit(vector: np.ndarray) -> np.ndarray:
    wide = vector.astype(np.float64)
    return wide / np.linalg.norm(wide)


def three_cos_add(vectors: np.ndarray, a: int, b: int, c: int) -> int:
    """As Levy and Goldberg 2014 write it: the word with the highest cos(d, b) - cos(d, a) + cos(d, c), none of them."""
    rows = [unit(vector) for vector in vectors]
    scores = {d: rows[d] @ rows[b] - rows[d] @ rows[a] + rows[d] @ rows[c] for d in range(len(rows))}
    return max((d for d in scores if d not in (a, b, c)), key=lambda d: scores[d])


@given(st.integers(4, 40), st.integers(2, 9), st.integers(0, 999), st.data())
def test_an_analogy_is_solved_as_the_sum_of_three_cosines(n, dim, seed, data):
    vectors = np.random.default_rng(seed).normal(0, 1, (n, dim)).astype(np.float32)
    asked = data.draw(st.lists(st.tuples(*[st.integers(0, n - 1)] * 3), min_size=1, max_size=5))
    found = space([f"w{i}" for i in range(n)], vectors).answers(np.array(asked))
    assert found.tolist() == [three_cos_add(vectors, *question) for question in asked]


def test_many_analogies_are_solved_as_one_by_one():
    asked = np.random.default_rng(1).integers(0, len(WORDS), (600, 3))
    found = space().answers(asked)
    assert found.tolist() == [three_cos_add(VECTORS, *question) for question in asked.tolist()]


def test_no_analogy_has_no_answer():
    assert space().answers(np.empty((0, 3), np.int64)).tolist() == []


@given(st.integers(1, 10), st.sampled_from(WORDS))
def test_the_nearest_words_are_those_with_the_highest_cosines(n, word):
    asked = VECTORS[WORDS.index(word)]
    found = space().nearest(asked, n, without=[word])
    cosines = {other: float(unit(asked) @ unit(VECTORS[row])) for row, other in enumerate(WORDS) if other != word}
    best = sorted(cosines, key=lambda other: -cosines[other])[:n]
    assert [each.word for each in found] == best
    assert [each.similarity for each in found] == pytest.approx([cosines[each] for each in best], abs=1e-6)


def test_a_word_is_known_as_it_is_written_and_else_in_lower_case():
    assert [space().row(word) for word in ("Paris", "paris", "PARIS", "Tree", "river")] == [4, 5, 5, 6, None]


def test_vectors_have_length_1_whatever_they_had():
    np.testing.assert_allclose(np.linalg.norm(space().vectors, axis=1), 1, atol=1e-6)
    assert space(["a", "b"], np.array([[0, 0], [1e30, 0]], np.float32)).vectors.tolist() == [[0, 0], [1, 0]]


def test_a_word_that_is_not_there_is_refused_with_the_reason():
    with pytest.raises(InvalidQuery, match=r"a list has no vector of the word 'river': as I say"):
        space(explain_missing=lambda word: ": as I say").vectors_of(["king", "river"])


def test_a_word_that_is_not_there_is_encoded_where_that_can_be():
    encoded: list[list[str]] = []

    def encode(words):
        encoded.append(list(words))
        return np.full((len(words), 5), 2, np.float32)

    found = space(encode=encode).vectors_of(["river", "king", "river", "sea"])
    assert encoded == [["river", "sea"]]
    np.testing.assert_allclose(found[0], np.full(5, 1 / np.sqrt(5)), atol=1e-6)
    np.testing.assert_allclose(found[1], unit(VECTORS[0]), atol=1e-6)
    np.testing.assert_array_equal(found[0], found[2])


def test_of_no_words_none_is_near():
    assert space([], np.empty((0, 5), np.float32)).nearest(VECTORS[0], 3) == []
