"""A word to what it is searched by: its forms, and their stems in a language, as numbers of 64 bits.

    "getUserNames"  ->  forms  getusernames, get, user, names  ->  stems  getusernam, get, user, name  ->  terms

A term is its language's number in 6 bits and 58 bits of a digest of the stem. So "die" in English text and "die" in
German text are two terms, and what stands in a file has one size. Two stems of a language with one digest count as one
word: of a million stems two have that in one of half a million cases.

People leave accents out when they ask, so "cafe" finds "Café". Where a stemmer makes nothing of accents, they go before
it reads the word. Elsewhere it needs them: of two Spanish words with one lemma it makes one stem in 70 of 100 cases, in
43 without accents. There a word stands in an index as it is and, where that makes another term, without them.

An index has to be built again when what is written here changes what becomes of a word: raise _RULES then.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from vecsearch.storage.lexical.languages import LANGUAGES, NONE

_RULES = 2
LANGUAGE_SHIFT = 58
_ACRONYMS = re.compile(r"[A-Z]{2,}s")  # "RNAs" is one word
_JOINERS = "\u200c\u200d"  # inside words of Persian and Indic scripts
_ACCENT = re.compile("[\u0300-\u036f]")
_WITHOUT = str.maketrans(dict.fromkeys(_JOINERS))
_UNACCENTED = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th"})


def rules() -> str:
    """What a word's terms depend on: what is written here, and the stemmers."""
    import Stemmer

    return f"{_RULES} snowball {Stemmer.version()}"[:20]  # the room there is in a file


def forms(word: str) -> list[str]:
    """The word in lower case and, when it is made of parts, each part; none for what holds no letter or digit."""
    if word.isascii() and _is_simple(word):
        return [word.lower()]
    normal = unicodedata.normalize("NFKC", word).replace("\u00ad", "")
    parts = [normal] if _is_simple(normal) else _parts(normal)
    return [_lower(part) for part in (["".join(parts), *parts] if len(parts) > 1 else parts)]


def _is_simple(word: str) -> bool:
    return word.isalpha() and (word.islower() or word.istitle() or word.isupper())


def _lower(part: str) -> str:
    """The part in lower case, its digits those of ASCII."""
    if part.isascii():
        return part.lower()
    plain = "".join(str(unicodedata.decimal(character, character)) for character in part)
    return unicodedata.normalize("NFKC", plain.casefold())


def _parts(word: str) -> list[str]:
    """The parts of an identifier or number: "get_user", "getUser", "HTTPServer", "1,000" and "utf8" have two each."""
    if _ACRONYMS.fullmatch(word):
        return [word]
    parts = [""]
    for character, following in pairwise(word + "\0"):
        if not (character.isalnum() or character in _JOINERS or unicodedata.category(character)[0] == "M"):
            parts.append("")
            continue
        if parts[-1] and _begins_part(parts[-1][-1], character, following):
            parts.append("")
        parts[-1] += character
    return [part for part in parts if any(map(str.isalnum, part))]


def _begins_part(before: str, character: str, following: str) -> bool:
    """Whether a part begins with a character, given what stands before and after it."""
    if character.isdigit() or before.isdigit():
        return character.isdigit() != before.isdigit()
    return character.isupper() and (before.islower() or (before.isupper() and following.islower()))


def _folded(form: str) -> str:
    """The form or stem without accents where it is Latin or Greek."""
    if form.isascii():
        return form
    apart = unicodedata.normalize("NFD", form.translate(_WITHOUT))
    if apart < "\u0400":
        return _ACCENT.sub("", apart).translate(_UNACCENTED)
    return unicodedata.normalize("NFC", apart)


class Stemmers:
    """The stemmers of all languages, each opened when it is first used.

    A Snowball stemmer has a state, so an object is for one thread: make one where it is needed, which costs nothing.
    """

    def __init__(self) -> None:
        self._opened: dict[int, Any] = {}

    def term(self, form: str, number: int) -> int:
        """What a form is searched by in the language with this number."""
        read = form if LANGUAGES[number].accents else _folded(form) or form
        stem = read if number == NONE else self._stemmer(number).stemWord(read)
        digest = blake2b((_folded(stem) or form).encode(), digest_size=8).digest()
        return number << LANGUAGE_SHIFT | int.from_bytes(digest, "little") >> 64 - LANGUAGE_SHIFT

    def terms(self, form: str, number: int) -> list[int]:
        """What a form is found by: its own term, and that of the form without accents where it is another."""
        bare = (_folded(form) or form) if LANGUAGES[number].accents else form
        return list({self.term(each, number): None for each in {form: None, bare: None}})

    def _stemmer(self, number: int) -> Any:
        if number not in self._opened:
            import Stemmer

            self._opened[number] = Stemmer.Stemmer(LANGUAGES[number].algorithm, 0)
        return self._opened[number]
