from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vecsearch.storage.lexical.bm25
from tests.helpers.examples import examples
from tests.helpers.plain_bm25 import plain_bm25
from vecsearch.errors import IndexDamaged
from vecsearch.storage.lexical import Bm25, LivePostings, Scored, build_postings, merge_postings

PLAIN = ["aa", "bb", "cc", "dd", "ee"]
MIXED = ["fox", "foxes", "the", "of", "der", "und", "Hund", "Hunde", "кот", "коты", "getName", "東京", "12"]


def ranked(found: Sequence[Scored], ids: Sequence[Sequence[int]], k: int) -> list[tuple[float, int]]:
    """The k best over all parts as (score, id), equal scores by id; ids[i][row] names a row of part i."""
    pairs = [
        (score, ids[part][row])
        for part, (rows, scores) in enumerate(found)
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True)
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:k]


def best(scores: Sequence[float], k: int) -> list[tuple[float, int]]:
    """What an oracle's scores rank first."""
    return sorted(
        ((score, i) for i, score in enumerate(scores) if score), key=lambda pair: (-round(pair[0], 9), pair[1])
    )[:k]


@given(
    st.lists(st.lists(st.sampled_from(PLAIN), max_size=9), min_size=1, max_size=20),
    st.lists(st.sampled_from([*PLAIN, "zz"]), min_size=1, max_size=5),
    st.integers(1, 25),
)
def test_rows_score_as_the_formula_by_hand(documents: list[list[str]], query: list[str], k: int) -> None:
    bm25 = Bm25([LivePostings(build_postings([" ".join(words) for words in documents], "none"), None)])
    expected = best(plain_bm25(documents, query), k)
    answer = ranked(bm25.search(" ".join(query), k), [range(len(documents))], k)
    np.testing.assert_allclose([score for score, _ in answer], [score for score, _ in expected], rtol=1e-12)
    assert [i for _, i in answer] == [i for _, i in expected]


@settings(max_examples=examples(200))
@given(st.data())
def test_many_segments_with_deletions_answer_as_one_without(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.lists(st.sampled_from(MIXED), max_size=7).map(" ".join), min_size=1, max_size=24))
    alive = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(texts)), max_size=5)) | {0, len(texts)})
    parts = [(texts[first:end], np.array(alive[first:end])) for first, end in itertools.pairwise(cuts)]
    many = [LivePostings(build_postings(own, "auto"), None if mask.all() else mask) for own, mask in parts]
    one = merge_postings([(part.postings, part.alive) for part in many])
    live = [i for i, there in enumerate(alive) if there]
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    query = " ".join(data.draw(st.lists(st.sampled_from(MIXED), min_size=1, max_size=5)))
    k = data.draw(st.integers(1, 26))
    masks = None if allowed is None else [np.array(allowed[first:end]) for first, end in itertools.pairwise(cuts)]
    of_live = None if allowed is None else [np.array([allowed[i] for i in live], np.bool_)]
    of_many = Bm25(many).search(query, k, masks)
    of_one = Bm25([LivePostings(one, None)]).search(query, k, of_live)
    ids = [range(first, end) for first, end in itertools.pairwise(cuts)]
    assert ranked(of_many, ids, k) == ranked(of_one, [live], k)


def test_a_word_of_two_languages_is_one_word_in_more_rows() -> None:
    texts = [
        "The museum of the city",
        "Das Museum ist in der Stadt",
        "The house and the garden",
        "Der Hund und die Katze",
    ]
    (found,) = Bm25([LivePostings(build_postings(texts, "auto"), None)]).search("museum", 4)
    assert found.rows.tolist() == [0, 1]
    idf = log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    lengths = np.array([5, 6, 5, 5])
    expected = idf / (1 + 1.2 * (0.25 + 0.75 * lengths[:2] / lengths.mean()))
    np.testing.assert_allclose(found.scores, expected, rtol=1e-12)


def test_other_endings_are_found_in_each_language() -> None:
    texts = ["The foxes were running", "Die Häuser und die Hunde", "Кошки и книги", "one 東京 word"]
    bm25 = Bm25([LivePostings(build_postings(texts, "auto"), None)])
    for query, row in (("fox runs", 0), ("Hund", 1), ("haus", 1), ("книга", 2), ("京", 3), ("東京都", 3)):
        assert bm25.search(query, 1)[0].rows.tolist() == [row]


def test_stop_words_find_nothing_beside_other_words() -> None:
    texts = ["The cat", "the the the the", "The who"]
    bm25 = Bm25([LivePostings(build_postings(texts, "auto"), None)])
    assert bm25.search("the cat", 3)[0].rows.tolist() == [0]
    assert bm25.search("the unknown", 3)[0].rows.tolist() == []
    assert bm25.search("the who", 3)[0].rows.tolist() == [0, 1, 2]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 100])
def test_all_that_score_as_the_last_of_the_k_are_given(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.storage.lexical.bm25, "_FIRST", 2)
    parts = [
        LivePostings(build_postings(texts, "none"), None) for texts in (["aa", "bb", "aa bb"], ["aa bb", "aa", "bb"])
    ]
    found = Bm25(parts).search("aa", k)
    assert [rows.tolist() for rows, _ in found] == ([[0], [1]] if k <= 2 else [[0, 2], [0, 1]])
    assert len({score for _, scores in found for score in scores.tolist()}) == (1 if k <= 2 else 2)


def test_a_filter_leaves_rows_out_and_scores_as_they_are() -> None:
    postings = build_postings(["aa", "aa bb", "aa cc cc"], "none")
    bm25 = Bm25(
        [LivePostings(postings, np.array([True, True, True])), LivePostings(postings, np.array([True, False, False]))]
    )
    every, kept = bm25.search("aa", 9), bm25.search("aa", 9, [np.array([False, True, True]), None])
    assert [rows.tolist() for rows, _ in every] == [[0, 1, 2], [0]]
    assert [rows.tolist() for rows, _ in kept] == [[1, 2], [0]]
    assert kept[0].scores.tolist() == every[0].scores.tolist()[1:]
    assert bm25.search("aa", 1, [np.zeros(3, np.bool_), np.zeros(3, np.bool_)])[0].rows.tolist() == []


@pytest.mark.parametrize("query", ["", "?!", "zz", "東"])
def test_what_stands_nowhere_finds_nothing(query: str) -> None:
    postings = build_postings(["aa bb", "cc"], "auto")
    for alive in (None, np.array([True, False])):
        (found,) = Bm25([LivePostings(postings, alive)]).search(query, 5)
        assert (found.rows.tolist(), found.scores.tolist()) == ([], [])
        assert (found.rows.dtype, found.scores.dtype) == (np.int64, np.float64)


def test_an_index_without_rows_or_words_finds_nothing() -> None:
    assert Bm25([]).search("fox", 5) == []
    for texts in ([], ["", "!"]):
        (found,) = Bm25([LivePostings(build_postings(texts, "auto"), None)]).search("fox", 5)
        assert found.rows.tolist() == []
    (found,) = Bm25([LivePostings(build_postings(["fox"], "auto"), np.array([False]))]).search("fox", 5)
    assert found.rows.tolist() == []


def test_a_damaged_row_number_is_found_when_it_is_used() -> None:
    postings = replace(build_postings(["aa", "aa"], "none"), rows=np.array([0, 2], np.uint32), name="the/file")
    for alive in (None, np.array([True, False])):
        with pytest.raises(IndexDamaged, match=r"^the/file names row 2 of 2: run vecsearch verify$"):
            Bm25([LivePostings(postings, alive)]).search("aa", 1)


@pytest.mark.parametrize("asked", ["cafe", "Café", "CAFE", "müller", "Mueller", "muller"])
def test_accents_may_be_left_out_of_a_question(asked: str) -> None:
    texts = ["Das Café Müller ist in der Stadt und hat offen", "Ein Haus ohne Namen"]
    (found,) = Bm25([LivePostings(build_postings(texts, "auto"), None)]).search(asked, 10)
    assert found.rows.tolist() == [0]
