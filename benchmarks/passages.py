"""Real passages for benchmarks: chunks of a folder's Markdown files, of about one length in tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vecsearch import Document
from vecsearch.chunking import Chunking, chunk_documents
from vecsearch.models.encoders import load_encoder

_ROOM = 1.15  # chunks end at sentences, so they are shorter than they may be by about so much
_AROUND = 0.4  # those that are longer or shorter by more than this share are left out


def chunks_of(folder: Path, tokens: int, most: int) -> tuple[list[str], float]:
    """At most so many chunks, evenly from all over the folder, and their tokens on average, special ones included."""
    encoder = load_encoder()
    size = min(int(tokens * _ROOM), encoder.max_tokens)
    documents = [Document(str(path), path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.md"))]
    told = [document for document in documents if document.text.strip()]
    chunked = chunk_documents(told, encoder, Chunking(max_tokens=size))
    texts = list(dict.fromkeys(chunk.text for chunks in chunked for chunk in chunks))
    lengths = np.array([len(spans) + 2 for spans in encoder.token_spans(texts)])
    fitting = np.flatnonzero(np.abs(lengths - tokens) <= _AROUND * tokens)
    chosen = fitting[np.linspace(0, len(fitting) - 1, min(most, len(fitting))).astype(int)]
    return [texts[place] for place in chosen], float(lengths[chosen].mean())
