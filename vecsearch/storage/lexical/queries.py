"""A query to the terms it looks for, in every language that the index holds.

The stop words of a language are not looked for in that language: each is in most of its rows, and says little of any.
So "die" in a question is looked for in English text, not in German. A query of stop words alone is looked for whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from vecsearch.storage.lexical.languages import LANGUAGES, NONE, is_stop_word, script_of
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.lexical.terms import Stemmers, forms


class QueryWord(NamedTuple):
    """A word of a query: how often it stands there, what it is in each language, and in which it is looked for."""

    times: int
    terms: list[int]
    wanted: list[bool]


def query_words(query: str, languages: Sequence[int]) -> list[QueryWord]:
    """The words of a query, each once, in the order in which they first stand there."""
    times = Counter(form for word in words(query) for form in forms(word))
    whole = all(any(is_stop_word(form, number) for number in range(len(LANGUAGES))) for form in times)
    stemmers = Stemmers()
    found = []
    for form, many in times.items():
        numbers = [number for number in languages if script_of(form) in LANGUAGES[number].scripts]
        wanted = [whole or not is_stop_word(form, number) for number in numbers]
        terms = [stemmers.term(form, number) for number in [*numbers, NONE]]
        found.append(QueryWord(many, terms, [*wanted, all(wanted)]))
    return found
