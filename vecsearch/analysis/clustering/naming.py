"""What clusters are about: the words that tell most of each, by class-based TF-IDF.

    weight of w in c  =  times w stands in c  x  log(1 + words of a cluster on average / times w stands anywhere)

Source: Grootendorst 2022, BERTopic. Words are those of the lexical leg without stop words; forms of one stem count as
one word, which is written as it stands there most often. A word is of the language that most texts with it are in, for
a short text alone is easily taken for another language's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import log1p

import numpy as np

from vecsearch.storage.lexical.languages import is_stop_word
from vecsearch.storage.lexical.reading import read
from vecsearch.storage.lexical.terms import Stemmers
from vecsearch.types import IntArray

WORDS = 4  # that name a cluster
_TEXTS_AT_ONCE = 4_096
_SHORTEST = 2  # letters


def telling_words(texts: Iterable[str], labels: IntArray, k: int, language: str, words: int = WORDS) -> list[list[str]]:
    """The words that tell most of each of k clusters, the most telling first; text i is in cluster labels[i].

    A label below 0 is that of a text in no cluster. `language` is the index's.
    """
    counted, spoken = _counted(texts, labels, language)
    terms = _terms(spoken)
    weights = _weights(_by_term(counted, terms), k)
    written = {term: form for form, term in sorted(terms.items(), key=lambda each: (spoken[each[0]].total(), each[0]))}
    best: list[list[tuple[float, str]]] = [[] for _ in range(k)]
    for (term, label), weight in weights.items():
        best[label].append((-weight, written[term]))
    return [[name for _, name in sorted(found)[:words]] for found in best]


def _weights(times: Counter[tuple[int, int]], k: int) -> dict[tuple[int, int], float]:
    """The weight of each pair of a term and a cluster, by how often the term stands there."""
    everywhere: Counter[int] = Counter()
    for (term, _), many in times.items():
        everywhere[term] += many
    average = times.total() / k
    return {pair: many * log1p(average / everywhere[pair[0]]) for pair, many in times.items()}


def _by_term(counted: Counter[tuple[str, int]], terms: Mapping[str, int]) -> Counter[tuple[int, int]]:
    times: Counter[tuple[int, int]] = Counter()
    for (form, label), many in counted.items():
        if form in terms:
            times[terms[form], label] += many
    return times


def _terms(spoken: Mapping[str, Counter[int]]) -> dict[str, int]:
    """The term of each form that says something: no stop word of its language, no number, no single letter."""
    stemmers = Stemmers()
    found = {}
    for form, languages in spoken.items():
        number = max(sorted(languages), key=languages.__getitem__)
        if len(form) >= _SHORTEST and not form.isnumeric() and not is_stop_word(form, number):
            found[form] = stemmers.term(form, number)
    return found


def _counted(
    texts: Iterable[str], labels: IntArray, language: str
) -> tuple[Counter[tuple[str, int]], dict[str, Counter[int]]]:
    """How often each form stands in each cluster, and how often in which language."""
    counted: Counter[tuple[str, int]] = Counter()
    spoken: dict[str, Counter[int]] = {}
    for own, some in _blocks(texts, labels):
        reading = read(some, language)
        kept = own[reading.rows] >= 0
        kinds = np.stack([reading.places, reading.languages, own[reading.rows]], axis=1)[kept]
        found, times = np.unique(kinds, axis=0, return_counts=True)
        for (place, number, label), many in zip(found.tolist(), times.tolist(), strict=True):
            form = reading.forms[place]
            counted[form, label] += many
            spoken.setdefault(form, Counter())[number] += many
    return counted, spoken


def _blocks(texts: Iterable[str], labels: IntArray) -> Iterator[tuple[IntArray, list[str]]]:
    """A few texts at a time, with their labels."""
    stream, first = iter(texts), 0
    while some := list(islice(stream, _TEXTS_AT_ONCE)):
        yield labels[first : first + len(some)], some
        first += len(some)
