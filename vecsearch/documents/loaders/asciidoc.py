"""AsciiDoc: the source text, with its headings, its code, literal blocks and tables, and the metadata of its header.

Read line by line: macros are not expanded, and included files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vecsearch.documents.composing import Parsed, properties
from vecsearch.documents.loaders.text import Line, lines_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Heading, Outline, Span

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"-{4,}|\.{4,}|\+{4,}|/{4,}|[|,:!]={3,}|```.*|--")
_CODE_FENCE = "```"  # the only fence whose last line differs from its first, which may name a language
_COMMENT = "//"
_ATTRIBUTE = re.compile(r":(author|lang|revdate|title):\s(.*)", re.DOTALL)
_AUTHOR = re.compile(r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}(?= <|$)")
_LONGEST_TITLE = 1_000  # characters
_ANCHOR = re.compile(r"\[\[[^\[\]]*\]\]|\[\[?#[^\[\]]*\]\]?")
_MACRO = re.compile(r"(?<![^\s\[])([^\s\[]+)\[([^\[\]]*)\]")  # link:target[text]
_TARGET = re.compile(r"(?:https?|link|xref|mailto):")
_QUOTES = tuple(
    re.compile(rf"(?<!\w)({sign}{sign}?)([^\s{sign}](?:[^{sign}]*[^\s{sign}])?)\1(?!\w)")
    for sign in (r"\*", "_", "`", r"\+", r"\#")
)


def load_asciidoc(piece: Piece) -> Iterator[Document]:
    """Yield the document in an AsciiDoc file."""
    yield piece.document(parse_asciidoc(piece.text()))


def parse_asciidoc(content: str) -> Parsed:
    """Return `content`, unchanged, with its outline and the metadata of its header."""
    lines = lines_of(content)
    blocks = list(_blocks(lines))
    in_blocks = {number for block in blocks for number in block}
    headings = tuple(_headings(lines, in_blocks))
    spans = tuple(
        Span(lines[block[0]].start, lines[block[-1]].end)
        for block in blocks
        if not lines[block[0]].text.startswith(_COMMENT)
    )
    return Parsed(content, Outline(headings, spans), _metadata(lines, headings))


def _blocks(lines: list[Line]) -> Iterator[range]:
    """Yield the line numbers of each delimited block that cannot contain headings."""
    number = 0
    while number < len(lines):
        text = lines[number].text
        end = number
        if text != "--" and _FENCE.fullmatch(text):
            last = _CODE_FENCE if text.startswith(_CODE_FENCE) else text
            end = next((below for below in range(number + 1, len(lines)) if lines[below].text == last), len(lines) - 1)
            yield range(number, end + 1)
        number = end + 1


def _headings(lines: list[Line], in_blocks: set[int]) -> Iterator[Heading]:
    for number, line in enumerate(lines):
        match = _HEADING.fullmatch(line.text) if number not in in_blocks else None
        if match is not None and len(match[2]) <= _LONGEST_TITLE:
            yield Heading(line.start, len(match[1]), _plain(match[2]))


def _plain(title: str) -> str:
    """Return the title without inline markup."""
    title = _MACRO.sub(_text_of_macro, _ANCHOR.sub("", title))
    for quotes in _QUOTES:
        title = quotes.sub(r"\2", title)
    return " ".join(title.split())


def _text_of_macro(macro: re.Match[str]) -> str:
    """Return the text of a link, after what precedes it; other macros unchanged."""
    target = _TARGET.search(macro[1])
    return macro[0] if target is None else macro[1][: target.start()] + macro[2]


def _metadata(lines: list[Line], headings: tuple[Heading, ...]) -> dict[str, Any]:
    """Return the metadata of the header: the lines from the title of the document to the first empty one."""
    first = next((number for number, line in enumerate(lines) if line.text and not line.text.startswith(_COMMENT)), 0)
    header = []
    for line in lines[first:]:
        if not line.text:
            break
        header.append(line.text)
    attributes = {match[1]: match[2] for text in header if (match := _ATTRIBUTE.fullmatch(text))}
    if headings and headings[0].level == 1 and lines and headings[0].start == lines[first].start:
        attributes.setdefault("title", headings[0].title)
        author = _AUTHOR.match(header[1]) if len(header) > 1 else None
        if author is not None:
            attributes.setdefault("author", author[0])
    return properties(
        title=attributes.get("title"),
        author=attributes.get("author"),
        language=attributes.get("lang"),
        created=attributes.get("revdate"),
    )
