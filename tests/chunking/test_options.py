from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch import Splitter
from vecsearch.chunking import Chunking, default_tokens
from vecsearch.errors import InvalidOption


@pytest.mark.parametrize(
    ("max_tokens", "overlap", "message"),
    [
        (7, 0, "tokens of a chunk is 7, expected a whole number of at least 8"),
        (0, 0, "tokens of a chunk is 0, expected a whole number of at least 8"),
        (64, -1, "overlap is -1, expected a whole number of at least 0"),
        (64, 33, "overlap is 33, expected at most half of the 64 tokens of a chunk"),
    ],
)
def test_sizes_that_cannot_be_are_refused(max_tokens, overlap, message):
    with pytest.raises(InvalidOption, match=message):
        Chunking(max_tokens=max_tokens, overlap=overlap)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overlap": 1.0}, "overlap is 1.0, expected a whole number"),
        ({"reads": "254"}, "tokens that the model reads is '254', expected a whole number"),
        ({"splitter": "lines"}, "splitter is 'lines'; one of: structure, sentences, semantic"),
        ({"splitter": None}, "splitter is None"),
        ({"context": 1}, "context is 1, expected True or False"),
        (
            {"context": True, "reads": 79},
            "context needs 16 tokens beyond the 64 of a chunk, and the model reads 79: .*at most 63",
        ),
        ({"splitter": "sentences", "reads": 99}, "splitter sentences needs 36 tokens beyond.*at most 63"),
        ({"splitter": "sentences", "context": True, "reads": 115}, "context needs 52 tokens beyond.*at most 63"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(InvalidOption, match=message):
        Chunking(max_tokens=64, **options)


@given(st.integers(64, 9000), st.sampled_from(Splitter), st.booleans())
def test_the_default_size_leaves_the_room_that_the_options_need(reads, splitter, context):
    tokens = default_tokens(splitter, context, reads)
    chunking = Chunking(max_tokens=tokens, splitter=splitter, context=context, reads=reads)
    assert chunking.titles >= 16 if context else chunking.titles == 0
    assert chunking.around >= min(16, tokens) if splitter is Splitter.SENTENCES else chunking.around == 0
    assert tokens + chunking.titles + 2 * chunking.around <= reads


@pytest.mark.parametrize(
    ("splitter", "reads", "tokens"),
    [("structure", 254, 128), ("structure", 8192, 128), ("structure", 64, 64), ("sentences", 254, 32)],
)
def test_the_default_size_is_the_one_that_measured_best_or_what_the_model_reads(splitter, reads, tokens):
    assert default_tokens(Splitter.of(splitter), False, reads) == tokens


def test_a_manifest_gives_back_what_was_kept():
    chunking = Chunking(max_tokens=64, overlap=4, splitter=Splitter.SENTENCES, context=True, reads=254)
    assert Chunking(**asdict(chunking)) == chunking
    assert Chunking(**{**asdict(chunking), "splitter": "sentences"}) == chunking
