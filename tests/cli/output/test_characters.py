"""Which characters reach a terminal, which are left out, and which are shown as escapes."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.cli.output.characters import encodable, printable, visible, visible_json

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
SPELLED = ["é 漢字 😀", "می\u200cخواهم", "👨\u200d👩\u200d👧", "❤\ufe0f", "क्\u200dष", "\ttab"]


@pytest.mark.parametrize("text", SPELLED)
def test_what_words_and_signs_are_spelled_with_stays(text: str) -> None:
    assert visible(text) == printable(text) == text
    assert visible_json(text) == text


def test_a_passage_keeps_its_lines_and_loses_what_acts() -> None:
    assert printable("tab\tand\nline") == "tab\tand\nline"
    assert printable("\x1b[31mred\x07\x9b\u202e\u2066\r") == "[31mred"
    assert printable("open\U000e0069\U000e0067 text\ufeff") == "open text"


def test_a_name_shows_what_acts_and_what_hides() -> None:
    assert visible("a\nb\x1b[31m\x9b2J\u202e") == r"a\nb\x1b[31m\x9b2J\u202e"
    assert visible("min\u200bilm\U000e0041") == r"min\u200bilm\U000e0041"
    assert visible("c:\\notes") == "c:\\notes"


def test_a_joiner_between_latin_letters_is_shown() -> None:
    assert visible("a\u200db") == r"a\u200db"
    assert visible("漢\u200b字") == r"漢\u200b字"
    assert visible("\u200d漢") == r"\u200d漢"


def test_no_control_or_format_character_is_left_but_what_has_a_shape_of_its_own() -> None:
    shaped = {"Prepended_Concatenation_Mark": set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")}
    shaped["others"] = {chr(code) for code in (0x110BD, 0x110CD, *range(0x13430, 0x13440))}  # Kaithi, hieroglyphs
    acting = {sign for sign in EVERY if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")}
    left = {sign for sign in acting if visible(f"a{sign}b") == f"a{sign}b"}
    assert left - set().union(*shaped.values()) == {"\t"}


@settings(max_examples=examples(200))
@given(st.text())
def test_json_says_the_same(text: str) -> None:
    assert json.loads(visible_json(json.dumps(text, ensure_ascii=False))) == encodable(text)


@settings(max_examples=examples(200))
@given(st.text())
def test_a_name_is_one_line_in_every_sense_of_a_line(text: str) -> None:
    assert len(f"a{visible(text)}b".splitlines()) == 1


def test_a_lone_surrogate_is_shown_as_what_is_no_character() -> None:
    assert printable("caf\udce9") == visible("caf\udce9") == encodable("caf\udce9") == "caf\ufffd"
    assert encodable("\x1b é 😀") == "\x1b é 😀"
