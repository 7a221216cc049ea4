"""What a passage says, without the marks of Markdown and the headings that are shown above it: for excerpts."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vecsearch import Hit

_MOST = 20_000  # characters of a passage to look at
_MARKED = {".md", ".markdown", ".mdx", ".mdown", ".qmd", ".rmd"}
_PROSE = {*_MARKED, ".txt", ".rst", ".html", ".htm", ".pdf", ".docx", ".odt", ".epub", ".rtf", ".eml", ".msg", ""}
_HEADING = re.compile(r"#{1,6} (.*)")
_WITHOUT_TEXT = re.compile(r"```.*|~~~.*|=+|-{2,}|\*{3,}|_{3,}")
_TABLE_RULE = frozenset("|-: ")
_INLINE = (  # none begins with a repeated pattern: time is in proportion to the text
    (re.compile(r"!?\[([^\[\]]{0,500})\](?:\([^()]{0,500}\)|\[[^\[\]]{0,500}\])"), r"\1"),  # a link or picture
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>|<!--[^<>]{0,500}-->"), ""),  # a tag or comment of HTML
    (re.compile(r" ?\{ ?[#.:][^{}]{0,500}\}"), ""),  # an anchor or class
    (re.compile(r"(?<![\w*\\])\*{1,3}(?=\S)([^*]{1,500})(?<![\s\\])\*{1,3}(?!\w)"), r"\1"),
    (re.compile(r"(?<![\w_])_{1,3}(?=\S)([^_]{1,500})(?<=\S)_{1,3}(?!\w)"), r"\1"),
    (re.compile(r"`{1,3}([^`]{1,500})`{1,3}"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|-])"), r"\1"),
    (re.compile(r" ?\| ?"), "  "),  # cells of a table
)


def plain(hit: Hit) -> str:
    """Return the text of a hit without marks of Markdown, headings and a title that its header shows.

    Prose flows, its line breaks are blanks; in other text, such as source code, lines stay.
    """
    suffix = PurePath(hit.source or "").suffix.lower()
    text = hit.text[:_MOST]
    if suffix in _MARKED or hit.metadata.get("type") == "markdown":
        text = _without_marks(text, {part.strip() for part in hit.heading.split(" > ")})
    title = hit.metadata.get("title")
    if hit.row is not None and isinstance(title, str) and text.startswith(title):
        text = text[len(title) :]
    if suffix in _PROSE or hit.row is not None:
        text = " ".join(text.split())
    return text if text.strip() else hit.text


def _without_marks(text: str, shown: Collection[str]) -> str:
    lines = []
    for line in (" ".join(line.split()) for line in text.splitlines()):
        if _WITHOUT_TEXT.fullmatch(line) or ("|" in line and "-" in line and _TABLE_RULE.issuperset(line)):
            continue
        heading = _HEADING.fullmatch(line)
        line = heading[1].rstrip("# ") if heading else line.lstrip("> ")
        for pattern, kept in _INLINE:
            line = pattern.sub(kept, line)
        if not (heading and line.strip() in shown):
            lines.append(f"{line}:" if heading and line[-1:].isalnum() else line)
    return "\n".join(lines)
