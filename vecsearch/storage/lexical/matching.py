"""Which words of a text a query is found by, to show them to people."""

from __future__ import annotations

from collections.abc import Iterable

from vecsearch.storage.lexical.languages import AUTO, script_of
from vecsearch.storage.lexical.queries import query_words
from vecsearch.storage.lexical.reading import read
from vecsearch.storage.lexical.splitting import word_spans, words
from vecsearch.storage.lexical.terms import Stemmers, forms
from vecsearch.types import Span


def matched(query: str, text: str, language: str = AUTO) -> list[Span]:
    """Where in the text the words stand that `query` finds it by, in order; what touches is one span.

    `language` is the index's option. Other endings of a word and other accents are matched, as they are in a search.
    """
    told = read([text], language).told[0].tolist()
    wanted = {
        term
        for word in query_words(query, sorted(set(told)))
        for term, is_wanted in zip(word.terms, word.wanted, strict=True)
        if is_wanted
    }
    stemmers = Stemmers()
    return _joined(
        span
        for span, word in zip(word_spans(text), words(text), strict=True)
        if any(wanted.intersection(stemmers.terms(form, told[script_of(form)])) for form in forms(word))
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
