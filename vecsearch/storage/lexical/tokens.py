"""Texts to tokens and the languages they are in, in whole-array steps.

Only a word not seen before is processed by itself; every other word costs one step of the scan and one look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from itertools import chain

import numpy as np

from vecsearch.storage.lexical.languages import LANGUAGES, detect_languages, language_evidence, script_of
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.lexical.terms import forms
from vecsearch.types import IntArray


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of texts: token t is the form forms[form_numbers[t]] of a word in text rows[t].

    `scripts`, int64 (forms,), are those of the forms; `text_languages`, int64 (n, scripts), holds the language of
    each text in each script.
    """

    rows: IntArray
    form_numbers: IntArray
    forms: Sequence[str]
    scripts: IntArray
    text_languages: IntArray

    @property
    def languages(self) -> IntArray:
        """The number of each token's language, int64 (tokens,)."""
        numbers: IntArray = self.text_languages[self.rows, self.scripts[self.form_numbers]]
        return numbers


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first looked up."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


def tokenize(texts: Iterable[str], language: str) -> Tokens:
    """Return the tokens of texts in an index with this `language` option: see languages.py."""
    word_numbers, form_numbers = _Numbers(), _Numbers()
    by_text = [[word_numbers[word] for word in words(text)] for text in texts]
    by_word = [[form_numbers[form] for form in forms(word)] for word in word_numbers]
    rows = np.repeat(np.arange(len(by_text), dtype=np.int64), [len(numbers) for numbers in by_text])
    numbers = np.fromiter(chain.from_iterable(by_text), np.int64, len(rows))
    rows, parts = spread(rows, numbers, by_word)
    numbers = np.fromiter(chain.from_iterable(by_word), np.int64)[parts]
    distinct = list(form_numbers)
    scripts = np.array([script_of(form) for form in distinct], np.int64)
    evidence = _evidence_of_texts(rows, numbers, distinct, len(by_text))
    return Tokens(rows, numbers, distinct, scripts, detect_languages(evidence, language))


def spread(rows: IntArray, things: IntArray, parts_of: Sequence[Sized]) -> tuple[IntArray, IntArray]:
    """Replace each thing by its parts, in the same row; parts are numbered over those of all things."""
    sizes = np.array([len(parts) for parts in parts_of], np.int64)
    firsts = np.cumsum(sizes) - sizes
    return np.repeat(rows, sizes[things]), ranges(firsts[things], sizes[things])


def ranges(firsts: IntArray, sizes: IntArray) -> IntArray:
    """Concatenate the ranges that begin at `firsts` and have these `sizes`: int64 (sum of sizes,)."""
    before = np.cumsum(sizes) - sizes
    numbers: IntArray = np.repeat(firsts - before, sizes) + np.arange(int(sizes.sum()), dtype=np.int64)
    return numbers


def _evidence_of_texts(rows: IntArray, form_numbers: IntArray, forms: Sequence[str], n: int) -> IntArray:
    """Sum up the evidence of each text's function words for each language, int64 (n, languages).

    A word counts once, however often it occurs: "Los Angeles" does not make an English text Spanish.
    """
    function_words, weights = language_evidence(forms)
    counted = np.zeros((n, len(LANGUAGES)), np.int64)
    number = np.full(len(forms), -1, np.int64)
    number[function_words] = np.arange(len(function_words))
    is_function_word = number[form_numbers] >= 0
    m = len(function_words) or 1
    row, word = np.divmod(np.unique(rows[is_function_word] * m + number[form_numbers[is_function_word]]), m)
    for language in np.flatnonzero(weights.any(axis=0)).tolist():
        counted[:, language] = np.bincount(row, weights[word, language], n)
    return counted
