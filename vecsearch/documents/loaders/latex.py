"""LaTeX: the source text, with its sections, its tables, equations and code, and its title, author and date.

Found by their commands alone: macros are not expanded, and included files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from vecsearch.documents.composing import Parsed, properties
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Heading, Outline, Span

_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_SECTION = re.compile(r"\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]{0,500}\]\s*)?\{")
_BLOCKS = r"[vV]erbatim|lstlisting|minted|tabularx?|longtable|equation|align|gather|multline|algorithm|algorithmic"
_BEGIN = re.compile(rf"\\begin\{{({_BLOCKS})(\*?)\}}")
_COMMENT = re.compile(r"(?<!\\)%.*")
_PROPERTY = re.compile(r"\\(title|author|date)\s*(?:\[[^\]]{0,500}\]\s*)?\{")
_BRACE = re.compile(r"(?<!\\)[{}]")
_LONGEST_TITLE = 2_000  # characters
_COMMAND = re.compile(
    r"\\(?:footnote|thanks|label|cite|ref|inst)\*?(?:\[[^\[\]]*\])?\{[^{}]*\}|\\[a-zA-Z]+\*?|[{}]|\\\\"
)


def load_latex(piece: Piece) -> Iterator[Document]:
    """Yield the document in a LaTeX file."""
    yield piece.document(parse_latex(piece.text()))


def parse_latex(content: str) -> Parsed:
    """Return `content`, unchanged, with its outline and metadata."""
    plain = _COMMENT.sub(lambda comment: " " * len(comment[0]), content)  # of equal length, so that offsets hold
    blocks = tuple(_blocks(plain))
    ends = _closing_braces(plain)
    values = {match[1]: _without_commands(_braced(plain, match.end(), ends)) for match in _PROPERTY.finditer(plain)}
    created = values.pop("date", None)
    return Parsed(
        content, Outline(tuple(_headings(plain, blocks, ends)), blocks), properties(**values, created=created)
    )


def _headings(text: str, blocks: tuple[Span, ...], ends: Mapping[int, int]) -> Iterator[Heading]:
    """Yield the section headings outside of blocks; only the first of several on one line."""
    remaining = list(reversed(blocks))
    searched = line = 0  # the end of the text searched for line ends, and the start of the line there
    last = -1
    for match in _SECTION.finditer(text):
        start = match.start()
        line = max(line, text.rfind("\n", searched, start) + 1, text.rfind("\r", searched, start) + 1)
        searched = start
        while remaining and remaining[-1].end <= start:
            remaining.pop()
        if remaining and remaining[-1].start <= start:
            continue
        if line > last:
            last = line
            yield Heading(line, _LEVELS[match[1]], _without_commands(_braced(text, match.end(), ends)))


def _blocks(text: str) -> Iterator[Span]:
    """Yield the outermost environments that are best kept whole; one without an end is left out."""
    end = 0
    unclosed: set[str] = set()  # each searched for only once, so that time stays linear in the text
    for match in _BEGIN.finditer(text):
        closing = f"\\end{{{match[1]}{match[2]}}}"
        if match.start() < end or closing in unclosed:
            continue
        close = text.find(closing, match.end())
        if close < 0:
            unclosed.add(closing)
        else:
            end = close + len(closing)
            yield Span(match.start(), end)


def _closing_braces(text: str) -> dict[int, int]:
    """Map the position after each opening brace to that of the brace that closes it."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.end())
        elif opened:
            ends[opened.pop()] = brace.start()
    return ends


def _braced(text: str, start: int, ends: Mapping[int, int]) -> str:
    """Return the text from `start` to the brace that closes it; "" when that is too far away."""
    end = ends.get(start, start)
    return text[start:end] if end - start < _LONGEST_TITLE else ""


def _without_commands(text: str) -> str:
    """Return a title without LaTeX commands, its white space collapsed."""
    return " ".join(_COMMAND.sub(" ", text.replace("~", " ")).split())
