from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.storage.lexical.splitting import _SPACELESS, word_spans, words

TEXT = st.text(st.sampled_from("aZé_ .,1٣東京ーカ가สวัदिन्\u0301\u200c\u00ad😀\ufe0f'\n"), max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat's hat.", ["The", "cat", "s", "hat"]),
        ("get_user_name(x)", ["get_user_name", "x"]),
        ("pi is 3.14, 1,000 or 3.11.2.", ["pi", "is", "3.14", "1,000", "or", "3.11.2"]),
        ("10-15 km/h", ["10", "15", "km", "h"]),
        ("naïve cafe\u0301s", ["naïve", "cafe\u0301s"]),
        ("ex\u00adample", ["ex\u00adample"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("東京都", ["東京", "京都", "東", "京", "都"]),
        ("猫。", ["猫"]),
        ("カメラ", ["カメ", "メラ"]),
        ("ｶﾒﾗ", ["ｶﾒ", "ﾒﾗ"]),
        ("Pythonは3.12版", ["Python", "は", "3.12", "版"]),
        ("한국어 책", ["한국", "국어", "책"]),
        ("สวัสดี hi", ["สว", "วั", "ัส", "สด", "ดี", "hi"]),
        ("𠮷野", ["𠮷野", "𠮷", "野"]),
        ("... — !", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_its_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(max_size=40) | TEXT)
def test_the_spans_of_words_are_where_they_stand(text: str) -> None:
    assert [text[start:end] for start, end in word_spans(text)] == words(text)


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_what_stands_beside_a_word_does_not_change_it(text: str) -> None:
    assert words(text + " é") == [*words(text), "é"]
    assert words(text + " 東") == [*words(text), "東"]
    assert words(text + " कि") == [*words(text), "कि"]


def test_a_mark_of_any_script_parts_no_word() -> None:
    first, last = zip(*(part.split("-") for part in _ranges()), strict=True)
    apart = [
        mark
        for mark in map(chr, range(0x300, 0x10000))
        if unicodedata.category(mark)[0] == "M"
        and not any(a <= mark <= b for a, b in zip(first, last, strict=True))
        and words(f"a{mark}b") != [f"a{mark}b"]
    ]
    assert [mark for mark in apart if not 0xFE00 <= ord(mark) <= 0xFE0F] == []


def _ranges() -> list[str]:
    return [_SPACELESS[place : place + 3] for place in range(0, len(_SPACELESS), 3)]
