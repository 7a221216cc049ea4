"""A passage on a terminal: lines within the width, of which those are shown that have most words of the query."""

from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.cli.output.passages import excerpt
from vecsearch.cli.output.text import columns
from vecsearch.storage.lexical import match_spans

CHINESE = "今天天气很好，我们去公园散步。" * 12
MIXED = "Der Käfer 甲虫 läuft über die Straße 道路 und e\u0301 한국어 ｆｕｌｌ 😀 " * 8
WIDE = set("今天气很好我们去公园散步。，甲虫道路한국어ｆｕｌ😀")
TEXT = " ".join(f"word{i} and-more" for i in range(60)) + "\nthe zebra's stripes\n" + "tail " * 80


@pytest.mark.parametrize("width", [40, 41, 60, 95])
@pytest.mark.parametrize("lines", [None, 2, 4])
def test_no_line_is_wider_than_the_width(width: int, lines: int | None) -> None:
    shown = [click.unstyle(line) for line in excerpt(TEXT, match_spans("zebra", TEXT), width, lines)]
    assert max(map(len, shown)) <= width
    assert lines is None or len(shown) == lines


def test_a_word_longer_than_the_width_is_broken() -> None:
    assert excerpt("x" * 100, (), 40, None) == ["x" * 40, "x" * 40, "x" * 20]


def test_the_lines_with_the_most_words_of_the_query_are_shown() -> None:
    assert any("zebra" in line for line in excerpt(TEXT, match_spans("zebra stripes", TEXT), 60, 3))
    assert "word0 " in excerpt(TEXT, match_spans("unrelated", TEXT), 60, 3)[0]


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_blank_passage_has_no_lines(text: str) -> None:
    assert excerpt(text, (), 60, 4) == []


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("abc", 3),
        ("漢字", 4),
        ("한국어", 6),
        ("ｆｕ", 4),
        ("ﾊﾝ", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("😀", 2),
        ("a\u200bb", 2),
    ],
)
def test_a_wide_character_counts_two_columns_and_an_accent_none(text: str, wide: int) -> None:
    assert columns(text) == wide


@pytest.mark.parametrize("text", [CHINESE, MIXED, f"{TEXT} {CHINESE}"])
@pytest.mark.parametrize("width", [40, 41, 77])
@pytest.mark.parametrize("lines", [None, 4])
def test_no_line_with_wide_characters_is_wider_than_the_width(text: str, width: int, lines: int | None) -> None:
    shown = [click.unstyle(line) for line in excerpt(text, match_spans("公园 zebra", text), width, lines)]
    widths = [sum(2 if character in WIDE else character != "\u0301" for character in line) for line in shown]
    assert width - 10 < max(widths) <= width


def test_text_without_blanks_is_broken_anywhere_and_nothing_is_lost() -> None:
    shown = excerpt(CHINESE, (), 40, None)
    assert "".join(shown) == CHINESE
    assert {columns(line) for line in shown[:-1]} == {40}
    assert excerpt(f"ab {CHINESE}", (), 41, None)[0] == f"ab {CHINESE[:19]}"


def test_an_accent_stays_with_its_letter() -> None:
    assert excerpt("e\u0301" * 100, (), 40, None) == ["e\u0301" * 40, "e\u0301" * 40, "e\u0301" * 20]


@given(st.text(st.sampled_from("ab \t漢字\u0301\u200d😀é\n"), max_size=200), st.integers(40, 50))
def test_whatever_the_text_lines_fit_and_words_are_whole_or_broken_but_never_lost(text: str, width: int) -> None:
    shown = excerpt(text, (), width, None)
    assert all(columns(line) <= width for line in shown)
    assert all(line.strip() and line == line.rstrip() for line in shown)
    assert "".join("".join(shown).split()) == "".join(text.split())


def test_indentation_is_kept_at_the_beginning_of_a_line_only() -> None:
    assert excerpt(f"    {'word ' * 20}", (), 40, None)[:2] == [f"    {'word ' * 7}".rstrip(), ("word " * 8).rstrip()]
    assert excerpt(f"{' ' * 60}word", (), 40, None) == ["word"]


def test_a_lone_surrogate_in_a_passage_is_shown_as_what_is_no_character() -> None:
    assert excerpt("caf\udce9", (), 40, None) == ["caf\ufffd"]
