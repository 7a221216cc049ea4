"""One word for one thing: what docs/glossary.md drops is in no message, docstring, comment, name or page."""

from __future__ import annotations

import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
GLOSSARY = HOUSE / "docs" / "glossary.md"
SOURCES = sorted([*(HOUSE / "vecsearch").rglob("*.py"), *(HOUSE / "cli").rglob("*.py")])
PAGES = sorted({*HOUSE.glob("*.md"), *(HOUSE / "docs").glob("*.md")} - {GLOSSARY})
RIGHT = ("stands for", "stands out", "standing")  # said of an abbreviation, a symbol


def dropped() -> list[str]:
    """The words and phrases of the glossary's last table."""
    table = GLOSSARY.read_text(encoding="utf-8").split("## Words we do not use")[1]
    return [phrase for row in re.findall(r"^\| ([a-z ,]+) \|", table, re.M) for phrase in row.split(", ")][1:]


@cache
def pattern() -> re.Pattern[str]:
    right = "".join(rf"(?!{phrase}\b)" for phrase in RIGHT)
    words = "|".join(dropped()).replace("is none", "(?<!there )(?-i:is none)")
    return re.compile(rf"(?<![\w`]){right}({words})(?![\w`])", re.I)


def prose_of(source: str) -> list[tuple[int, str]]:
    """The comments, texts and names of Python code, each with its line; a name's words are apart."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)):
            found.append((token.start[0], token.string))
        elif token.type == tokenize.NAME:
            found.append((token.start[0], token.string.replace("_", " ").strip()))
    return found


def hits(places: list[tuple[int, str]]) -> list[str]:
    return [f"{line}: {match[0]}" for line, text in places for match in pattern().finditer(re.sub(r"\s+", " ", text))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_code_uses_the_words_of_the_glossary(path: Path) -> None:
    assert hits(prose_of(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_use_the_words_of_the_glossary(path: Path) -> None:
    text = re.sub(
        r"^```.*?^```$", lambda block: "\n" * block[0].count("\n"), path.read_text("utf-8"), flags=re.M | re.S
    )
    assert hits(list(enumerate(text.splitlines(), 1))) == []


def test_a_dropped_word_would_be_found() -> None:
    assert len(dropped()) > 10
    source = (
        '"""The dense leg."""\ndef _told(): ...\n# made anew\nx = f"it is\\n none {1}"\n# a token stands for a word\n'
    )
    assert [hit.split(": ")[1] for hit in hits(prose_of(source))][:3] == ["leg", "told", "anew"]
    assert not hits([(1, "a symbol stands for a word")])
    assert hits([(1, "it stands here")])
