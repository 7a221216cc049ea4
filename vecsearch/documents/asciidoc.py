"""AsciiDoc: the text as it stands, with its headings, code and literal blocks and tables, and what its header says.

Read line by line: macros are not carried out, and what they would include is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vecsearch.documents.lines import Line, lines_of
from vecsearch.documents.properties import properties
from vecsearch.types import Document, Heading, Outline, Span

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"-{4,}|\.{4,}|\+{4,}|/{4,}|[|,:!]={3,}|```.*|--")
_SAME = ("```",)  # whose last line is not like the first
_COMMENT = "//"
_ATTRIBUTE = re.compile(r":(author|lang|revdate|title):\s+(.*)")
_AUTHOR = re.compile(r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}(?= <|$)")
_LONGEST_TITLE = 1_000  # characters; taking markup out takes the square of them
_MARKUP = (
    (re.compile(r"\[\[[^\]]*\]\]|\s*\[\[?#[^\]]*\]\]?"), ""),
    (re.compile(r"(?:https?|link|xref|mailto):[^\s\[]*\[([^\]]*)\]"), r"\1"),
    (re.compile(r"(?<!\w)([*_`+#]{1,2})(\S(?:.*?\S)?)\1(?!\w)"), r"\2"),
)


def asciidoc_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged, with its outline and what its header says."""
    lines = lines_of(content)
    blocks = list(_blocks(lines))
    taken = {number for block in blocks for number in block}
    headings = tuple(_headings(lines, taken))
    spans = tuple(
        Span(lines[block[0]].start, lines[block[-1]].end)
        for block in blocks
        if not lines[block[0]].text.startswith(_COMMENT)
    )
    return Document(document_id, content, _metadata(lines, headings), source, Outline(headings, spans))


def _blocks(lines: list[Line]) -> Iterator[range]:
    """The numbers of the lines of each delimited block in which no heading can be."""
    number = 0
    while number < len(lines):
        text = lines[number].text
        end = number
        if text != "--" and _FENCE.fullmatch(text):
            last = "```" if text.startswith(_SAME) else text
            end = next((below for below in range(number + 1, len(lines)) if lines[below].text == last), len(lines) - 1)
            yield range(number, end + 1)
        number = end + 1


def _headings(lines: list[Line], taken: set[int]) -> Iterator[Heading]:
    for number, line in enumerate(lines):
        found = _HEADING.fullmatch(line.text) if number not in taken else None
        if found is not None and len(found[2]) <= _LONGEST_TITLE:
            yield Heading(line.start, len(found[1]), _plain(found[2]))


def _plain(title: str) -> str:
    """The title without the marks of inline markup."""
    for markup, words in _MARKUP:
        title = markup.sub(words, title)
    return title.strip()


def _metadata(lines: list[Line], headings: tuple[Heading, ...]) -> dict[str, Any]:
    """What the header says: the lines from the title of the document to the first empty one."""
    first = next((number for number, line in enumerate(lines) if line.text and not line.text.startswith(_COMMENT)), 0)
    header = []
    for line in lines[first:]:
        if not line.text:
            break
        header.append(line.text)
    found = {match[1]: match[2] for text in header if (match := _ATTRIBUTE.fullmatch(text))}
    if headings and headings[0].level == 1 and lines and headings[0].start == lines[first].start:
        found.setdefault("title", headings[0].title)
        author = _AUTHOR.match(header[1]) if len(header) > 1 else None
        if author is not None:
            found.setdefault("author", author[0])
    return properties(
        title=found.get("title"), author=found.get("author"), language=found.get("lang"), created=found.get("revdate")
    )
