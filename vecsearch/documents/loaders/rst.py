"""reStructuredText: the source text, with its headings, and its code, literal blocks and tables.

Read line by line, without docutils: directives are not executed, and included files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vecsearch.documents.composing import Parsed
from vecsearch.documents.loaders.text import Line, lines_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Heading, Outline, Span

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_CODE = re.compile(r"\.\. +(?:code-block|code|sourcecode|parsed-literal|list-table|csv-table|math)::")
_GRID = re.compile(r"\+[-=]+(?:\+[-=]+)*\+")
_SIMPLE_BORDER = re.compile(r"=+(?: +=+)+")
_LONGEST_TITLE = 1_000  # characters
_MARKUP: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![\w:+.-])([\w+.-]*):[\w:+.-]+:`([^`]*)`"), r"\1\2"),  # :role:`text`
    (re.compile(r"`([^`<]*)<[^`<>]*>`__?"), lambda link: link[1].rstrip()),  # `text <target>`_
    (re.compile(r"``(.+?)``"), r"\1"),
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),
    (re.compile(r"(?<!\w)(\*\*?)([^\s*](?:[^*]*[^\s*])?)\1(?!\w)"), r"\2"),
)


def load_rst(piece: Piece) -> Iterator[Document]:
    """Yield the document in a reStructuredText file."""
    yield piece.document(parse_rst(piece.text()))


def parse_rst(content: str) -> Parsed:
    """Return `content`, unchanged, with its outline. A heading with an overline starts at that line."""
    lines = lines_of(content)
    blocks = list(_blocks(lines))
    outline = Outline(
        tuple(_headings(lines, {number for block in blocks for number in block})),
        tuple(Span(lines[block[0]].start, lines[block[-1]].end) for block in blocks),
    )
    return Parsed(content, outline)


def _headings(lines: list[Line], in_blocks: set[int]) -> Iterator[Heading]:
    """Yield the section titles outside of blocks. The first adornment style is level 1, the next new one 2, etc."""
    styles: list[tuple[str, bool]] = []
    number = 0
    after_break = True
    while number < len(lines):
        size = 0 if number in in_blocks else _title_size(lines[number : number + 3], after_break)
        if size:
            style = (lines[number + size - 1].text[0], size == 3)
            if style not in styles:
                styles.append(style)
            yield Heading(lines[number].start, styles.index(style) + 1, _plain(lines[number + size - 2].text))
        number += size or 1
        after_break = size > 0 or not lines[number - 1].text


def _title_size(lines: list[Line], after_break: bool) -> int:
    """Return how many of `lines`, at most three, are a section title with its adornment; 0 if they begin with none."""
    match [line.text for line in lines]:
        case [over, title, under] if over == under and _is_adornment(over) and _is_title(title):
            return 3
        case [title, under, *_] if after_break and _is_underlined(title, under):
            return 2
        case _:
            return 0


def _is_underlined(title: str, under: str) -> bool:
    """Whether `under` makes `title` a section title; docutils accepts short ones of 4 characters or more."""
    if not _is_title(title) or title[0].isspace():
        return False
    return _is_adornment(under) and len(under) >= min(len(title), 4)


def _is_title(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_TITLE and not _is_adornment(text)


def _is_adornment(text: str) -> bool:
    return _ADORNMENT.fullmatch(text) is not None and text not in ("::", "..")


def _plain(title: str) -> str:
    """Return the title without inline markup."""
    for markup, words in _MARKUP:
        title = markup.sub(words, title)
    return " ".join(title.split())


def _blocks(lines: list[Line]) -> Iterator[range]:
    """Yield the line numbers of each block."""
    last_border = max((number for number in range(len(lines)) if _ends_simple_table(lines, number)), default=-1)
    number = 0
    while number < len(lines):
        block = _block_at(lines, number, last_border)
        if block:
            yield block
        number = block[-1] + 1 if block else number + 1


def _block_at(lines: list[Line], number: int, last_border: int) -> range:
    """Return the block that starts at the line, or below it when the line ends in `::`; otherwise an empty range."""
    line = lines[number]
    text = line.text.lstrip()
    if _CODE.match(text):
        return range(number, _indented(lines, number, line.indent))
    if text.endswith("::") and not text.startswith(".. "):
        end = _indented(lines, number, line.indent)
        return range(_next_text(lines, number + 1), end)
    if _GRID.fullmatch(text):
        return range(number, _end_of_grid(lines, number))
    if number < last_border and _SIMPLE_BORDER.fullmatch(text):
        return range(number, _end_of_simple_table(lines, number))
    return range(0)


def _indented(lines: list[Line], number: int, indent: int) -> int:
    """Return the line after the last one below `number` that is indented deeper than `indent`."""
    end = number + 1
    for below in range(number + 1, len(lines)):
        if lines[below].text:
            if lines[below].indent <= indent:
                break
            end = below + 1
    return end


def _next_text(lines: list[Line], number: int) -> int:
    """Return the first line from `number` on that is not empty."""
    while number < len(lines) and not lines[number].text:
        number += 1
    return number


def _end_of_grid(lines: list[Line], number: int) -> int:
    """Return the line after the grid table that starts at `number`."""
    while number < len(lines) and lines[number].text.lstrip()[:1] in ("+", "|"):
        number += 1
    return number


def _end_of_simple_table(lines: list[Line], number: int) -> int:
    """Return the line after the simple table that starts at `number`; some border below must end it."""
    return next(below + 1 for below in range(number + 1, len(lines)) if _ends_simple_table(lines, below))


def _ends_simple_table(lines: list[Line], number: int) -> bool:
    """Whether the line is a border of a simple table that is followed by an empty line."""
    is_last = number + 1 == len(lines) or not lines[number + 1].text
    return is_last and _SIMPLE_BORDER.fullmatch(lines[number].text.lstrip()) is not None
