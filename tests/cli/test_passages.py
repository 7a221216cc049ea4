"""A passage on a terminal: within the width, the best lines first, the words of the query in bold."""

from __future__ import annotations

import click
import pytest
from vecsearch.cli.passages import excerpt, printable

TEXT = " ".join(f"word{i} and-more" for i in range(60)) + "\nthe zebra's stripes\n" + "tail " * 80


@pytest.mark.parametrize("width", [40, 41, 60, 95])
@pytest.mark.parametrize("lines", [None, 2, 4])
def test_no_line_is_wider_than_the_width(width: int, lines: int | None) -> None:
    shown = [click.unstyle(line) for line in excerpt(TEXT, "zebra", width, lines)]
    assert max(map(len, shown)) <= width
    assert lines is None or len(shown) == lines


def test_a_word_longer_than_the_width_is_broken() -> None:
    assert excerpt("x" * 100, "y", 40, None) == ["x" * 40, "x" * 40, "x" * 20]


def test_the_lines_with_the_most_words_of_the_query_are_shown() -> None:
    assert any("zebra" in line for line in excerpt(TEXT, "zebra stripes", 60, 3))
    assert "word0 " in excerpt(TEXT, "unrelated", 60, 3)[0]


def test_words_of_the_query_are_bold_in_any_case_and_with_an_ending() -> None:
    bold = click.style("Zebra", bold=True)
    assert excerpt("A Zebras and Azebra", "the zebra (C++)", 60, 4) == [f"A {bold}s and Azebra"]


def test_signs_in_a_query_are_no_pattern() -> None:
    assert excerpt("a.b (c) [d]", "(((", 60, 4) == ["a.b (c) [d]"]
    assert excerpt("a.b (c) [d]", ".* [d-", 60, 4) == ["a.b (c) [d]"]


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_blank_passage_has_no_lines(text: str) -> None:
    assert excerpt(text, "zebra", 60, 4) == []


def test_printable_leaves_text_and_takes_what_moves_a_cursor() -> None:
    assert printable("é 漢字 😀\ttab\nline") == "é 漢字 😀\ttab\nline"
    assert printable("\x1b[31mred\x07\x9b\u202e\u2066\r") == "[31mred"
