"""Hard negatives: near the query, below the ceiling, and no known answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.training import TrainingPair, with_hard_negatives

TEXTS = {
    "answer": "cats purr all night long in the warm house",
    "copy": "cats purr all night long in the warm house today",
    "near": "cats sleep while dogs bark",
    "nearer": "cats purr",
    "far": "ships sail to foreign harbours",
}
QUERY = "why do cats purr all night"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "index", model=CountingEncoder(dim=256))
    made.add(Document(name, text) for name, text in TEXTS.items())
    return made


def cosine(query: str, text: str) -> float:
    encoder = CountingEncoder(dim=256)
    one, other = encoder.vector(query), encoder.vector(text)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_nearest_chunks_that_are_no_answer_become_negatives_the_nearest_first(index: Index) -> None:
    [pair] = with_hard_negatives([TrainingPair(QUERY, TEXTS["answer"])], index)
    assert (pair.query, pair.passage) == (QUERY, TEXTS["answer"])
    expected = sorted(("near", "far"), key=lambda name: -cosine(QUERY, TEXTS[name]))
    assert pair.negatives == tuple(TEXTS[name] for name in expected)


def test_an_answer_a_part_of_it_and_a_near_copy_of_it_are_no_negatives(index: Index) -> None:
    [pair] = with_hard_negatives([TrainingPair(QUERY, TEXTS["answer"])], index)
    assert not {TEXTS["answer"], TEXTS["copy"], TEXTS["nearer"]} & set(pair.negatives)


def test_an_answer_of_another_pair_with_the_same_query_is_no_negative(index: Index) -> None:
    pairs = [TrainingPair(QUERY, TEXTS["answer"]), TrainingPair(QUERY, TEXTS["near"])]
    for pair in with_hard_negatives(pairs, index):
        assert pair.negatives == (TEXTS["far"],)


def test_what_is_about_as_near_as_the_answer_is_taken_for_one(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder(dim=256))
    answer, rival, other = "cats purr loudly", "purr cats softly now", "cats eat fish quickly and sleep"
    index.add([answer, rival, other])
    ceiling = 0.95 * cosine("cats purr", answer)
    [pair] = with_hard_negatives([TrainingPair("cats purr", answer)], index)
    assert set(pair.negatives) == {text for text in (rival, other) if cosine("cats purr", text) <= ceiling}
    assert other in pair.negatives


def test_negatives_that_a_pair_has_come_first_and_there_are_four_at_most(index: Index) -> None:
    index.add(f"cats and {word}" for word in ("dogs", "mice", "fish", "birds", "snakes"))
    [pair] = with_hard_negatives([TrainingPair(QUERY, TEXTS["answer"], ("my own",))], index)
    assert pair.negatives[0] == "my own"
    assert len(set(pair.negatives)) == 4


def test_an_empty_index_leaves_pairs_as_they_are(tmp_path: Path) -> None:
    pairs = [TrainingPair("q", "p")]
    assert with_hard_negatives(pairs, Index.create(tmp_path / "index", model=CountingEncoder())) == pairs
