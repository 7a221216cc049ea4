"""Searches by example that are refused: what is no example, what there is not, and sums of which nothing is left."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Example, Index, InvalidOption, InvalidQuery, InvalidVector


@pytest.fixture(scope="module")
def encoder():
    return CountingEncoder()


@pytest.fixture(scope="module")
def index(tmp_path_factory, encoder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        made = Index.create(tmp_path_factory.mktemp("refused") / "index", model=encoder)
        made.add([Document("cats", "cats purr"), Document("dogs", "dogs bark"), Document("fish", "fish swim")])
        return made


@pytest.mark.parametrize(
    "name",
    [
        *("absent", "", ".", "cats#1", "cats#-1", "cats#", "cats#0.0", "cats#²", "absent#0", "cats#" + "9" * 5_000),
        *("x" * 5_000, "a\0b", "half a pair \ud83d"),
    ],
    ids=lambda name: repr(name[:10]),
)
def test_what_there_is_not_is_no_example(index, name):
    for options in ({"like": name}, {"plus": Example(id=name)}, {"like": ["dogs", name]}):
        with pytest.raises(InvalidQuery, match=r"is neither a document or chunk of .* nor a file"):
            index.search("cats", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"plus": "cats", "minus": "cats"},
        {"query": "cats", "minus": "cats"},
        {"query": ["dogs", "cats"], "minus": "cats"},
        {"like": "fish", "minus": Example(id="fish")},
        {"query": "cats", "plus": Example(text="cats", weight=2), "minus": Example(text="cats", weight=3)},
        {"plus": Example(text="cats", weight=1e6), "minus": Example(text="cats", weight=1e6)},
    ],
    ids=str,
)
def test_a_sum_that_cancels_out_is_refused(index, options):
    with pytest.raises(InvalidQuery, match=r"^the query and its examples cancel out"):
        index.search(**options)


class Poles(CountingEncoder):
    """What begins with "anti" means the opposite."""

    def vector(self, text):
        return -super().vector(text[4:]) if text.startswith("anti") else super().vector(text)


def test_a_document_whose_chunks_are_opposites_has_no_direction(tmp_path):
    index = Index.create(tmp_path / "index", model=Poles(), chunk_tokens=8)
    index.add(
        [
            Document(
                "poles", "north pole north pole north pole north pole antinorth pole north pole north pole north pole"
            ),
            Document("other", "pole"),
        ]
    )
    with pytest.raises(InvalidQuery, match=r"^the chunks of poles point in all directions: name one of them$"):
        index.search(like="poles")
    assert [hit.chunk_id for hit in index.search(like="poles#0")] == ["other#0", "poles#1"]


@pytest.mark.parametrize("option", ["like", "plus", "minus"])
@pytest.mark.parametrize(
    ("items", "said"),
    [
        (5, r"is int, expected a text, an id, a vector or an Example, or several of them"),
        ({"cats": 1}, r"is dict, expected "),
        ([5], r"holds int, expected "),
        (["cats", None], r"holds NoneType, expected "),
        (b"cats", r"holds int, expected "),
        (Example(), r"holds an Example with 0 of text, id and vector, expected one of them"),
        (Example(text="a", id="b"), r"holds an Example with 2 of text, id and vector, expected one of them"),
        (Example(text=["a"]), r"holds an Example whose text is list, expected str"),
        (Example(id=5), r"holds an Example whose id is int, expected str"),
        (Example(vector=[1.0] * 32), r"holds an Example whose vector is list, expected ndarray"),
        *(
            (
                Example(text="a", weight=weight),
                re.escape(f"holds an Example of weight {weight!r}, expected a number from 1e-06 to 1e+06"),
            )
            for weight in (0, -1, float("nan"), float("inf"), True, "2", 1e-7, 1e39)
        ),
    ],
)
def test_what_is_no_example_is_refused_by_name_before_anything_is_encoded(index, encoder, option, items, said):
    encoder.encoded.clear()
    with pytest.raises(InvalidOption, match=rf"^{option} {said}"):
        index.search("never encoded before", **{option: items})
    assert encoder.encoded == []


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        (np.zeros(32), "the vector of an example is zero"),
        (np.full(32, np.nan), "the vector of an example holds NaN"),
        (np.ones(31), "expected"),
        (np.array(1.0), "expected"),
        (np.array(["a"] * 32), "not an array of numbers"),
    ],
)
def test_what_is_no_vector_is_refused(index, vector, said):
    for options in ({"plus": vector}, {"like": Example(vector=vector)}):
        with pytest.raises(InvalidVector, match=said):
            index.search("cats", **options)


@pytest.mark.parametrize("text", ["", " \n", "half a pair \ud83d"])
def test_what_is_no_text_is_refused(index, text):
    with pytest.raises(InvalidQuery):
        index.search("cats", plus=text)


def test_nothing_asked_is_refused_and_no_examples_are_none(index):
    for options in ({}, {"like": []}, {"plus": [], "minus": ()}):
        with pytest.raises(
            InvalidQuery, match=r"^nothing to search for: give a query, or an example with like or plus$"
        ):
            index.search(**options)
    assert index.search("cats", like=[], plus=(), minus=None) == index.search("cats")
