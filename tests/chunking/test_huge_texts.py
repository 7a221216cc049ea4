from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.helpers.chunk_samples import vectors
from vecsearch.chunking import Chunking, chunk_document, read_chunks
from vecsearch.types import Document, FloatArray, Splitter


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 32])
@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("x" * 5_000_000, False),
        (" " * 5_000_000, True),
        ("a " * 1_600_000, False),
        ("\n" * 5_000_000 + "end", False),
        ("\u0301" * 1_000_000, False),
        ("." * 1_000_000, False),
        ("漢" * 1_000_000, False),
    ],
    ids=["one word", "spaces", "short words", "line ends", "marks", "dots", "no spaces"],
)
def test_a_huge_text_is_cut_into_chunks_of_bounded_length(encoder, text, blank, overlap):
    chunks = chunk_document(Document("d", text), encoder, Chunking(max_tokens=128, overlap=overlap))
    assert (not chunks) == blank
    assert all(len(chunk.text) <= 128 * 256 for chunk in chunks)
    assert sum(len(chunk.text) for chunk in chunks) >= len(text) / 2 or not text.strip("\n ")[4:]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 1_000_000, "a " * 400_000, "한국어" * 50_000], ids=["word", "words", "hangul"])
def test_the_default_model_cuts_a_huge_text(model, text):
    chunking = Chunking(max_tokens=254)
    chunks = chunk_document(Document("d", text), model, chunking)
    assert all(len(spans) <= 254 for spans in model.token_spans([chunk.text for chunk in chunks]))
    assert all(len(chunk.text) <= 254 * 16 for chunk in chunks)


HOSTILE = {
    "one word": "x" * 1_000_000,
    "one line": "word " * 200_000,
    "dots": "." * 300_000,
    "spaces": " " * 1_000_000 + "end",
    "blank": "\n \t" * 300_000,
    "no spaces": "漢" * 300_000,
    "sentences": "汉字。" * 100_000,
    "emoji": "👩‍👩‍👧‍👦" * 40_000,
    "marks": "\u0301" * 300_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("splitter", Splitter)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_model_is_given_of_a_huge_text_is_bounded(encoder, text, splitter):
    if splitter is Splitter.SEMANTIC:
        pytest.importorskip("chonkie_core")
    chunking = Chunking(max_tokens=64, splitter=splitter, context=True, reads=254)
    asked: list[str] = []

    def watched(texts: Sequence[str]) -> FloatArray:
        asked.extend(texts)
        return vectors(texts)

    [chunked] = read_chunks([Document("d", text)], encoder, chunking, watched)
    assert bool(chunked.chunks) == bool(text.strip())
    assert all(len(read) <= 254 * 256 for read in chunked.texts)
    assert sum(map(len, chunked.texts)) <= 4 * len(text)
    assert all(len(sentence) <= 64 * 256 for sentence in asked)
    assert sum(map(len, asked)) <= len(text)
