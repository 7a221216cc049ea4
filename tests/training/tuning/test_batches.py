"""Which pairs are trained with and which are held out; what a batch may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.synonyms import pairs_of_synonyms
from vecsearch import InvalidDocument
from vecsearch.training import TrainingPair
from vecsearch.training.tuning.batches import Batch, batches_of_epoch
from vecsearch.training.tuning.held_out import hold_out
from vecsearch.training.tuning.pairs import relevant_passages

LETTERS = st.sampled_from("abcdefgh")
SOME_PAIRS = st.lists(
    st.builds(
        lambda query, passage, negatives: TrainingPair(f"q{query}", f"p{passage}", tuple(f"p{n}" for n in negatives)),
        LETTERS,
        LETTERS,
        st.lists(LETTERS, max_size=2),
    ),
    max_size=30,
)


def rows(batch: Batch) -> list[tuple[str, str]]:
    return list(zip(batch.queries, batch.passages, strict=True))


@given(SOME_PAIRS, st.integers(2, 6), st.integers(0, 3))
def test_in_a_batch_nothing_of_another_pair_answers_a_query(pairs: list[TrainingPair], size: int, epoch: int) -> None:
    relevant = relevant_passages(pairs)
    for batch in batches_of_epoch(pairs, size, 0, epoch):
        assert 2 <= len(batch.queries) <= size
        assert len(batch.negatives) == (len(batch.queries) if any(pair.negatives for pair in pairs) else 0)
        for place, query in enumerate(batch.queries):
            others = batch.passages[:place] + batch.passages[place + 1 :] + batch.negatives
            assert relevant[query].isdisjoint(others), (query, others)


@given(SOME_PAIRS, st.integers(2, 6))
def test_a_pair_is_in_one_batch_of_an_epoch_at_most(pairs: list[TrainingPair], size: int) -> None:
    found = [row for batch in batches_of_epoch(pairs, size, 1, 0) for row in rows(batch)]
    given_ = [(pair.query, pair.passage) for pair in pairs]
    assert all(found.count(row) <= given_.count(row) for row in found)


def test_pairs_that_do_not_disturb_one_another_are_all_in_an_epoch() -> None:
    pairs = pairs_of_synonyms(50)
    batches = batches_of_epoch(pairs, 8, 0, 0)
    assert sorted(row for batch in batches for row in rows(batch)) == sorted((p.query, p.passage) for p in pairs)
    assert [len(batch.queries) for batch in batches] == [8] * 6 + [2]
    assert not any(batch.negatives for batch in batches)


def test_batches_are_equal_for_equal_seeds_and_epochs_only() -> None:
    pairs = pairs_of_synonyms(50)
    assert batches_of_epoch(pairs, 8, 5, 1) == batches_of_epoch(pairs, 8, 5, 1)
    assert batches_of_epoch(pairs, 8, 5, 1) != batches_of_epoch(pairs, 8, 5, 2)
    assert batches_of_epoch(pairs, 8, 5, 1) != batches_of_epoch(pairs, 8, 6, 1)


def test_a_pair_takes_its_negatives_in_turn_and_one_without_takes_another_passage() -> None:
    pairs = [TrainingPair("q1", "p1", ("n1", "n2")), TrainingPair("q2", "p2"), TrainingPair("q3", "p3")]
    for epoch, expected in ((0, "n1"), (1, "n2"), (2, "n1")):
        for batch in batches_of_epoch(pairs, 2, 0, epoch):
            taken = dict(zip(batch.queries, batch.negatives, strict=True))
            assert taken.get("q1", expected) == expected
            assert all(negative.startswith("p") for query, negative in taken.items() if query != "q1")


def test_pairs_that_all_answer_one_another_make_no_batch() -> None:
    assert batches_of_epoch([TrainingPair("q", f"p{n}") for n in range(5)], 2, 0, 0) == []


@given(SOME_PAIRS, st.sampled_from([0.1, 0.3, 0.5]))
def test_no_query_and_no_passage_is_on_both_sides(pairs: list[TrainingPair], share: float) -> None:
    try:
        split = hold_out(pairs, share, 0)
    except InvalidDocument:
        return
    trained = {pair.query for pair in split.training}, {pair.passage for pair in split.training}
    answers = {split.passages[name] for relevant in split.qrels.values() for name in relevant}
    assert trained[0].isdisjoint(split.queries.values())
    assert not any(pair.passage in answers and pair.query in split.queries.values() for pair in split.training)
    relevant = relevant_passages(pairs)
    for name, query in split.queries.items():
        assert {split.passages[each] for each in split.qrels[name]} == relevant[query]


def test_answers_are_looked_for_among_other_passages_too_and_the_same_ones_for_a_seed() -> None:
    pairs = pairs_of_synonyms(60)
    split = hold_out(pairs, 0.2, 1)
    assert len(split.queries) == 12
    assert len(split.training) == 48
    assert set(split.passages.values()) == {pair.passage for pair in pairs}
    assert hold_out(pairs, 0.2, 1) == split
    assert hold_out(pairs, 0.2, 2) != split


def test_many_pairs_are_judged_by_a_hundred_queries_among_five_hundred_passages() -> None:
    split = hold_out([TrainingPair(f"q{n}", f"p{n}") for n in range(3000)], 0.2, 0)
    assert len(split.queries) == 100
    assert len(split.passages) == 500
    assert len(split.training) == 2400


def test_too_few_pairs_are_refused_with_what_is_there() -> None:
    with pytest.raises(InvalidDocument, match="2 pairs of 2 passages leave 1 to train with: at least 2 are needed"):
        hold_out([TrainingPair("q1", "p1"), TrainingPair("q2", "p2")], 0.1, 0)
    with pytest.raises(InvalidDocument, match="0 pairs of 0 passages leave 0"):
        hold_out([], 0.1, 0)
