"""What a search may be asked: queries and options that are refused, and the ends of ranges that are not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, InvalidOption, InvalidQuery

MODES = ["hybrid", "dense", "lexical"]


@pytest.fixture(scope="module")
def encoder():
    return CountingEncoder()


@pytest.fixture(scope="module")
def index(tmp_path_factory, encoder):
    """More rows than are scored without asking FAISS, and one that it has to leave out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        made = Index.create(tmp_path_factory.mktemp("asked") / "index", model=encoder)
        made.add(Document(f"{number:03}", f"green house number{number}") for number in range(300))
        made.delete("007")
        return made


@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_a_vector_has_no_words_to_search_by(index, encoder, mode):
    for query in (encoder.vector("red"), np.ones((2, 32), np.float32), None):
        with pytest.raises(InvalidQuery, match=rf"^mode {mode} searches by words: give the query as a text$"):
            index.search(query, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["", "  \n", ["fine", " "], "half a pair \ud83d", [None], 5, b"bytes"])
def test_what_is_no_query_is_refused_in_every_mode(index, mode, query):
    with pytest.raises(InvalidQuery) as refused:
        index.search(query, mode=mode)
    assert "\n" not in str(refused.value)


def test_a_query_of_nothing_but_signs_or_stop_words_is_answered(index):
    for query in ("?!", "the of and", "\U0001f600"):
        assert len(index.search(query, k=3)) == 3
        assert index.search(query, mode="lexical") == []


nan, inf = float("nan"), float("inf")
NUMBERS = {
    "k": [0, -1, True, 2.5, "3", nan, None],
    "per_document": [0, -1, True, 1.5, "1", nan],
    "rerank_depth": [0, -1, True, 1.5, "1", nan],
    "min_similarity": [nan, inf, -inf, True, "0.5", [0.5]],
    "collapse": [nan, 1.01, -1.01, inf, True, "0.9"],
    "diversity": [nan, 1.01, -0.01, inf, True, "0.5"],
    "dense_weight": [nan, 1.01, -0.01, inf, False, "0.5"],
    "mode": ["magic", "DENSE", 5, True],
    "metric": ["euclid", "Cosine", 5, True],
}


class Unasked:
    """A reranker that nobody gets to ask."""

    name = "unasked"

    def scores(self, query, texts):
        raise AssertionError("options are checked first")


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NUMBERS.items() for value in values], ids=str
)
def test_an_option_outside_its_range_is_refused_by_name_before_anything_is_encoded(index, encoder, name, value):
    encoder.encoded.clear()
    with pytest.raises(InvalidOption, match=rf"^{name} is ") as refused:
        index.search("never encoded before", rerank=Unasked(), **{name: value})
    assert "\n" not in str(refused.value)
    assert encoder.encoded == []


def test_numbers_at_the_ends_of_their_ranges_and_of_numpy_are_taken(index):
    for options in (
        {"collapse": 1, "diversity": 0, "dense_weight": 1},
        {"collapse": -1.0, "diversity": 1.0},
        {"dense_weight": np.float32(0.5), "k": np.int64(4), "min_similarity": np.float64(-1)},
        {"k": 2**70, "per_document": 2**70},
    ):
        for mode in MODES:
            assert index.search("green", mode=mode, **options)
