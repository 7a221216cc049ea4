from __future__ import annotations

from vecsearch.storage.lexical.languages import LANGUAGES
from vecsearch.storage.lexical.queries import query_words

NUMBERS = {language.code: number for number, language in enumerate(LANGUAGES)}


def looked_for(query: str, *codes: str) -> list[tuple[int, list[str]]]:
    """For each word how often it is there, and the languages in which it is looked for."""
    found = query_words(query, [NUMBERS[code] for code in codes])
    return [
        (
            word.times,
            [LANGUAGES[term >> 58].code for term, wanted in zip(word.terms, word.wanted, strict=True) if wanted],
        )
        for word in found
    ]


def test_a_word_is_looked_for_in_every_language_of_its_script_and_as_it_is() -> None:
    assert looked_for("houses", "none", "en", "de", "ru") == [(1, ["en", "de", "none"])]
    assert looked_for("кошки 東京", "none", "en", "ru") == [
        (1, ["ru", "none"]),
        (1, ["none"]),
        (1, ["none"]),
        (1, ["none"]),
    ]
    assert looked_for("houses") == [(1, ["none"])]


def test_a_stop_word_is_not_looked_for_in_its_language() -> None:
    assert looked_for("the die is hard", "en", "de") == [
        (1, ["de"]),
        (1, ["en"]),
        (1, ["de"]),
        (1, ["en", "de", "none"]),
    ]
    assert looked_for("the house", "en") == [(1, []), (1, ["en", "none"])]
    assert looked_for("the house", "none") == [(1, ["none"]), (1, ["none"])]


def test_a_query_of_stop_words_alone_is_looked_for_whole() -> None:
    assert looked_for("The who", "en", "de") == [(1, ["en", "de", "none"]), (1, ["en", "de", "none"])]


def test_a_repeated_word_is_looked_for_once_and_counted() -> None:
    assert looked_for("Tora! Tora! tora", "en") == [(3, ["en", "none"])]


def test_a_query_without_words_looks_for_nothing() -> None:
    assert query_words("?! …", [1]) == []
