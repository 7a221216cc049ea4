"""From a document to its chunks: by the tokens of the model, along the structure of the text, with exact offsets.

A document is tokenised once; from then on tokens are counted by looking positions up. Chunks are cut in two
steps: into sections at headings, and where the meaning turns when that is asked for (small ones joined), then each
section evenly into pieces that fit. Where a text may be cut is `boundaries.py`; what its headings and blocks are, its
loader said; what a model reads of a chunk is `reading.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from vecsearch.chunking.boundaries import find_boundaries
from vecsearch.chunking.cutting import Cutter, fit, without_repeats
from vecsearch.chunking.options import Chunking, default_tokens
from vecsearch.chunking.places import HeadingPath, place_at
from vecsearch.chunking.reading import model_text, texts_read
from vecsearch.chunking.semantic import Vectors, semantic_kernel, turns_of
from vecsearch.chunking.tokens import Tokenizer, token_starts
from vecsearch.errors import InvalidOption
from vecsearch.types import Chunk, Document, FloatArray, IntArray, Span, Splitter

__all__ = [
    "Chunked",
    "Chunking",
    "Tokenizer",
    "Vectors",
    "chunk_document",
    "chunk_documents",
    "default_tokens",
    "model_text",
    "read_chunks",
    "semantic_kernel",
]


@dataclass(frozen=True, slots=True)
class Chunked:
    """The chunks of one document, in order, and what a model reads of each."""

    chunks: list[Chunk]
    texts: list[str]


def no_vectors(_: Sequence[str]) -> FloatArray:
    """Raises InvalidOption: who has no vectors cannot cut by them."""
    raise InvalidOption("the semantic splitter compares vectors of sentences: give it what makes them")


def chunk_document(
    document: Document, tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> list[Chunk]:
    """The chunks of one document; see `read_chunks`."""
    return next(chunk_documents([document], tokenizer, chunking, vectors))


def chunk_documents(
    documents: Sequence[Document], tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> Iterator[list[Chunk]]:
    """For each document its chunks in order; see `read_chunks`."""
    return (chunked.chunks for chunked in read_chunks(documents, tokenizer, chunking, vectors))


def read_chunks(
    documents: Sequence[Document], tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> Iterator[Chunked]:
    """For each document its chunks and what a model reads of them; tokenised together because that is faster.

    No chunk has more than `chunking.max_tokens` tokens, none is blank, and for each one
    `document.text[chunk.start:chunk.end] == chunk.text`. A blank document has no chunks. The semantic splitter asks
    for the `vectors` of all sentences at once; raises ExtraMissing.
    """
    tokens = tokenizer.token_spans([document.text for document in documents])
    cutters: Iterable[Cutter] = (
        _cutter(document, token_starts(spans, len(document.text)), chunking)
        for document, spans in zip(documents, tokens, strict=True)
    )
    turns: Iterable[Sequence[int]] = [()] * len(documents)
    if chunking.splitter is Splitter.SEMANTIC:
        cutters = list(cutters)
        turns = turns_of(cutters, vectors)
    for document, cutter, turned in zip(documents, cutters, turns, strict=True):
        places = sorted({*(heading.start for heading in document.outline.headings), *turned})
        pieces = chain.from_iterable(map(cutter.split, cutter.sections(places)))
        trimmed = [piece for piece in map(cutter.trim, pieces) if piece.start < piece.end]
        spans = without_repeats(fit(trimmed, cutter, tokenizer))
        chunks, paths = _chunks(document, spans, cutter)
        yield Chunked(chunks, texts_read(document, chunks, paths, cutter, tokenizer, chunking))


def _cutter(document: Document, starts: IntArray, chunking: Chunking) -> Cutter:
    text, outline = document.text, document.outline
    return Cutter(text, starts, find_boundaries(text, outline), outline.blocks, chunking)


def _chunks(document: Document, spans: Iterable[Span], cutter: Cutter) -> tuple[list[Chunk], list[tuple[str, ...]]]:
    """The chunks at these spans, and the titles above each."""
    headings = HeadingPath(document.outline.headings)
    chunks, paths = [], []
    for ordinal, (start, end) in enumerate(spans):
        place = place_at(document.outline.places, start)
        paths.append(headings.at(start))
        chunks.append(
            Chunk(
                document_id=document.id,
                ordinal=ordinal,
                start=start,
                end=end,
                text=document.text[start:end],
                line=cutter.boundaries.line(start),
                page=place.page,
                heading=" > ".join(paths[-1]),
                place=place.label,
            )
        )
    return chunks, paths
