"""Texts to the forms of their words and the languages they are in, in whole-array steps.

Only a word that was not met before is looked at by itself; a text of common words costs one scan and one look-up each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from itertools import chain

import numpy as np

from vecsearch.storage.lexical.languages import LANGUAGES, evidence, languages_told, script_of
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.lexical.terms import forms
from vecsearch.types import IntArray


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts as they were read: token t, a form of a word, is forms[places[t]] and stands in text rows[t].

    `scripts`, int64 (forms,), are theirs; `told`, int64 (n, scripts), is the language of each text in each script.
    """

    rows: IntArray
    places: IntArray
    forms: Sequence[str]
    scripts: IntArray
    told: IntArray

    @property
    def languages(self) -> IntArray:
        """The number of each token's language, int64 (tokens,)."""
        numbers: IntArray = self.told[self.rows, self.scripts[self.places]]
        return numbers


class _Numbers(dict[str, int]):
    """Numbers what it is asked for, in the order in which it is first asked."""

    def __missing__(self, thing: str) -> int:
        self[thing] = number = len(self)
        return number


def read(texts: Iterable[str], language: str) -> Reading:
    """The texts as they are read when the index's option is `language`: see languages.py."""
    met, known = _Numbers(), _Numbers()
    tokens = [[met[word] for word in words(text)] for text in texts]
    by_word = [[known[form] for form in forms(word)] for word in met]
    rows = np.repeat(np.arange(len(tokens), dtype=np.int64), [len(found) for found in tokens])
    places = np.fromiter(chain.from_iterable(tokens), np.int64, len(rows))
    rows, parts = spread(rows, places, by_word)
    places = np.fromiter(chain.from_iterable(by_word), np.int64)[parts]
    seen = list(known)
    scripts = np.array([script_of(form) for form in seen], np.int64)
    return Reading(rows, places, seen, scripts, languages_told(_counted(rows, places, seen, len(tokens)), language))


def spread(rows: IntArray, things: IntArray, parts_of: Sequence[Sized]) -> tuple[IntArray, IntArray]:
    """Each thing as its parts, which stand in the row where it stands; a part is numbered over those of all things."""
    sizes = np.array([len(parts) for parts in parts_of], np.int64)
    firsts = np.cumsum(sizes) - sizes
    return np.repeat(rows, sizes[things]), ranges(firsts[things], sizes[things])


def ranges(firsts: IntArray, sizes: IntArray) -> IntArray:
    """The numbers from each first on, so many of each, one after the other: int64 (sum of sizes,)."""
    before = np.cumsum(sizes) - sizes
    numbers: IntArray = np.repeat(firsts - before, sizes) + np.arange(int(sizes.sum()), dtype=np.int64)
    return numbers


def _counted(rows: IntArray, places: IntArray, seen: Sequence[str], n: int) -> IntArray:
    """What the function words of each text say for each language, int64 (n, languages).

    A word says it once, however often it stands there: "Los Angeles" does not make an English text Spanish.
    """
    telling, weights = evidence(seen)
    counted = np.zeros((n, len(LANGUAGES)), np.int64)
    number = np.full(len(seen), -1, np.int64)
    number[telling] = np.arange(len(telling))
    told = number[places] >= 0
    row, word = np.divmod(np.unique(rows[told] * (len(telling) or 1) + number[places[told]]), len(telling) or 1)
    for language in np.flatnonzero(weights.any(axis=0)).tolist():
        counted[:, language] = np.bincount(row, weights[word, language], n)
    return counted
