"""RowScores: what is known of a query and of each row besides the score, and that no segment changes a bit of it."""

from __future__ import annotations

import itertools
from math import log

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.storage.lexical import Bm25, LivePostings, build_postings, merge_postings

PLAIN = ["aa", "bb", "cc", "dd", "ee"]
GERMAN = ["der Hund und die Katze", "das ist ein Haus und der Garten", "die Bücher sind im Café"]
ENGLISH = ["the dog and the cat", "they die of the fire in the garden", "this is the house of the foxes"]
OTHERS = ["коты и собаки", "東京 12", "getName", "", "!"]
MIXED = ["dog", "dogs", "the", "of", "die", "und", "Hund", "Café", "cafe", "кот", "и", "東京", "getName", "zz"]
DOCUMENTS = st.lists(st.lists(st.sampled_from(PLAIN), max_size=9), min_size=1, max_size=20)
QUERIES = st.lists(st.sampled_from([*PLAIN, "zz"]), min_size=1, max_size=6)


def postings(documents: list[list[str]]) -> LivePostings:
    return LivePostings(build_postings([" ".join(words) for words in documents], "none"), None)


def limit_by_hand(documents: list[list[str]], query: list[str]) -> float:
    """What each word of the query weighs, as often as it stands there, put together."""
    having = {word: sum(word in document for document in documents) for word in query}
    return sum(log(1 + (len(documents) - having[word] + 0.5) / (having[word] + 0.5)) for word in query)


@given(DOCUMENTS, QUERIES)
def test_words_are_counted_once_and_the_limit_is_what_they_weigh_together(documents, query):
    scored = Bm25([postings(documents)]).scores(" ".join(query))
    assert scored.words == len(set(query))
    assert scored.limit == pytest.approx(limit_by_hand(documents, query), rel=1e-12)


@given(DOCUMENTS, QUERIES, st.integers(1, 10_000))
@example([["aa"]], ["aa"], 10_000)
def test_no_row_reaches_the_limit_however_often_it_has_all_words(documents, query, times):
    documents = [*documents, [word for word in query for _ in range(times)]]
    scored = Bm25([postings(documents)]).scores(" ".join(query))
    scores = scored.of(0, np.arange(len(documents)))
    assert scores.max() < scored.limit


@pytest.mark.slow
def test_a_row_that_has_all_words_very_often_comes_as_near_to_the_limit_as_one_likes():
    documents = [["aa", "bb"], ["cc"] * 10**6, ["aa", "bb"] * 10**6]
    scored = Bm25([postings(documents)]).scores("aa bb")
    assert scored.of(0, np.array([2]))[0] == pytest.approx(scored.limit, rel=1e-5)


@given(DOCUMENTS)
def test_lengths_are_how_many_words_rows_have_in_the_order_asked(documents):
    scored = Bm25([postings(documents), postings(documents[:1])]).scores("aa")
    rows = np.arange(len(documents))[::-1]
    lengths = scored.lengths(0, rows)
    assert lengths.dtype == np.int64
    assert lengths.tolist() == [len(words) for words in documents[::-1]]
    assert scored.lengths(1, np.array([0, 0])).tolist() == [len(documents[0])] * 2
    assert scored.lengths(1, np.empty(0, np.int64)).shape == (0,)


@pytest.mark.parametrize("query", ["", "?! ..."])
def test_a_query_without_words_asks_for_nothing_and_still_knows_lengths(query):
    scored = Bm25([postings([["aa", "bb"], []])]).scores(query)
    assert (scored.words, scored.limit) == (0, 0.0)
    assert scored.of(0, np.array([0, 1])).tolist() == [0.0, 0.0]
    assert scored.lengths(0, np.array([0, 1])).tolist() == [2, 0]


def test_an_index_without_rows_answers_too():
    for parts in ([], [LivePostings(build_postings(["aa"], "auto"), np.array([False]))]):
        scored = Bm25(parts).scores("aa bb aa")
        assert scored.words == 2
        assert scored.limit == pytest.approx(3 * log(2))  # each weighs what a word of no row does


def test_a_stop_word_is_a_word_but_adds_nothing_to_the_limit_of_others():
    bm25 = Bm25([LivePostings(build_postings(ENGLISH, "auto"), None)])
    with_it, without = bm25.scores("the dog"), bm25.scores("dog")
    assert (with_it.words, without.words) == (2, 1)
    assert with_it.limit == without.limit > 0
    alone = bm25.scores("the of")
    assert alone.words == 2
    assert 0 < alone.of(0, np.arange(3)).max() < alone.limit


def test_a_word_of_two_languages_weighs_once():
    texts = ["the museum of the city", "das Museum ist in der Stadt", *OTHERS]
    scored = Bm25([LivePostings(build_postings(texts, "auto"), None)]).scores("museum")
    assert scored.words == 1
    assert scored.limit == pytest.approx(log(1 + (len(texts) - 2 + 0.5) / (2 + 0.5)))


@settings(max_examples=examples(300))
@given(st.data())
def test_many_segments_with_deletions_say_to_the_last_bit_what_one_without_says(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from([*GERMAN, *ENGLISH, *OTHERS]), min_size=1, max_size=12))
    alive = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(texts)), max_size=4)) | {0, len(texts)})
    parts = [(texts[first:end], np.array(alive[first:end])) for first, end in itertools.pairwise(cuts)]
    many = [LivePostings(build_postings(own, "auto"), None if mask.all() else mask) for own, mask in parts]
    one = [LivePostings(merge_postings([(part.postings, part.alive) for part in many]), None)]
    query = " ".join(data.draw(st.lists(st.sampled_from(MIXED), min_size=1, max_size=5)))
    assert said(many, query) == said(one, query)


def said(parts: list[LivePostings], query: str) -> tuple[int, float, list[tuple[float, int]]]:
    """Words, limit, and the score and length of each row that is there, part after part."""
    scored = Bm25(parts).scores(query)
    there: list[tuple[float, int]] = []
    for number, (own, alive) in enumerate(parts):
        rows = np.arange(len(own.lengths)) if alive is None else np.flatnonzero(alive)
        there += zip(scored.of(number, rows).tolist(), scored.lengths(number, rows).tolist(), strict=True)
    return scored.words, scored.limit, there


def test_a_language_of_deleted_rows_alone_is_no_language_of_the_index():
    """Of "die fire" one word is looked for where all that is left is German, and "die" says little."""
    texts = [*GERMAN, *ENGLISH]
    alive = np.array([True] * len(GERMAN) + [False] * len(ENGLISH))
    scored = Bm25([LivePostings(build_postings(texts, "auto"), alive)]).scores("die fire")
    assert scored.limit == Bm25([LivePostings(build_postings(GERMAN, "auto"), None)]).scores("die fire").limit
    assert scored.limit == pytest.approx(log(1 + (len(GERMAN) + 0.5) / 0.5))  # of "fire", which no German row has
