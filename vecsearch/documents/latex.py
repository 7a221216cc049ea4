"""LaTeX: the text as it stands, with its sections, tables, equations and code, and its title and author.

Read by its marks alone: macros are not carried out, and other files are not brought in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vecsearch.documents.properties import properties
from vecsearch.types import Document, Heading, Outline, Span

_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_SECTION = re.compile(r"\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]{0,500}\]\s*)?\{")
_BLOCKS = r"[vV]erbatim|lstlisting|minted|tabularx?|longtable|equation|align|gather|multline|algorithm|algorithmic"
_BEGIN = re.compile(rf"\\begin\{{({_BLOCKS})(\*?)\}}")
_COMMENT = re.compile(r"(?<!\\)%.*")
_SAID = re.compile(r"\\(title|author|date)\s*(?:\[[^\]]{0,500}\]\s*)?\{")
_BRACE = re.compile(r"(?<!\\)[{}]")
_LONGEST_TITLE = 2_000  # characters
_COMMAND = re.compile(r"\\(?:footnote|thanks|label|cite|ref|inst)\*?(?:\[[^\]]*\])?\{[^{}]*\}|\\[a-zA-Z]+\*?|[{}]|\\\\")


def latex_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged, with its outline."""
    plain = _COMMENT.sub(lambda comment: " " * len(comment[0]), content)  # as long, so that offsets stay
    blocks = tuple(_blocks(plain))
    metadata = {found[1]: _words(_braced(plain, found.end())) for found in _SAID.finditer(plain)}
    created = metadata.pop("date", None)
    return Document(
        document_id,
        content,
        properties(**metadata, created=created),
        source,
        Outline(tuple(_headings(plain, blocks)), blocks),
    )


def _headings(text: str, blocks: tuple[Span, ...]) -> Iterator[Heading]:
    """The sections that are not shown as code; two on one line are one."""
    waiting = list(reversed(blocks))
    seen = line = 0  # up to where line ends were looked for, and where the last of the lines begins
    last = -1
    for found in _SECTION.finditer(text):
        line = max(line, text.rfind("\n", seen, found.start()) + 1, text.rfind("\r", seen, found.start()) + 1)
        seen = found.start()
        while waiting and waiting[-1].end <= found.start():
            waiting.pop()
        if waiting and waiting[-1].start <= found.start():
            continue
        if line > last:
            last = line
            yield Heading(line, _LEVELS[found[1]], _words(_braced(text, found.end())))


def _blocks(text: str) -> Iterator[Span]:
    """The outermost environments that are best kept whole; one that does not end is none."""
    end = 0
    endless: set[str] = set()  # looked for once only, so that time stays in proportion to the text
    for found in _BEGIN.finditer(text):
        mark = f"\\end{{{found[1]}{found[2]}}}"
        if found.start() < end or mark in endless:
            continue
        close = text.find(mark, found.end())
        if close < 0:
            endless.add(mark)
        else:
            end = close + len(mark)
            yield Span(found.start(), end)


def _braced(text: str, start: int) -> str:
    """What stands from `start` up to the brace that closes it; "" when none does near."""
    depth = 1
    for brace in _BRACE.finditer(text, start, start + _LONGEST_TITLE):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start : brace.start()]
    return ""


def _words(text: str) -> str:
    """The words of a title without its commands."""
    return " ".join(_COMMAND.sub(" ", text.replace("~", " ")).split())
