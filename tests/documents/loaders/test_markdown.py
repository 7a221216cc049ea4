"""Headings, code blocks and tables of Markdown, with offsets in characters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vecsearch.documents.loaders.markdown import parse_markdown
from vecsearch.types import Outline


def outline(text: str) -> Outline:
    document = parse_markdown(text)
    assert document.text == text
    return document.outline


def headings(text: str) -> list[tuple[str, int, str]]:
    """Title, level, and the line that the heading starts at."""
    return [(title, level, text[start:].splitlines()[0]) for start, level, title in outline(text).headings]


def blocks(text: str) -> list[str]:
    return [text[start:end] for start, end in outline(text).blocks]


@pytest.mark.parametrize(
    ("line", "title", "level"),
    [
        ("# Plain", "Plain", 1),
        ("###### Six ######", "Six", 6),
        ("## The `code` of [a link](x.md) *and* **more**", "The code of a link and more", 2),
        ("## ![An image](x.png) &amp; <b>bold</b>", "An image & bold", 2),
        ("# Install { #install }", "Install", 1),
        ("# Install {#install .wide}", "Install", 1),
        ("# `{ }` braces stay { }", "{ } braces stay { }", 1),
        ("  # Indented", "Indented", 1),
        ("> ## Quoted", "Quoted", 2),
        ("- ### In a list", "In a list", 3),
        ("1. > # Deeper", "Deeper", 1),
        ("# 日本語 😀", "日本語 😀", 1),
    ],
)
def test_a_title_is_plain_text_and_starts_at_its_line(line: str, title: str, level: int) -> None:
    assert headings(f"Ünïcode 😀 before\n\n{line}\n\nafter\n") == [(title, level, line)]


def test_underlined_headings_may_have_several_lines() -> None:
    assert headings("One\n===\n\nTwo\nlines\n---\n") == [("One", 1, "One"), ("Two lines", 2, "Two")]


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: x\n---\n\ntext",
        "+++\ntitle = 1\n+++\n\ntext",
        "```\n# code\n```",
        "    # code",
        "#hashtag",
        "<div>\n# html\n</div>",
        "<!--\n# comment\n-->",
    ],
)
def test_these_are_no_headings(text: str) -> None:
    assert headings(text) == []


def test_front_matter_does_not_hide_what_follows() -> None:
    assert headings("---\ntitle: x\n---\n# One\n") == [("One", 1, "# One")]


def test_code_blocks_and_tables_are_blocks_with_their_indent() -> None:
    text = "é\n\n```py\nx\n```\n\n    two\n    lines\n\n- item\n\n  ~~~\n  in\n  ~~~\n\n| a |\n|---|\n| 1 |\n\nend"
    assert [block.rstrip() for block in blocks(text)] == [
        "```py\nx\n```",
        "    two\n    lines",
        "  ~~~\n  in\n  ~~~",
        "| a |\n|---|\n| 1 |",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_understood(end: str) -> None:
    text = end.join(["text", "", "# One", "", "```", "x", "```", "", "Two", "---", ""])
    assert headings(text) == [("One", 1, "# One"), ("Two", 2, "Two")]
    assert [block.strip() for block in blocks(text)] == [end.join(["```", "x", "```"])]


def words(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def test_real_documentation_has_its_headings_where_they_are(shared_data: Callable[[str], Path]) -> None:
    files = sorted(shared_data("docs/fastapi").rglob("*.md"))
    found = 0
    for file in files:
        text = file.read_bytes().decode()
        for start, level, title in outline(text).headings:
            line = text[start:].split("\n", 1)[0]
            assert line.startswith("#" * level) or level <= 2, (file, line)
            assert "<" in line or words(title)[:3] in words(line), (file, line, title)
            assert "{ #" not in title
            found += 1
    assert found > 5000


def test_the_attributes_behind_a_title_are_markup_and_the_rest_of_the_text_is_not():
    text = "# Título 😀 { #titulo .wide }\r\n\r\nHello { #no }\n\nSetext { #s }\n======\n\n## Plain {braces}\n"
    document = parse_markdown(text)
    assert [text[start:end] for start, end in document.outline.markup] == [" { #titulo .wide }", " { #s }"]
    assert [heading.title for heading in document.outline.headings] == ["Título 😀", "Setext", "Plain {braces}"]


def test_a_heading_of_any_length_is_searched_for_attributes_in_bounded_time():
    document = parse_markdown("# " + "{ #" * 100_000)
    assert document.outline.markup == ()
