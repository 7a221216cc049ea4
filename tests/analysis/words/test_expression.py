"""Arithmetic as people write it."""

from __future__ import annotations

import pytest

from vecsearch import InvalidQuery
from vecsearch.analysis.words import parse_expression


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("king - man + woman", [("king", 1), ("man", -1), ("woman", 1)]),
        ("king", [("king", 1)]),
        ("- man + woman", [("man", -1), ("woman", 1)]),
        ("+ man", [("man", 1)]),
        ("  king  −\tman ", [("king", 1), ("man", -1)]),
        ("ice-cream + well-known", [("ice-cream", 1), ("well-known", 1)]),
        ("new york - usa + france", [("new york", 1), ("usa", -1), ("france", 1)]),
        ("king + king", [("king", 1), ("king", 1)]),
    ],
)
def test_words_have_the_signs_before_them(expression, terms):
    assert parse_expression(expression) == terms


@pytest.mark.parametrize("expression", ["", "  ", "-", "king -", "king - - man", "+ + man", "king + - man"])
def test_a_missing_word_is_refused(expression):
    with pytest.raises(InvalidQuery, match=r"is not arithmetic with words, expected such as: king - man \+ woman"):
        parse_expression(expression)
