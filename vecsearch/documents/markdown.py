"""Markdown: the text as it stands, with the headings, code blocks and tables that CommonMark sees in it.

Front matter is text but no heading, and metadata besides. Raw HTML inside Markdown has no outline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from vecsearch.documents.front_matter import front_matter
from vecsearch.types import Document, Heading, Outline, Span

# The attributes that some processors take off the end of a title: "Install { #install .wide }".
_ATTRIBUTES = re.compile(r"\s*\{\s*[#.:][^{}]*\}\s*$")
_LONGEST_TITLE = 1_000  # characters of a heading's line that are looked at for attributes

# The parser misses structure after a line end of old Macs; a line feed is as long, so offsets stay.
_LONE_RETURN = re.compile(r"\r(?!\n)")


def markdown_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged, with its outline and what its front matter says."""
    return Document(document_id, content, front_matter(content), source, _outline(content))


def _outline(text: str) -> Outline:
    headings, blocks = _parse(_LONE_RETURN.sub("\n", text) if "\r" in text else text)
    offsets = _characters(text, [start for start, _, _ in headings] + [edge for block in blocks for edge in block])
    starts = [_line_start(text, offsets[start]) for start, _, _ in headings]
    return Outline(
        tuple(Heading(start, level, title) for start, (_, level, title) in zip(starts, headings, strict=True)),
        tuple(Span(_indent_start(text, offsets[start]), offsets[end]) for start, end in blocks),
        tuple(span for start in starts if (span := _attributes(text, start))),
    )


def _parse(text: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int]]]:
    """Headings as (start, level, title) and blocks as (start, end), in bytes of UTF-8."""
    import pyromark

    options = (
        pyromark.Options.ENABLE_TABLES
        | pyromark.Options.ENABLE_YAML_STYLE_METADATA_BLOCKS
        | pyromark.Options.ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
    )
    headings: list[tuple[int, int, str]] = []
    blocks: list[tuple[int, int]] = []
    events: Iterator[tuple[Any, Any]] = iter(pyromark.events_with_range(text, options=options))
    for event, place in events:
        match event:
            case {"Start": {"Heading": {"level": level}}}:
                headings.append((place["start"], int(level[1:]), _title(events)))
            case {"Start": {"CodeBlock": _} | {"Table": _}}:
                blocks.append((place["start"], place["end"]))
    return headings, blocks


def _title(events: Iterator[tuple[Any, Any]]) -> str:
    """The words of the heading that was just opened; reads the events up to its end."""
    words: list[str] = []
    for event, _ in events:
        match event:
            case {"End": {"Heading": _}}:
                break
            case {"Text": str(word)} | {"Code": str(word)}:
                words.append(word)
            case "SoftBreak" | "HardBreak":
                words.append(" ")
    return _ATTRIBUTES.sub("", "".join(words)).strip()


def _characters(text: str, places: Iterable[int]) -> dict[int, int]:
    """For each of `places`, in bytes of UTF-8, the same place in characters; decodes every byte once."""
    if text.isascii():
        return {place: place for place in places}
    data = text.encode()
    offsets: dict[int, int] = {}
    previous = characters = 0
    for place in sorted(set(places)):
        characters += len(data[previous:place].decode())
        offsets[place] = characters
        previous = place
    return offsets


def _attributes(text: str, start: int) -> Span | None:
    """The attributes at the end of the heading line that starts there: no words, so no model reads them."""
    line = text[start : start + _LONGEST_TITLE].split("\n", 1)[0]
    found = _ATTRIBUTES.search(line)
    return Span(start + found.start(), start + found.start() + len(found.group().rstrip())) if found else None


def _line_start(text: str, offset: int) -> int:
    """Where the line of `offset` starts: a heading may stand behind the mark of a quote or a list."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _indent_start(text: str, offset: int) -> int:
    """Where the blanks before `offset` start: they belong to an indented block."""
    while offset > 0 and text[offset - 1] in " \t":
        offset -= 1
    return offset
