"""The languages whose words are reduced to stems, and detecting which of them a text is in.

The language is detected for each script of a text separately, by function words, so that the English names in a
Russian text are English. Without any, it is the first language of the script: English, Russian, Arabic. A wrong guess
costs little, because a query is read in every language that the index holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from vecsearch.errors import InvalidOption
from vecsearch.storage.lexical.stop_words import STOP_WORDS
from vecsearch.types import IntArray

AUTO = "auto"
NONE = 0  # the number of no language: words are not stemmed


class Script(IntEnum):
    """The scripts of the languages that have a stemmer."""

    OTHER = 0
    LATIN = 1
    GREEK = 2
    CYRILLIC = 3
    ARMENIAN = 4
    ARABIC = 5
    DEVANAGARI = 6
    TAMIL = 7


class Language(NamedTuple):
    """A language: its ISO 639-1 code, the name of its Snowball algorithm, its scripts.

    `accents`: whether the algorithm distinguishes endings by accents, such as "-ción" in Spanish.
    """

    code: str
    algorithm: str
    scripts: tuple[Script, ...]
    accents: bool = True


# A language's number is its index here and part of a term: a new one goes to the end, 63 at most. Of languages with
# equal evidence the first is taken. Serbian covers Croatian and Bosnian; its stemmer transliterates Cyrillic to Latin,
# so that either finds the other.
LANGUAGES = (
    Language("none", "", ()),
    Language("en", "english", (Script.LATIN,), accents=False),
    Language("de", "german", (Script.LATIN,), accents=False),
    Language("es", "spanish", (Script.LATIN,)),
    Language("fr", "french", (Script.LATIN,)),
    Language("it", "italian", (Script.LATIN,)),
    Language("pt", "portuguese", (Script.LATIN,)),
    Language("nl", "dutch", (Script.LATIN,), accents=False),
    Language("ru", "russian", (Script.CYRILLIC,)),
    Language("pl", "polish", (Script.LATIN,)),
    Language("ro", "romanian", (Script.LATIN,)),
    Language("sv", "swedish", (Script.LATIN,)),
    Language("cs", "czech", (Script.LATIN,)),
    Language("hu", "hungarian", (Script.LATIN,)),
    Language("tr", "turkish", (Script.LATIN,)),
    Language("id", "indonesian", (Script.LATIN,), accents=False),
    Language("da", "danish", (Script.LATIN,)),
    Language("no", "norwegian", (Script.LATIN,)),
    Language("fi", "finnish", (Script.LATIN,), accents=False),
    Language("sr", "serbian", (Script.LATIN, Script.CYRILLIC)),
    Language("ca", "catalan", (Script.LATIN,)),
    Language("lt", "lithuanian", (Script.LATIN,)),
    Language("et", "estonian", (Script.LATIN,), accents=False),
    Language("ga", "irish", (Script.LATIN,)),
    Language("eu", "basque", (Script.LATIN,)),
    Language("eo", "esperanto", (Script.LATIN,)),
    Language("el", "greek", (Script.GREEK,), accents=False),
    Language("hy", "armenian", (Script.ARMENIAN,)),
    Language("ar", "arabic", (Script.ARABIC,)),
    Language("fa", "persian", (Script.ARABIC,)),
    Language("hi", "hindi", (Script.DEVANAGARI,)),
    Language("ta", "tamil", (Script.TAMIL,)),
)
_LETTERS = (  # first and last letter of each block; presentation forms are normalised before
    (0x0041, 0x02AF, Script.LATIN),
    (0x0370, 0x03FF, Script.GREEK),
    (0x0400, 0x052F, Script.CYRILLIC),
    (0x0531, 0x058F, Script.ARMENIAN),
    (0x0620, 0x06FF, Script.ARABIC),
    (0x0750, 0x077F, Script.ARABIC),
    (0x08A0, 0x08FF, Script.ARABIC),
    (0x0900, 0x097F, Script.DEVANAGARI),
    (0x0B80, 0x0BFF, Script.TAMIL),
    (0x1E00, 0x1EFF, Script.LATIN),
    (0x1F00, 0x1FFF, Script.GREEK),
    (0x2C60, 0x2C7F, Script.LATIN),
    (0xA720, 0xA7FF, Script.LATIN),
    (0xAB30, 0xAB6F, Script.LATIN),
)
_SHARE = 60  # the evidence of a function word, divided among the languages that have the word


def script_of(form: str) -> Script:
    """Return the script of a word by its first letter; OTHER for a number."""
    if form.isascii():
        return Script.OTHER if form[0].isdigit() else Script.LATIN
    point = ord(form[0])
    return next((script for first, last, script in _LETTERS if first <= point <= last), Script.OTHER)


def languages_in(script: Script) -> list[int]:
    """Return the numbers of the languages written in a script, the default first."""
    return [number for number, language in enumerate(LANGUAGES) if script in language.scripts]


def is_stop_word(form: str, number: int) -> bool:
    """Whether the word is a function word of a language."""
    return form in STOP_WORDS.get(LANGUAGES[number].code, ())


def check_language(option: str) -> str:
    """Return the option; raises InvalidOption unless it is "auto", "none" or the code of a language."""
    if option != AUTO and all(option != language.code for language in LANGUAGES):
        known = [AUTO, *sorted(language.code for language in LANGUAGES)]
        raise InvalidOption(f"language is {option!r}, expected one of: {', '.join(known)}")
    return option


def language_evidence(forms: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Return which words are function words, int64 (m,), and their evidence for each language, (m, languages)."""
    known = _function_words()
    numbers = [number for number, form in enumerate(forms) if form in known]
    weights = np.array([known[forms[number]] for number in numbers], np.int64).reshape(len(numbers), len(LANGUAGES))
    return np.array(numbers, np.int64), weights


@cache
def _function_words() -> dict[str, list[int]]:
    having: dict[str, list[int]] = {}
    for number, language in enumerate(LANGUAGES):
        for word in STOP_WORDS.get(language.code, ()):
            having.setdefault(word, []).append(number)
    return {
        word: [_SHARE // len(numbers) if number in numbers else 0 for number in range(len(LANGUAGES))]
        for word, numbers in having.items()
    }


def detect_languages(evidence: IntArray, option: str) -> IntArray:
    """Return the number of the language for each text and script, int64 (n, scripts).

    evidence[i, l] is the evidence of text i's function words for language l. An option other than "auto" decides
    for its own scripts, "none" for all.
    """
    languages = np.full((len(evidence), len(Script)), NONE, np.int64)
    if option == LANGUAGES[NONE].code:
        return languages
    for script in Script:
        candidates = languages_in(script)
        chosen = [number for number in candidates if LANGUAGES[number].code == option]
        if chosen:
            languages[:, script] = chosen[0]
        elif candidates:
            languages[:, script] = np.array(candidates)[evidence[:, candidates].argmax(axis=1)]
    return languages
