"""The lines of a hit on a terminal: bold is what the query finds the passage by, and the best lines have most of it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch import Index
from vecsearch.cli.output.passages import excerpt
from vecsearch.storage.lexical import match_spans
from vecsearch.types import Span

_BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m")


def bold(query: str, text: str, width: int = 60, lines: int | None = 4) -> list[str]:
    return _BOLD.findall("\n".join(excerpt(text, match_spans(query, text), width, lines)))


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("cafe", "Das Café an der Ecke", ["Café"]),
        ("cafe\u0301", "the cafe next door", ["cafe"]),
        ("naive resume", "a naïve résumé", ["naïve", "résumé"]),
        ("zebra", "A Zebras and Azebra", ["Zebras"]),
        ("the houses", "The house of the rising sun", ["house"]),
        ("user name", "def getUserName(x):", ["getUserName"]),
        ("go", "we go on", ["go"]),
        ("公园", "我们去公园散步", ["公园"]),
        ("a.b (c) [d", "x (((", []),
        ("+++", "C++", []),
    ],
)
def test_what_a_search_finds_a_text_by_is_bold(query: str, text: str, shown: list[str]) -> None:
    assert bold(query, text) == shown


def test_the_language_of_the_index_decides(tmp_path: Path, encoder) -> None:
    for language, shown in (("de", ["Häuser"]), ("en", []), ("none", [])):
        index = Index.create(tmp_path / language, model=encoder, language=language)
        assert [text[start:end] for text in ["Häuser"] for start, end in index.matched("Haus", text)] == shown
    assert index.matched("", "Häuser") == index.matched("?", "") == []


def test_lines_with_different_words_go_before_lines_with_one_word_often() -> None:
    text = "\n".join(["red red Red red", "nothing", "nothing", "a red tree", "nothing", "nothing"])
    shown = excerpt(text, match_spans("red tree", text), 60, 2)
    assert [click.unstyle(line) for line in shown] == ["… nothing", "a red tree …"]


def test_a_single_line_fits_between_its_signs() -> None:
    text = "\n".join(["nothing"] * 3 + ["x" * 36 + " tree"] + ["nothing"] * 3)
    (line,) = excerpt(text, [Span(text.index("tree"), text.index("tree") + 4)], 40, 1)
    assert len(click.unstyle(line)) <= 40
    assert click.unstyle(line).strip("… ") == "tree"


def test_a_search_marks_words_with_their_accents(vecsearch_command: Command, place: Path, monkeypatch) -> None:
    write(place / "notes" / "a.md", "We met at the Café by the river.\n")
    assert vecsearch_command("index", "notes").status == 0
    seen = []
    monkeypatch.setattr("vecsearch.cli.output.write_text", seen.append)
    for arguments in (["cafe"], ["cafe", "--full"], ["cafe", "--mode", "dense"], ["-"]):
        seen.clear()
        assert vecsearch_command("search", *arguments, stdin="cafe\n").status == 0
        assert _BOLD.findall("\n".join(seen)) == ["Café"]
