"""What a model reads for a chunk: its text without markup; on request, the text around it and the titles above it.

Only the chunk is stored and shown; the rest gives its vector context.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

from vecsearch.chunking.cutting import Cutter
from vecsearch.chunking.options import Chunking
from vecsearch.chunking.tokens import Tokenizer, token_counts
from vecsearch.types import Chunk, Document, Outline, Span

_SEPARATOR = " > "  # between titles, as in a chunk's heading


def model_texts(
    document: Document,
    chunks: Sequence[Chunk],
    paths: Sequence[tuple[str, ...]],
    cutter: Cutter,
    tokenizer: Tokenizer,
    chunking: Chunking,
) -> list[str]:
    """Return what a model reads for each chunk, of at most `chunking.reads` tokens; `paths` are the titles above it."""
    spans = own = [Span(chunk.start, chunk.end) for chunk in chunks]
    if chunking.around:
        spans = _widened(own, cutter, tokenizer, chunking)
    if spans is own and not document.outline.markup:
        texts = [chunk.text for chunk in chunks]  # no second copy of a long text
    else:
        texts = [model_text(document.text, span, document.outline) for span in spans]
    if not chunking.context:
        return texts
    title = _title(document)
    missing = [_missing_titles(title, path, text) for path, text in zip(paths, texts, strict=True)]
    headers = _headers(missing, tokenizer, chunking.titles)
    return [headers[titles] + text for titles, text in zip(missing, texts, strict=True)]


def model_text(text: str, span: Span, outline: Outline) -> str:
    """Return the span of the text without the markup in it; all of it if it is only markup."""
    markup = outline.markup
    first = bisect_right(markup, span.start, key=lambda mark: mark.end)
    kept, position = [], span.start
    for mark in islice(markup, first, None):
        if mark.start >= span.end:
            break
        kept.append(text[position : max(mark.start, position)])
        position = min(mark.end, span.end)
    stripped = "".join([*kept, text[position : span.end]])
    return stripped if stripped.strip() else text[span.start : span.end]


def _widened(spans: Sequence[Span], cutter: Cutter, tokenizer: Tokenizer, chunking: Chunking) -> list[Span]:
    """Return each span with the text around it; unchanged where the model could not read all of that."""
    limit = chunking.reads - chunking.titles
    wide = [
        cutter.trim(Span(cutter.before(start, 0, chunking.around), cutter.after(end, chunking.around)))
        for start, end in spans
    ]
    doubtful = [span for span in wide if not cutter.surely_fits(span, limit)]
    counted = token_counts((cutter.text[start:end] for start, end in doubtful), tokenizer)
    too_long = {span for span, tokens in zip(doubtful, counted, strict=True) if tokens > limit}
    return [span if widened in too_long else widened for span, widened in zip(spans, wide, strict=True)]


def _title(document: Document) -> str:
    """Return the title of the document, from its metadata, else its first heading."""
    title = document.metadata.get("title")
    if isinstance(title, str) and title.strip():
        return " ".join(title.split())
    headings = document.outline.headings
    return headings[0].title if headings else ""


def _missing_titles(title: str, path: Sequence[str], text: str) -> tuple[str, ...]:
    """Return the titles above a text, outermost first, that the text does not contain."""
    return tuple(words for words in dict.fromkeys([title, *path]) if words and words not in text)


def _headers(paths: Iterable[tuple[str, ...]], tokenizer: Tokenizer, room: int) -> dict[tuple[str, ...], str]:
    """Return a line for each path of titles, of at most `room` tokens: outer titles are dropped until it fits."""
    headers = dict.fromkeys(paths, "")
    candidates = [(path, _SEPARATOR.join(path[first:]) + "\n") for path in headers for first in range(len(path))]
    counted = token_counts((line for _, line in candidates), tokenizer)
    for (path, line), tokens in zip(candidates, counted, strict=True):
        if tokens <= room and not headers[path]:
            headers[path] = line
    return headers
