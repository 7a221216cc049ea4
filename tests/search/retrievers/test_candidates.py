"""Candidates: their order where scores are equal, their ranks in each retriever, and the documents they are of."""

from __future__ import annotations

import random
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.search.retrievers.candidates import Candidates, best_first, documents_of


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Four segments of documents of one to four chunks, whose ids follow no order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])
        chooser = random.Random(2)
        index = Index.create(tmp_path_factory.mktemp("parts") / "index", model=CountingEncoder(), chunk_tokens=8)
        for _ in range(4):
            names = {f"{chooser.randrange(10**6):06}" for _ in range(6)}
            index.add(Document(name, " ".join(["word"] * 8 * chooser.randint(1, 4))) for name in names)
        assert len(index.session().parts) == 4
        return index.session().parts


def some_of(parts, chooser: random.Random, m: int) -> list[tuple[int, int]]:
    every = [(place, row) for place, part in enumerate(parts) for row in range(part.segment.entry.rows)]
    return chooser.sample(every, min(m, len(every)))


def key(parts, place: int, row: int) -> tuple[str, int]:
    segment = parts[place].segment
    return segment.value("document_id", row), segment.value("ordinal", row)


def columns(pairs) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def candidates_at(part_numbers, rows) -> Candidates:
    scores = np.zeros(len(rows))
    return Candidates(part_numbers, rows, scores, scores, None, depth=1, unseen=-inf)


@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(1, 5))
def test_equal_scores_stand_in_the_order_of_documents_and_places(parts, seed, m, values):
    chooser = random.Random(seed)
    pairs = some_of(parts, chooser, m)
    scores = np.array([chooser.randrange(values) / 7 for _ in pairs])
    order = best_first(parts, *columns(pairs), scores)
    expected = sorted(range(len(pairs)), key=lambda i: (-scores[i], *key(parts, *pairs[i])))
    assert order.tolist() == expected


def test_ids_are_read_only_where_scores_are_equal(parts, monkeypatch):
    read: list[list[int]] = []
    real = type(parts[0].segment).values
    monkeypatch.setattr(
        type(parts[0].segment), "values", lambda self, column, rows: read.append(list(rows)) or real(self, column, rows)
    )
    places, rows = columns([(0, 0), (0, 1), (0, 2), (1, 0)])
    assert best_first(parts, places, rows, np.array([0.1, 0.4, 0.3, 0.2])).tolist() == [1, 2, 3, 0]
    assert read == []
    best_first(parts, places, rows, np.array([0.1, 0.4, 0.4, 0.2]))
    assert read == [[1, 2], [1, 2]]


@given(st.integers(0, 10**6), st.integers(0, 40))
def test_candidates_of_one_document_are_told_by_where_it_begins(parts, seed, m):
    pairs = some_of(parts, random.Random(seed), m)
    documents = [tuple(row) for row in documents_of(parts, candidates_at(*columns(pairs))).tolist()]
    names = [key(parts, *pair)[0] for pair in pairs]
    assert len(set(documents)) == len(set(names)) == len(set(zip(documents, names, strict=True)))
    assert all(key(parts, *document)[1] == 0 for document in documents)


scores = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), max_size=12)


@given(scores, st.integers(1, 15), st.booleans(), st.booleans())
def test_a_rank_is_how_many_score_higher_and_one_for_what_a_retriever_found(pairs, depth, dense, worded):
    near, said = np.array(pairs, np.float64).reshape(-1, 2).T
    rows = np.arange(len(pairs))
    made = Candidates(rows, rows, near, near, said if worded else None, depth=depth, unseen=-inf)
    ranks = made.with_ranks(dense=dense).ranks.tolist()
    for place, (similarity, score) in enumerate(pairs):
        first = 1 + sum(other > similarity for other, _ in pairs)
        second = 1 + sum(other > score for _, other in pairs)
        assert ranks[place][0] == (first if dense and first <= depth else 0)
        assert ranks[place][1] == (second if worded and score > 0 and second <= depth else 0)


def test_what_is_taken_keeps_everything_that_is_known_of_it():
    rows = np.arange(4)
    made = Candidates(rows, rows + 10, rows / 2, rows / 3, rows / 5, depth=7, unseen=0.5).with_ranks(dense=True)
    taken = made.take(np.array([3, 1]))
    assert (taken.parts.tolist(), taken.rows.tolist(), len(taken)) == ([3, 1], [13, 11], 2)
    assert (taken.scores.tolist(), taken.lexical.tolist()) == ([1.5, 0.5], [0.6, 0.2])
    assert (taken.depth, taken.unseen) == (7, 0.5)
    assert taken.ranks.tolist() == [made.ranks.tolist()[place] for place in (3, 1)]
    assert taken.with_scores(np.array([9.0, 8.0])).similarities.tolist() == taken.similarities.tolist()
    assert made.take(np.array([True, False, False, True])).rows.tolist() == [10, 13]
