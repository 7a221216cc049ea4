"""reStructuredText: the text as it stands, with its headings, code and literal blocks and tables.

Read line by line, without docutils: directives are not carried out, and what they would include is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vecsearch.documents.lines import Line, lines_of
from vecsearch.types import Document, Heading, Outline, Span

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_CODE = re.compile(r"\.\. +(?:code-block|code|sourcecode|parsed-literal|list-table|csv-table|math)::")
_GRID = re.compile(r"\+[-=]+(?:\+[-=]+)*\+")
_COLUMNS = re.compile(r"=+(?: +=+)+")
_LONGEST_TITLE = 1_000  # characters; taking markup out takes the square of them
_MARKUP = (
    (re.compile(r":[\w:+.-]+:`([^`]*)`"), r"\1"),  # :role:`text`
    (re.compile(r"`([^`<]*?)\s*<[^`>]*>`__?"), r"\1"),  # `text <target>`_
    (re.compile(r"``(.+?)``"), r"\1"),
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),
    (re.compile(r"(?<!\w)(\*\*?)(\S(?:.*?\S)?)\1(?!\w)"), r"\2"),
)


def rst_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged, with its outline.

    A heading with a line above its title starts at that line.
    """
    lines = lines_of(content)
    blocks = list(_blocks(lines))
    outline = Outline(
        tuple(_headings(lines, {number for block in blocks for number in block})),
        tuple(Span(lines[block[0]].start, lines[block[-1]].end) for block in blocks),
    )
    return Document(document_id, content, source=source, outline=outline)


def _headings(lines: list[Line], taken: set[int]) -> Iterator[Heading]:
    """The section titles; `taken` are the lines of blocks. A style's level is its place among the styles so far."""
    styles: list[tuple[str, bool]] = []
    number = 0
    after_break = True
    while number < len(lines):
        size = 0 if number in taken else _title_size(lines[number : number + 3], after_break)
        if size:
            style = (lines[number + size - 1].text[0], size == 3)
            if style not in styles:
                styles.append(style)
            yield Heading(lines[number].start, styles.index(style) + 1, _plain(lines[number + size - 2].text))
        number += size or 1
        after_break = size > 0 or not lines[number - 1].text


def _title_size(lines: list[Line], after_break: bool) -> int:
    """How many of `lines`, of which there are up to three, are a section title with its adornment; 0 for none."""
    match [line.text for line in lines]:
        case [over, title, under] if over == under and _is_adornment(over) and _is_title(title):
            return 3
        case [title, under, *_] if after_break and _is_underlined(title, under):
            return 2
        case _:
            return 0


def _is_underlined(title: str, under: str) -> bool:
    """Whether `under` makes a title of `title`: docutils takes a short one, with a warning, from four characters on."""
    if not _is_title(title) or title[0].isspace():
        return False
    return _is_adornment(under) and len(under) >= min(len(title), 4)


def _is_title(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_TITLE and not _is_adornment(text)


def _is_adornment(text: str) -> bool:
    return _ADORNMENT.fullmatch(text) is not None and text not in ("::", "..")


def _plain(title: str) -> str:
    """The title without the marks of inline markup."""
    for markup, words in _MARKUP:
        title = markup.sub(words, title)
    return title.strip()


def _blocks(lines: list[Line]) -> Iterator[range]:
    """The numbers of the lines of each block."""
    last_border = max((number for number in range(len(lines)) if _ends_columns(lines, number)), default=-1)
    number = 0
    while number < len(lines):
        block = _block_at(lines, number, last_border)
        if block:
            yield block
        number = block[-1] + 1 if block else number + 1


def _block_at(lines: list[Line], number: int, last_border: int) -> range:
    """The block that starts at the line, or below it when the line ends in `::`; empty when there is none."""
    line = lines[number]
    text = line.text.lstrip()
    if _CODE.match(text):
        return range(number, _indented(lines, number, line.indent))
    if text.endswith("::") and not text.startswith(".. "):
        end = _indented(lines, number, line.indent)
        return range(_next_text(lines, number + 1), end)
    if _GRID.fullmatch(text):
        return range(number, _end_of_grid(lines, number))
    if number < last_border and _COLUMNS.fullmatch(text):
        return range(number, _end_of_columns(lines, number))
    return range(0)


def _indented(lines: list[Line], number: int, indent: int) -> int:
    """One past the last line of text, from below `number` on, that stands further in than `indent`."""
    end = number + 1
    for below in range(number + 1, len(lines)):
        if lines[below].text:
            if lines[below].indent <= indent:
                break
            end = below + 1
    return end


def _next_text(lines: list[Line], number: int) -> int:
    """The first line of text from `number` on."""
    while number < len(lines) and not lines[number].text:
        number += 1
    return number


def _end_of_grid(lines: list[Line], number: int) -> int:
    """One past the grid table that starts at `number`."""
    while number < len(lines) and lines[number].text.lstrip()[:1] in ("+", "|"):
        number += 1
    return number


def _end_of_columns(lines: list[Line], number: int) -> int:
    """One past the simple table that starts at `number`, below which a border ends it."""
    return next(below + 1 for below in range(number + 1, len(lines)) if _ends_columns(lines, below))


def _ends_columns(lines: list[Line], number: int) -> bool:
    """Whether the line is a border of a simple table that an empty line follows."""
    is_last = number + 1 == len(lines) or not lines[number + 1].text
    return is_last and _COLUMNS.fullmatch(lines[number].text.lstrip()) is not None
