"""Source code: the source text; functions, classes and other definitions are blocks, with the comments above them.

Definitions are found by indentation, which all languages share: a line, the lines below it that are indented deeper,
and the line that closes it. No grammar is needed, and code that does not compile can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vecsearch.documents.composing import Parsed
from vecsearch.documents.formats import LANGUAGES
from vecsearch.documents.loaders.text import Line, lines_of
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Outline, Span

_LONGEST_BLOCK = 3_000  # characters; of a longer definition, those inside it are blocks
_DEEPEST = 4  # levels of nested definitions that are looked at
_TAB = 4  # columns
_CLOSING = re.compile(r"[])}{]|(?:end|else|elif|elsif|except|finally|rescue|ensure|catch|fi|done|esac|then|do|begin)\b")
_LEADING = re.compile(r"#(?!include|define|if|endif)|//|/\*|\*|--|;;|@|\[|%|'''|\"\"\"|template\b")


def load_code(piece: Piece) -> Iterator[Document]:
    """Yield the document in a file of source code; its type is the language."""
    yield piece.document(parse_code(piece.text(), LANGUAGES[piece.suffix]))


def parse_code(content: str, language: str) -> Parsed:
    """Return `content`, unchanged, with its definitions as blocks and its language as type."""
    lines = lines_of(content)
    units = _blocks(lines, range(len(lines)), _DEEPEST)
    spans = (Span(lines[unit[0]].start, lines[unit[-1]].end) for unit in units)
    return Parsed(content, Outline(blocks=tuple(spans)), {"type": language})


def _blocks(lines: Sequence[Line], numbers: range, depth: int) -> Iterator[range]:
    """Yield the definitions among the lines; instead of one that is too long, those inside it."""
    for unit in _units(lines, numbers):
        if lines[unit[-1]].end - lines[unit[0]].start <= _LONGEST_BLOCK:
            yield unit
        elif depth > 1:
            yield from _blocks(lines, _body(lines, unit), depth - 1)


def _units(lines: Sequence[Line], numbers: range) -> Iterator[range]:
    """Yield the lines of each definition: from the comments right above it to the line that closes it."""
    filled = [number for number in numbers if lines[number].text]
    edge = min((_column(lines[number]) for number in filled), default=0)
    start, last, has_body, leads = -1, -1, False, False
    for number in filled:
        text = lines[number].text.lstrip()
        if _column(lines[number]) > edge and not (leads and text.startswith("*")):
            has_body = has_body or start >= 0
        elif start < 0 or not (_CLOSING.match(text) or (leads and number == last + 1)):
            if has_body:
                yield range(start, last + 1)
            start, has_body = number, False
        leads = not has_body and _LEADING.match(text) is not None
        last = number
    if has_body:
        yield range(start, last + 1)


def _body(lines: Sequence[Line], unit: range) -> range:
    """Return the lines of a definition from the first to the last that is indented deeper than its edge."""
    edge = min(_column(lines[number]) for number in unit if lines[number].text)
    inside = [number for number in unit if lines[number].text and _column(lines[number]) > edge]
    return range(inside[0], inside[-1] + 1)


def _column(line: Line) -> int:
    """Return the indentation of the line; a tab counts as four blanks."""
    return len(line.text[: line.indent].replace("\t", " " * _TAB))
