"""A document → its chunks: sized by the model's tokens, along the structure of the text, with exact offsets.

Open first: `read_chunks` below, the whole walk. A document is tokenised once; after that, tokens are counted by looking
positions up. It is cut into sections at headings (and at changes of topic, if asked for; small ones are joined), then
each section evenly into pieces that fit: `cutting.py`. `boundaries.py` finds where a text may be cut, `semantic.py`
where its topic changes; `chunks.py` makes the chunks, `reading.py` what a model reads of each. `options.py` holds the
settings; positions are kept as in `positions.py`. `boilerplate.py` marks repeated page headers and footers before
chunking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from vecsearch.chunking.boundaries import find_boundaries
from vecsearch.chunking.chunks import chunks_at
from vecsearch.chunking.cutting import Cutter, fit, without_repeats
from vecsearch.chunking.options import Chunking, default_tokens
from vecsearch.chunking.positions import Positions
from vecsearch.chunking.reading import model_text, model_texts
from vecsearch.chunking.semantic import Vectors, semantic_kernel, topic_changes
from vecsearch.chunking.tokens import Tokenizer, starts_of
from vecsearch.errors import InvalidOption
from vecsearch.types import Chunk, Document, FloatArray, Splitter

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
    """The chunks of one document, in order, and the text that a model reads for each."""

    chunks: list[Chunk]
    texts: list[str]


def no_vectors(_: Sequence[str]) -> FloatArray:
    """Raises InvalidOption: the default for callers without an encoder."""
    raise InvalidOption("the semantic splitter compares vectors of sentences: pass `vectors`, which encodes them")


def chunk_document(
    document: Document, tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> list[Chunk]:
    """Return the chunks of one document; see `read_chunks`."""
    return next(chunk_documents([document], tokenizer, chunking, vectors))


def chunk_documents(
    documents: Sequence[Document], tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> Iterator[list[Chunk]]:
    """Yield for each document its chunks in order; see `read_chunks`."""
    return (chunked.chunks for chunked in read_chunks(documents, tokenizer, chunking, vectors))


def read_chunks(
    documents: Sequence[Document], tokenizer: Tokenizer, chunking: Chunking, vectors: Vectors = no_vectors
) -> Iterator[Chunked]:
    """Yield for each document its chunks and what a model reads for them; all are tokenised together, which is faster.

    A chunk has at most `chunking.max_tokens` tokens and is never blank; `document.text[chunk.start:chunk.end]` is its
    text. A blank document has no chunks. The semantic splitter calls `vectors` once, with all sentences, and raises
    ExtraMissing when its library is not installed.
    """
    tokens = starts_of([document.text for document in documents], tokenizer)
    cutters: Iterable[Cutter] = (
        _cutter(document, starts, chunking) for document, starts in zip(documents, tokens, strict=True)
    )
    changes: Iterable[Sequence[int]] = [()] * len(documents)
    if chunking.splitter is Splitter.SEMANTIC:
        cutters = list(cutters)
        changes = topic_changes(cutters, vectors)
    for document, cutter, changed in zip(documents, cutters, changes, strict=True):
        starts = sorted({*(heading.start for heading in document.outline.headings), *changed})
        pieces = chain.from_iterable(map(cutter.split, cutter.sections(starts)))
        trimmed = [piece for piece in map(cutter.trim, pieces) if piece.start < piece.end]
        spans = without_repeats(fit(trimmed, cutter, tokenizer))
        chunks, paths = chunks_at(document, spans, cutter.boundaries)
        yield Chunked(chunks, model_texts(document, chunks, paths, cutter, tokenizer, chunking))


def _cutter(document: Document, starts: Positions, chunking: Chunking) -> Cutter:
    text, outline = document.text, document.outline
    return Cutter(text, starts, find_boundaries(text, outline), outline.blocks, chunking)
