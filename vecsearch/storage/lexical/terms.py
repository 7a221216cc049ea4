"""A word to the terms it is found by: its forms, and their stems in a language, as 64-bit numbers.

    "getUserNames"  ->  forms  getusernames, get, user, names  ->  stems  getusernam, get, user, name  ->  terms

A term is its language's number in 6 bits and 58 bits of a digest of the stem. So "die" in English text and "die" in
German text are two terms, and all terms in a file have one size. Two stems of a language with equal digests count as
one word: among a million stems, the chance that any two collide is one in half a million.

People leave accents out of queries, so "cafe" finds "Café". Where a stemmer ignores accents, they are removed before
stemming. Other stemmers need them: the Spanish one gives two words of one lemma the same stem in 70 of 100 cases, in 43
without accents. In those languages a word is indexed as written and, if that gives another term, without accents.

Postings have to be rebuilt when a change here changes the terms of a word: raise _RULES then.
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
    """Name what a word's terms depend on: this file and the version of the stemmers."""
    import Stemmer

    return f"{_RULES} snowball {Stemmer.version()}"[:20]  # the size of the field in a file


def forms(word: str) -> list[str]:
    """Return the word in lower case and each part of a compound one; empty for a word without letters and digits."""
    if word.isascii() and _is_simple(word):
        return [word.lower()]
    normal = unicodedata.normalize("NFKC", word).replace("\u00ad", "")
    parts = [normal] if _is_simple(normal) else _parts(normal)
    return [_lower(part) for part in (["".join(parts), *parts] if len(parts) > 1 else parts)]


def _is_simple(word: str) -> bool:
    return word.isalpha() and (word.islower() or word.istitle() or word.isupper())


def _lower(part: str) -> str:
    """Return the part in lower case, with ASCII digits."""
    if part.isascii():
        return part.lower()
    plain = "".join(str(unicodedata.decimal(character, character)) for character in part)
    return unicodedata.normalize("NFKC", plain.casefold())


def _parts(word: str) -> list[str]:
    """Split an identifier or number: "get_user", "getUser", "HTTPServer", "1,000" and "utf8" have two parts each."""
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
    """Whether a part begins with a character, given its neighbours."""
    if character.isdigit() or before.isdigit():
        return character.isdigit() != before.isdigit()
    return character.isupper() and (before.islower() or (before.isupper() and following.islower()))


def _folded(form: str) -> str:
    """Return the form or stem without accents if it is Latin or Greek."""
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
        """Return the term of a form in the language with this number."""
        stemmed = form if LANGUAGES[number].accents else _folded(form) or form
        stem = stemmed if number == NONE else self._stemmer(number).stemWord(stemmed)
        digest = blake2b((_folded(stem) or form).encode(), digest_size=8).digest()
        return number << LANGUAGE_SHIFT | int.from_bytes(digest, "little") >> 64 - LANGUAGE_SHIFT

    def terms(self, form: str, number: int) -> list[int]:
        """Return what a form is found by: its own term, and that of the form without accents if it differs."""
        bare = (_folded(form) or form) if LANGUAGES[number].accents else form
        return list({self.term(each, number): None for each in {form: None, bare: None}})

    def _stemmer(self, number: int) -> Any:
        if number not in self._opened:
            import Stemmer

            self._opened[number] = Stemmer.Stemmer(LANGUAGES[number].algorithm, 0)
        return self._opened[number]
