"""The most distinctive words of each cluster, by class-based TF-IDF.

    weight of w in c  =  count of w in c  x  log(1 + mean number of words per cluster / count of w in all clusters)

Source: Grootendorst 2022, BERTopic. Words are those of lexical search without stop words; forms of one stem count as
one word, written in its most frequent form. A word's language is that of most texts it is in, because the language of
a single short text is easily mistaken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import log1p

import numpy as np

from vecsearch.storage.lexical.languages import is_stop_word
from vecsearch.storage.lexical.terms import Stemmers
from vecsearch.storage.lexical.tokens import tokenize
from vecsearch.types import IntArray

WORDS = 4  # that name a cluster
_TEXTS_AT_ONCE = 4_096
_SHORTEST = 2  # characters


def top_words(texts: Iterable[str], labels: IntArray, k: int, language: str, words: int = WORDS) -> list[list[str]]:
    """Return the most distinctive words of each of k clusters, best first; text i is in cluster labels[i].

    Texts with a label below 0 are in no cluster. `language` is that of the index.
    """
    return top_words_of_levels(texts, labels, [np.arange(k)], language, words)[0]


def top_words_of_levels(
    texts: Iterable[str], labels: IntArray, levels: Sequence[IntArray], language: str, words: int = WORDS
) -> list[list[list[str]]]:
    """Return what top_words() does for each of several levels of clusters, while the texts are read once.

    A level is the number of the larger cluster that each cluster of the labels is in, int64 (clusters,).
    """
    by_cluster, by_language = _count_forms(texts, labels, language)
    terms = _terms(by_language)
    by_frequency = sorted(terms, key=lambda form: (by_language[form].total(), form))
    written = {terms[form]: form for form in by_frequency}  # the most frequent form of a term stays
    return [_top(_weights(_count_terms(by_cluster, terms, level), level), level, written, words) for level in levels]


def _top(
    weights: Mapping[tuple[int, int], float], level: IntArray, written: Mapping[int, str], words: int
) -> list[list[str]]:
    """Return the words of most weight in each cluster of a level."""
    ranked: list[list[tuple[float, str]]] = [[] for _ in range(_count(level))]
    for (term, label), weight in weights.items():
        ranked[label].append((-weight, written[term]))
    return [[word for _, word in sorted(of_cluster)[:words]] for of_cluster in ranked]


def _count(level: IntArray) -> int:
    return int(level.max()) + 1 if len(level) else 0


def _weights(counts: Counter[tuple[int, int]], level: IntArray) -> dict[tuple[int, int], float]:
    """Return the weight of each pair of a term and a cluster of a level."""
    totals: Counter[int] = Counter()
    for (term, _), count in counts.items():
        totals[term] += count
    mean = counts.total() / max(1, _count(level))
    return {pair: count * log1p(mean / totals[pair[0]]) for pair, count in counts.items()}


def _count_terms(
    by_cluster: Counter[tuple[str, int]], terms: Mapping[str, int], level: IntArray
) -> Counter[tuple[int, int]]:
    """Count each term in each cluster of a level."""
    larger = level.tolist()
    counts: Counter[tuple[int, int]] = Counter()
    for (form, label), count in by_cluster.items():
        if form in terms:
            counts[terms[form], larger[label]] += count
    return counts


def _terms(by_language: Mapping[str, Counter[int]]) -> dict[str, int]:
    """Return the term of each form that means something: not a stop word, a number or a single character."""
    stemmers = Stemmers()
    terms = {}
    for form, counts in by_language.items():
        language = max(sorted(counts), key=counts.__getitem__)
        if len(form) >= _SHORTEST and not form.isnumeric() and not is_stop_word(form, language):
            terms[form] = stemmers.term(form, language)
    return terms


def _count_forms(
    texts: Iterable[str], labels: IntArray, language: str
) -> tuple[Counter[tuple[str, int]], dict[str, Counter[int]]]:
    """Count each form in each cluster, and each form in each language."""
    by_cluster: Counter[tuple[str, int]] = Counter()
    by_language: dict[str, Counter[int]] = {}
    for block_labels, block in _blocks(texts, labels):
        tokens = tokenize(block, language)
        occurrences = np.stack([tokens.form_numbers, tokens.languages, block_labels[tokens.rows]], axis=1)
        distinct, counts = np.unique(occurrences[occurrences[:, 2] >= 0], axis=0, return_counts=True)
        for (number, form_language, label), count in zip(distinct.tolist(), counts.tolist(), strict=True):
            form = tokens.forms[number]
            by_cluster[form, label] += count
            by_language.setdefault(form, Counter())[form_language] += count
    return by_cluster, by_language


def _blocks(texts: Iterable[str], labels: IntArray) -> Iterator[tuple[IntArray, list[str]]]:
    """Yield some texts at a time, with their labels."""
    stream, first = iter(texts), 0
    while block := list(islice(stream, _TEXTS_AT_ONCE)):
        yield labels[first : first + len(block)], block
        first += len(block)
