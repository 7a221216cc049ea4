"""A text to its words as written, in any script: one scan by a regular expression, with offsets.

This decides where a word begins and ends; terms.py decides what it is found by.

    words        letters, digits, marks and underscores: "naïve", "get_user_name", "हिन्दी"
    numbers      digits with single points or commas between them: "3.14", "1,000,000"
    pairs        scripts without spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are cut
                 into pairs of neighbouring characters, as Lucene's CJKBigramFilter does; Korean has spaces but
                 attaches particles to its words. A Han character, often a word, is also a word by itself: "東京都"
                 gives "東京", "京都", "東", "京", "都"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from typing import NamedTuple

from vecsearch.types import Span

# Blocks of letters and marks: Thai, Lao, Burmese, Hangul Jamo, Khmer, CJK radicals, kana to Hangul, Hangul, Han,
# half-width forms, Han beyond the first plane. The middle dot of Katakana and the iteration marks lie between.
_SPACELESS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1100-\u11ff\u1780-\u17d3"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_INSIDE = "\u00ad\u200c\u200d"  # the soft hyphen and the joiners of Persian and Indic scripts do not end a word
_NUMBER = r"\d+(?:[.,]\d+)+"
_ASCII = re.compile(rf"{_NUMBER}|\w+", re.ASCII)
_SIMPLE = re.compile(rf"{_NUMBER}|\w+")
_HAS_SPACELESS = re.compile(f"[{_SPACELESS}]")
_IS_HAN = re.compile(f"[{_HAN}]")


def words(text: str) -> list[str]:
    """Return the words of a text, in order."""
    matches: list[str] = _pattern_for(text).findall(text)
    if not text.isascii() and _HAS_SPACELESS.search(text):
        return [part for word in matches for part in (_pairs(word) if _is_spaceless(word) else (word,))]
    return matches


def word_spans(text: str) -> Iterator[Span]:
    """Yield where each of the `words` of a text is, in the same order; pairs overlap."""
    for match in _pattern_for(text).finditer(text):
        start, end = match.span()
        if end - start > 1 and _is_spaceless(match[0]):
            yield from (Span(first, first + 2) for first in range(start, end - 1))
            yield from (Span(at, at + 1) for at in range(start, end) if _IS_HAN.match(text, at))
        else:
            yield Span(start, end)


def _is_spaceless(word: str) -> bool:
    return _HAS_SPACELESS.match(word) is not None


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    return [first + second for first, second in pairwise(run)] + _IS_HAN.findall(run)


def _pattern_for(text: str) -> re.Pattern[str]:
    """Return the cheapest pattern that finds the text's words: the last takes three times as long as the first."""
    if text.isascii():
        return _ASCII
    every = _every_script()
    return every.pattern if every.special.search(text) else _SIMPLE


class _EveryScript(NamedTuple):
    """A pattern for any text, and one for the characters that need it."""

    pattern: re.Pattern[str]
    special: re.Pattern[str]


@cache
def _every_script() -> _EveryScript:
    """Python's \\w excludes combining marks, which are half of Hindi and Thai: here they belong to their word."""
    letters, marks = rf"[^\W{_SPACELESS}]", _marks() + _INSIDE
    pattern = rf"[{_SPACELESS}]+|{_NUMBER}|(?:{letters}+|[{marks}]+)+"
    return _EveryScript(re.compile(pattern), re.compile(f"[{_SPACELESS}{marks}]"))


def _marks() -> str:
    """Return the combining marks of the first plane, Chakma and Adlam, as the ranges of a character class."""
    points = chain(range(0x300, 0x3400), range(0xA4D0, 0xAC00), range(0xFB00, 0xFE30))  # none in Han and Hangul
    marks = [point for point in points if unicodedata.category(chr(point))[0] == "M"]
    firsts = [point for point, before in zip(marks, [0, *marks], strict=False) if point != before + 1]
    lasts = [point for point, after in zip(marks, [*marks[1:], 0], strict=False) if point != after - 1]
    ranges = [f"{chr(first)}-{chr(last)}" for first, last in zip(firsts, lasts, strict=True)]
    return "".join(ranges) + "\U00011100-\U00011102\U00011127-\U00011134\U0001e944-\U0001e94a"
