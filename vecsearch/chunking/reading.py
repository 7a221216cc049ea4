"""What a model reads of a chunk: its text without markup, between its neighbours, under its titles.

Only the chunk is stored and shown; what stands around it helps its vector to say what it is about.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

from vecsearch.chunking.cutting import Cutter
from vecsearch.chunking.options import Chunking
from vecsearch.chunking.tokens import Tokenizer
from vecsearch.types import Chunk, Document, Outline, Span

_JOINT = " > "  # between titles, as in a chunk's heading


def texts_read(
    document: Document,
    chunks: Sequence[Chunk],
    paths: Sequence[tuple[str, ...]],
    cutter: Cutter,
    tokenizer: Tokenizer,
    chunking: Chunking,
) -> list[str]:
    """For each chunk, whose titles are its path, what a model reads of it: at most `chunking.reads` tokens if any."""
    spans = [Span(chunk.start, chunk.end) for chunk in chunks]
    if chunking.around:
        spans = _widened(spans, cutter, tokenizer, chunking)
    texts = [model_text(document.text, span, document.outline) for span in spans]
    if not chunking.context:
        return texts
    title = _title(document)
    unsaid = [_unsaid(title, path, text) for path, text in zip(paths, texts, strict=True)]
    before = _headers(unsaid, tokenizer, chunking.titles)
    return [before[titles] + text for titles, text in zip(unsaid, texts, strict=True)]


def model_text(text: str, span: Span, outline: Outline) -> str:
    """The span of the text without the markup in it; all of it when there is nothing else."""
    marks = outline.markup
    first = bisect_right(marks, span.start, key=lambda mark: mark.end)
    kept, position = [], span.start
    for mark in islice(marks, first, None):
        if mark.start >= span.end:
            break
        kept.append(text[position : max(mark.start, position)])
        position = min(mark.end, span.end)
    read = "".join([*kept, text[position : span.end]])
    return read if read.strip() else text[span.start : span.end]


def _widened(spans: Sequence[Span], cutter: Cutter, tokenizer: Tokenizer, chunking: Chunking) -> list[Span]:
    """Each span with what stands around it; alone where the model would not read all of that."""
    limit = chunking.reads - chunking.titles
    wide = [
        cutter.trim(Span(cutter.before(start, 0, chunking.around), cutter.after(end, chunking.around)))
        for start, end in spans
    ]
    doubtful = [span for span in wide if not cutter.surely_fits(span, limit)]
    counted = tokenizer.token_spans([cutter.text[start:end] for start, end in doubtful])
    long = {span for span, tokens in zip(doubtful, counted, strict=True) if len(tokens) > limit}
    return [alone if span in long else span for alone, span in zip(spans, wide, strict=True)]


def _title(document: Document) -> str:
    """What the document is called: by its metadata, or else its first heading."""
    title = document.metadata.get("title")
    if isinstance(title, str) and title.strip():
        return " ".join(title.split())
    headings = document.outline.headings
    return headings[0].title if headings else ""


def _unsaid(title: str, path: Sequence[str], text: str) -> tuple[str, ...]:
    """The titles above a text, outermost first, that the text does not say itself."""
    return tuple(words for words in dict.fromkeys([title, *path]) if words and words not in text)


def _headers(paths: Iterable[tuple[str, ...]], tokenizer: Tokenizer, room: int) -> dict[tuple[str, ...], str]:
    """For each path of titles the line that says it, without the outer ones of those that do not fit."""
    headers = dict.fromkeys(paths, "")
    choices = [(path, _JOINT.join(path[first:]) + "\n") for path in headers for first in range(len(path))]
    counted = tokenizer.token_spans([line for _, line in choices])
    for (path, line), tokens in zip(choices, counted, strict=True):
        if len(tokens) <= room and not headers[path]:
            headers[path] = line
    return headers
