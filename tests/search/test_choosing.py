"""What is shown of ranked candidates: rules over arrays against loops, and searches that ask for them."""

from __future__ import annotations

import random
from collections import Counter
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vecsearch.search.options
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.search.choosing import diverse, first_of_each, without_near_duplicates

WORDS = ["red", "green", "blue", "house", "tree", "river"]


def unit_vectors(n: int, seed: int, dim: int = 3) -> np.ndarray:
    """Few dimensions and few values, so that many are near one another and some the same."""
    rows = np.random.default_rng(seed).integers(-2, 3, (n, dim)) + 0.5
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@given(st.lists(st.integers(0, 4), max_size=20), st.integers(1, 3))
def test_the_first_of_each_document_are_kept(documents, n):
    kept = first_of_each(np.array([[7, document] for document in documents], np.int64).reshape(-1, 2), n)
    assert kept.dtype == np.bool_
    assert kept.tolist() == [documents[:place].count(document) < n for place, document in enumerate(documents)]


@given(st.integers(0, 20), st.integers(0, 99), st.sampled_from([-1, 0.1, 0.5, 0.95, 1.0]), st.integers(1, 25))
def test_what_is_near_a_better_one_is_left_out(n, seed, threshold, k):
    vectors = unit_vectors(n, seed)
    kept: list[int] = []
    for place in range(n):
        if len(kept) < k and all(vectors[place] @ vectors[other] < threshold - 1e-6 for other in kept):
            kept.append(place)
    assert without_near_duplicates(vectors, threshold, k).tolist() == kept


@pytest.mark.parametrize("dim", [2, 31, 384])
def test_a_threshold_of_one_leaves_out_every_twin(dim):
    """The product of a float32 unit vector with itself is often a little less than 1."""
    rows = np.random.default_rng(dim).standard_normal((50, dim))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    assert without_near_duplicates(np.repeat(vectors, 3, axis=0), 1.0, 1000).tolist() == list(range(0, 150, 3))


def by_loops(scores: list[float], vectors: np.ndarray, diversity: float, k: int) -> list[int]:
    """Maximal marginal relevance, from its formula."""
    spread = scores[0] - scores[-1]
    relevance = [(score - scores[-1]) / spread if spread else 1.0 for score in scores]
    chosen: list[int] = []
    while len(chosen) < min(k, len(scores)):
        gains = {
            place: (1 - diversity) * relevance[place]
            - diversity * max((float(vectors[place] @ vectors[other]) for other in chosen), default=0.0)
            for place in range(len(scores))
            if place not in chosen
        }
        chosen.append(max(gains, key=lambda place: (round(gains[place], 5), -place)))
    return chosen


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=15, unique=True),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
    st.integers(1, 20),
)
def test_a_diverse_choice_is_that_of_the_formula(scores, seed, diversity, k):
    scores = sorted(map(float, scores), reverse=True)
    vectors = unit_vectors(len(scores), seed, dim=5)
    chosen = diverse(np.array(scores), vectors, diversity, k).tolist()
    assert len(set(chosen)) == len(chosen) == min(k, len(scores))
    assert chosen[0] == 0 or diversity == 1
    products = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    for step, place in enumerate(chosen):  # each is the best that is left, but for rounding
        spread = scores[0] - scores[-1] or np.inf
        relevance = (np.array(scores) - scores[-1]) / spread + (spread == np.inf)
        closest = products[chosen[:step]].max(axis=0) if step else np.zeros(len(scores))
        gains = (1 - diversity) * relevance - diversity * closest
        left = np.setdiff1d(np.arange(len(scores)), chosen[:step])
        assert gains[place] >= gains[left].max() - 1e-6


@given(st.lists(st.integers(0, 9), max_size=15), st.integers(0, 99), st.integers(1, 20))
def test_no_diversity_leaves_the_order_as_it_is(scores, seed, k):
    ranked = np.array(sorted(scores, reverse=True), np.float64)
    chosen = diverse(ranked, unit_vectors(len(scores), seed).reshape(-1, 3), 0.0, k)
    assert chosen.tolist() == list(range(min(k, len(scores))))


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Random short texts of few words: many twins, and many that are nearly the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        chooser = random.Random(3)
        made = Index.create(tmp_path_factory.mktemp("choosing") / "index", model=CountingEncoder())
        texts = [" ".join(chooser.choices(WORDS, k=chooser.randint(1, 4))) for _ in range(150)]
        made.add(Document(f"{number:03}", text) for number, text in enumerate(texts))
        return made


MODES = ["hybrid", "dense", "lexical"]


@pytest.mark.parametrize("mode", MODES)
def test_no_diversity_gives_the_plain_order(index, mode):
    for k in (1, 10, 40, 1000):
        assert index.search("red tree", k=k, mode=mode, diversity=0) == index.search("red tree", k=k, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_diverse_choice_begins_with_the_best_differs_from_the_plain_one_and_never_repeats(index, mode):
    plain = index.search("red tree", k=10, mode=mode)
    hits = index.search("red tree", k=10, mode=mode, diversity=0.7)
    assert len({hit.chunk_id for hit in hits}) == len(hits) == 10
    assert hits[0] == plain[0]
    assert [hit.chunk_id for hit in hits] != [hit.chunk_id for hit in plain]
    assert len({" ".join(sorted(hit.text.split())) for hit in hits}) > len(
        {" ".join(sorted(hit.text.split())) for hit in plain}
    )


def test_a_diverse_choice_is_made_among_the_best_hundred_by_the_formula(index):
    encoder = CountingEncoder()
    pool = index.search("red tree", k=vecsearch.search.options._POOL, mode="dense")
    vectors = np.stack([encoder.vector(hit.text) for hit in pool])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = [pool[place].text for place in by_loops([hit.score for hit in pool], vectors, 0.4, 12)]
    hits = index.search("red tree", k=12, mode="dense", diversity=0.4)
    assert [sorted(hit.text.split()) for hit in hits] == [sorted(text.split()) for text in chosen]


@pytest.mark.parametrize("mode", MODES)
def test_all_there_are_come_back_however_diverse(index, mode):
    plain, hits = (index.search("red", k=1000, mode=mode, **options) for options in ({}, {"diversity": 1.0}))
    assert sorted(hit.chunk_id for hit in hits) == sorted(hit.chunk_id for hit in plain)


@pytest.mark.parametrize("mode", MODES)
def test_no_two_hits_are_as_alike_as_what_is_collapsed_also_in_a_diverse_choice(index, mode):
    encoder = CountingEncoder()
    for options in ({}, {"diversity": 0.5}, {"per_document": 1, "min_similarity": 0.1}):
        hits = index.search("red tree", k=20, mode=mode, collapse=0.9, **options)
        vectors = np.stack([encoder.vector(hit.text) for hit in hits])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        alike = vectors @ vectors.T - np.eye(len(hits))
        assert len(hits) == 20
        assert alike.max() < 0.9


def test_of_twins_the_first_is_shown(index):
    hits = index.search("red tree", k=1000, mode="dense", collapse=1)
    plain = index.search("red tree", k=1000, mode="dense")
    first: dict[frozenset, str] = {}
    for hit in plain:
        first.setdefault(direction(hit.text), hit.chunk_id)
    assert [hit.chunk_id for hit in hits] == list(first.values())
    assert len(hits) < len(plain)


def direction(text: str) -> frozenset:
    """Equal for texts whose vectors are multiples of one another."""
    counts = Counter(text.split())
    return frozenset((word, count // gcd(*counts.values())) for word, count in counts.items())
