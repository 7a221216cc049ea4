"""A query to the terms it looks for, in every language that the index holds, and where a text matches them.

The stop words of a language are not looked for in that language: most of its rows have them, so they tell little.
So "die" in a question is looked for in English text but not in German. A query of nothing but stop words is looked
for as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from vecsearch.storage.lexical.languages import AUTO, LANGUAGES, NONE, is_stop_word, script_of
from vecsearch.storage.lexical.splitting import word_spans, words
from vecsearch.storage.lexical.terms import Stemmers, forms
from vecsearch.storage.lexical.tokens import tokenize
from vecsearch.types import Span


class QueryWord(NamedTuple):
    """A word of a query: how often it occurs, its term in each language, and which of the terms are looked for."""

    times: int
    terms: list[int]
    wanted: list[bool]


def query_words(query: str, languages: Sequence[int]) -> list[QueryWord]:
    """Return the distinct words of a query in order of first occurrence."""
    times = Counter(form for word in words(query) for form in forms(word))
    whole = all(any(is_stop_word(form, number) for number in range(len(LANGUAGES))) for form in times)
    stemmers = Stemmers()
    result = []
    for form, count in times.items():
        numbers = [number for number in languages if script_of(form) in LANGUAGES[number].scripts]
        wanted = [whole or not is_stop_word(form, number) for number in numbers]
        terms = [stemmers.term(form, number) for number in [*numbers, NONE]]
        result.append(QueryWord(count, terms, [*wanted, all(wanted)]))
    return result


class Matcher:
    """Finds the words of one query in any number of texts; reads the query once for each set of languages of a text.

    `language` is the index's option. Other endings of a word and other accents match, as they do in a search.
    """

    def __init__(self, query: str, language: str = AUTO) -> None:
        self.query = query
        self._language = language
        self._wanted: dict[tuple[int, ...], frozenset[int]] = {}  # terms, by the languages of a text

    def spans(self, text: str) -> list[Span]:
        """Return where in the text the words are that the query finds it by, in order; touching spans are joined."""
        languages = tokenize([text], self._language).text_languages[0].tolist()
        wanted = self._terms(tuple(sorted(set(languages))))
        stemmers = Stemmers()
        return _join_touching(
            span
            for span, word in zip(word_spans(text), words(text), strict=True)
            if any(wanted.intersection(stemmers.terms(form, languages[script_of(form)])) for form in forms(word))
        )

    def _terms(self, languages: tuple[int, ...]) -> frozenset[int]:
        if languages not in self._wanted:
            self._wanted[languages] = frozenset(
                term
                for word in query_words(self.query, languages)
                for term, is_wanted in zip(word.terms, word.wanted, strict=True)
                if is_wanted
            )
        return self._wanted[languages]


def match_spans(query: str, text: str, language: str = AUTO) -> list[Span]:
    """Return what a Matcher of the query finds in one text."""
    return Matcher(query, language).spans(text)


def has_words(asked: Sequence[QueryWord], text: str, language: str = AUTO) -> list[int]:
    """Return the numbers of the query's words that the text has, ascending; `language` is the index's option."""
    languages = tokenize([text], language).text_languages[0].tolist()
    stemmers = Stemmers()
    spelled = {form for word in words(text) for form in forms(word)}
    terms = {term for form in spelled for term in stemmers.terms(form, languages[script_of(form)])}
    return [number for number, word in enumerate(asked) if terms.intersection(word.terms)]


def _join_touching(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
