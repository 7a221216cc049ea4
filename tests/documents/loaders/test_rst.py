"""Titles and blocks of reStructuredText, as docutils would see them."""

from __future__ import annotations

import pytest

from vecsearch.documents.loaders.rst import parse_rst


def headings(text: str) -> list[tuple[str, int]]:
    outline = parse_rst(text).outline
    for start, _, _ in outline.headings:
        assert start == 0 or text[start - 1] in "\r\n"
    return [(title, level) for _, level, title in outline.headings]


def blocks(text: str) -> list[str]:
    return [text[start:end] for start, end in parse_rst(text).outline.blocks]


def test_levels_follow_the_order_in_which_styles_appear() -> None:
    text = "===\nDoc\n===\n\nOne\n===\n\nSub\n---\n\nTwo\n===\n\nSub\n---\n\nDeep\n~~~~\n"
    assert headings(text) == [("Doc", 1), ("One", 2), ("Sub", 3), ("Two", 2), ("Sub", 3), ("Deep", 4)]


def test_a_heading_with_a_line_above_starts_there() -> None:
    text = "text\n\n=====\n Doc\n=====\nSub\n---\n"
    (first, second) = parse_rst(text).outline.headings
    assert (first.start, first.title) == (6, "Doc")
    assert (second.start, second.title) == (text.index("Sub"), "Sub")


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("The ``code`` of `a link <x>`_", "The code of a link"),
        (":mod:`json` --- *fast* and **strong**", "json --- fast and strong"),
        ("A `reference`_ and 2 * 3 * 4", "A reference and 2 * 3 * 4"),
        ("日本語の題名", "日本語の題名"),
    ],
)
def test_a_title_is_plain_text(line: str, title: str) -> None:
    assert headings(f"{line}\n{'=' * len(line) * 2}\n") == [(title, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "text\n\n----------\n\ntext\n",  # a transition
        "a paragraph of\nlines\n=====\n",
        "Title\n==\n",  # too short, and under four
        "  indented\n==========\n",
        "text::\n\n  Title\n  =====\n",
        "Title\n::\n",
        "..\n..\n",
        "=====\n",
        "",
    ],
)
def test_these_are_no_titles(text: str) -> None:
    assert headings(text) == []


def test_a_title_right_after_a_title_counts_and_a_short_line_below_does_from_four_on() -> None:
    assert headings("One\n===\nA longer title\n----\n\nX\n=\n") == [("One", 1), ("A longer title", 2), ("X", 1)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_literal_text_and_code_are_blocks(end: str) -> None:
    code = end.join([".. code-block:: python", "   :linenos:", "", "   x = 1", "", "   y = 2"])
    literal = end.join(["    a", "", "   b"])
    assert blocks(end.join(["Text::", "", literal, "", code, "", "end", ""])) == [literal, code]


def test_literal_blocks_end_with_their_indent() -> None:
    assert blocks("- item::\n\n    x\n\n- next\n\ntext::\n\nno block\n\nlast::") == ["    x"]


def test_tables_are_blocks() -> None:
    grid = "+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+"
    columns = "===  ===\na    b\n===  ===\n1    2\n\n3    4\n===  ==="
    assert blocks(f"text\n\n{grid}\n\n{columns}\n\ntext\n\n==  ==\nopen") == [grid, columns]
    assert blocks(columns) == [columns]


@pytest.mark.parametrize("title", ["*a " * 50_000, "`" + " " * 100_000, "`a <" * 30_000])
def test_what_is_too_long_for_a_title_is_none(title: str) -> None:
    """It would take the square of its length to read it."""
    assert headings(f"{title}x\n----\n") == []
    assert headings(f"----\n{title}x\n----\n") == []


def test_borders_that_no_table_ends_are_no_blocks() -> None:
    """Looking for the end of each would take the square of their number."""
    assert blocks("= =\nx\n" * 20_000) == []
