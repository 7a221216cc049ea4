"""Markdown: the source text, with its headings, code blocks and tables by CommonMark, and its front matter as metadata.

The text includes the front matter. Raw HTML inside Markdown adds nothing to the outline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from vecsearch.documents.composing import Parsed
from vecsearch.documents.loaders.front_matter import front_matter
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Heading, Outline, Span

_SIGNS = ("#", ".", ":")  # first characters of attributes
_LONGEST_TITLE = 1_000  # characters of a heading's line that are searched for attributes

# The parser misses structure after a lone carriage return; a line feed is of equal length, so offsets hold.
_LONE_RETURN = re.compile(r"\r(?!\n)")


def load_markdown(piece: Piece) -> Iterator[Document]:
    """Yield the document in a Markdown file."""
    yield piece.document(parse_markdown(piece.text()))


def parse_markdown(content: str) -> Parsed:
    """Return `content`, unchanged, with its outline and the metadata of its front matter."""
    return Parsed(content, _outline(content), front_matter(content))


def _outline(text: str) -> Outline:
    lines = _LONE_RETURN.sub("\n", text) if "\r" in text else text
    headings, blocks = _parse(lines)
    offsets = _in_characters(text, [start for start, _, _ in headings] + [edge for block in blocks for edge in block])
    # Those of their lines: a heading may be inside a quote or a list, after its marker.
    starts = [lines.rfind("\n", 0, offsets[start]) + 1 for start, _, _ in headings]
    return Outline(
        tuple(Heading(start, level, title) for start, (_, level, title) in zip(starts, headings, strict=True)),
        tuple(Span(_indent_start(text, offsets[start]), offsets[end]) for start, end in blocks),
        tuple(span for start in starts if (span := _attributes(text, start))),
    )


def _parse(text: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int]]]:
    """Return headings as (start, level, title) and blocks as (start, end), in bytes of UTF-8."""
    import pyromark

    options = (
        pyromark.Options.ENABLE_TABLES
        | pyromark.Options.ENABLE_YAML_STYLE_METADATA_BLOCKS
        | pyromark.Options.ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
    )
    headings: list[tuple[int, int, str]] = []
    blocks: list[tuple[int, int]] = []
    events: Iterator[tuple[Any, Any]] = iter(pyromark.events_with_range(text, options=options))
    for event, span in events:
        match event:
            case {"Start": {"Heading": {"level": level}}}:
                headings.append((span["start"], int(level[1:]), _title(events)))
            case {"Start": {"CodeBlock": _} | {"Table": _}}:
                blocks.append((span["start"], span["end"]))
    return headings, blocks


def _title(events: Iterator[tuple[Any, Any]]) -> str:
    """Return the text of the heading that was just opened; consumes the events up to its end."""
    words: list[str] = []
    for event, _ in events:
        match event:
            case {"End": {"Heading": _}}:
                break
            case {"Text": str(word)} | {"Code": str(word)}:
                words.append(word)
            case "SoftBreak" | "HardBreak":
                words.append(" ")
    title = "".join(words).strip()
    return title[: _attributes_at(title)].rstrip()


def _in_characters(text: str, positions: Iterable[int]) -> dict[int, int]:
    """Map each of `positions`, in bytes of UTF-8, to its offset in characters; decodes every byte once."""
    if text.isascii():
        return {position: position for position in positions}
    data = text.encode()
    offsets: dict[int, int] = {}
    previous = characters = 0
    for position in sorted(set(positions)):
        characters += len(data[previous:position].decode())
        offsets[position] = characters
        previous = position
    return offsets


def _attributes(text: str, start: int) -> Span | None:
    """Return the attributes at the end of the heading line at `start`: markup, which models do not read."""
    line = text[start : start + _LONGEST_TITLE].split("\n", 1)[0]
    shown = line.rstrip()
    opening = len(shown[: _attributes_at(shown)].rstrip())
    return Span(start + opening, start + len(shown)) if opening < len(shown) else None


def _attributes_at(title: str) -> int:
    """Return where the attributes begin that some processors remove from the end: "Install { #install .wide }"."""
    opening = title.rfind("{") if title.endswith("}") else -1
    inside = title[opening + 1 : -1]
    return opening if opening >= 0 and inside.lstrip().startswith(_SIGNS) and "}" not in inside else len(title)


def _indent_start(text: str, offset: int) -> int:
    """Return the start of the blanks before `offset`, which belong to an indented block."""
    while offset > 0 and text[offset - 1] in " \t":
        offset -= 1
    return offset
