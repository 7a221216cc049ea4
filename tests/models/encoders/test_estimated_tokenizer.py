from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from vecsearch.models.encoders.estimated_tokenizer import estimate_spans

HOUSE = Path(__file__).parents[3]


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in estimate_spans(text).tolist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("the word", ["the", "word"]),
        ("estimation", ["esti", "mat", "ion"]),
        ("HTTPServer", ["H", "TT", "PS", "erv", "er"]),
        ("in 2024, 3.5", ["in", "2", "0", "2", "4", ",", "3", ".", "5"]),
        ("Grüße", ["Gr", "ü", "ß", "e"]),
        ("日本", ["日", "日", "本", "本"]),
        ("a🌳", ["a", "🌳", "🌳", "🌳"]),
        ("\ud83d", ["\ud83d", "\ud83d"]),
        ("0123456789abcdefghijklmnop", [*"012", *"3456789", "abcd", "efg", "hij", "klm", "nop"]),
    ],
)
def test_the_pieces_are_those_that_are_documented(text, expected):
    assert pieces(text) == expected


def test_a_long_run_that_is_no_word_is_counted_by_its_characters():
    assert len(estimate_spans("Qx7" * 100)) > 270


@given(st.text(max_size=200))
def test_every_character_but_white_space_is_in_a_token_and_tokens_are_in_order(text):
    spans = estimate_spans(text)
    assert spans.dtype == "int64"
    assert (spans[1:] >= spans[:-1]).all()
    covered = {position for start, end in spans.tolist() for position in range(start, end)}
    assert covered == {position for position, sign in enumerate(text) if not sign.isspace()}


@given(st.text("abc XYZ 12é,日", max_size=60), st.text("abc XYZ 12é,日", max_size=60))
def test_texts_side_by_side_have_the_tokens_of_both(one, other):
    together = len(estimate_spans(f"{one} {other}"))
    assert together == len(estimate_spans(one)) + len(estimate_spans(other))


@pytest.mark.parametrize(
    "pattern",
    [
        "README.md",
        "docs/*.md",
        *(pytest.param(f"{room}/**/*.py", marks=pytest.mark.slow) for room in ("vecsearch", "tests")),
    ],
)
def test_real_text_has_no_more_tokens_than_are_counted_and_not_far_fewer(carried, pattern):
    texts = [path.read_text(encoding="utf-8") for path in sorted(HOUSE.glob(pattern))]
    tokenizer = Tokenizer.from_file(str(carried / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    real = sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
    assert real <= sum(len(estimate_spans(text)) for text in texts) < 1.6 * real
