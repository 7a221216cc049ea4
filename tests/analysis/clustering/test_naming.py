"""The words of clusters: class-based TF-IDF, held to its formula; what counts as a word."""

from __future__ import annotations

import re
from collections import Counter
from math import log

import numpy as np
import pytest

from vecsearch.analysis.clustering.naming import top_words

TEXTS = [
    "tree house garden tree river",
    "garden garden tree",
    "river boat river harbour",
    "boat boat harbour garden",
    "engine engine wheel tree",
    "wheel engine motor",
]
LABELS = np.array([0, 0, 1, 1, 2, 2])


def by_formula(texts: list[str], labels: np.ndarray, words: int) -> list[list[str]]:
    classes = [
        Counter(word for text, own in zip(texts, labels, strict=True) if own == each for word in text.split())
        for each in range(3)
    ]
    everywhere = sum(classes, Counter())
    average = sum(everywhere.values()) / len(classes)
    return [
        sorted(each, key=lambda word: (-each[word] * log(1 + average / everywhere[word]), word))[:words]
        for each in classes
    ]


def test_words_are_ranked_by_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    assert top_words(iter(TEXTS), LABELS, 3, "none", words=3) == by_formula(TEXTS, LABELS, 3)
    monkeypatch.setattr("vecsearch.analysis.clustering.naming._TEXTS_AT_ONCE", 2)
    assert top_words(iter(TEXTS), LABELS, 3, "none", words=3) == by_formula(TEXTS, LABELS, 3)


def test_stop_words_numbers_and_single_letters_name_nothing() -> None:
    found = top_words(
        ["the cat and the dog x 1234 are of a cat", "a river is in the valley"], np.array([0, 1]), 2, "en"
    )
    assert [sorted(words) for words in found] == [["cat", "dog"], ["river", "valley"]]


def test_forms_of_one_stem_are_one_word_as_it_is_written_most() -> None:
    texts = ["cards card cards delivery", "river river"]
    assert top_words(texts, np.array([0, 1]), 2, "en")[0] == ["cards", "delivery"]


def test_a_word_is_there_once_although_short_texts_are_taken_for_several_languages() -> None:
    texts = ["cancel", "el cancel", "the cancel", "le cancel", "der cancel", "river"]
    assert top_words(texts, np.array([0, 0, 0, 0, 0, 1]), 2, "auto")[0].count("cancel") == 1


def test_a_text_in_no_cluster_says_nothing() -> None:
    assert top_words(["tree", "boat"], np.array([0, -1]), 1, "en") == [["tree"]]


def test_texts_without_words_give_no_names() -> None:
    assert top_words(["...", "12"], np.array([0, 1]), 2, "auto") == [[], []]


def test_other_scripts_have_names_too() -> None:
    [first, second] = top_words(["東京の天気は東京", "река река город"], np.array([0, 1]), 2, "auto")
    assert "東京" in first
    assert re.fullmatch("рек.*", second[0])
