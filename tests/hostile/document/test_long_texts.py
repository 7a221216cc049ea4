"""Texts as long as a document may be: cut a window at a time, into the same chunks as if they were cut whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.chunk_samples import CHUNKINGS, MANY, PIECES, check, documents
from tests.helpers.counting import CountingEncoder
from tests.helpers.tokenizer_families import TOKENIZERS, write_trained
from vecsearch.chunking import Chunking, Tokenizer, boundaries, read_chunks, tokens
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.tokenizer import TextTokenizer
from vecsearch.types import Document

_WORDS = st.lists(st.sampled_from(["alpha", "beta ", "don't ", "x1.5 ", "日本。", "你好，", "\n", "\n\n", " ", "ß-ü "]))


class _Alone:
    """A tokenizer.json as a Tokenizer."""

    def __init__(self, path: Path) -> None:
        self.token_spans = TextTokenizer(path, special_tokens=False).spans


def _chunked(document: Document, tokenizer: Tokenizer, chunking: Chunking, window: int) -> object:
    before = tokens._WINDOW, boundaries._BLOCK
    tokens._WINDOW, boundaries._BLOCK = window, max(window // 3, 1)
    try:
        return next(read_chunks([document], tokenizer, chunking))
    finally:
        tokens._WINDOW, boundaries._BLOCK = before


@given(documents(), CHUNKINGS, st.sampled_from([32, 64, 256]))
@MANY
def test_cannot_be_cut_otherwise_because_it_is_long(document: Document, chunking: Chunking, window: int) -> None:
    whole = _chunked(document, CountingEncoder(), chunking, 1 << 20)
    cut = _chunked(document, CountingEncoder(), chunking, window)
    if any(len(word) > window // 3 for word in document.text.split()):  # cut inside a word, which nobody promises
        check(document, cut.chunks, CountingEncoder(), chunking)  # type: ignore[attr-defined]
    else:
        assert cut == whole


@pytest.mark.parametrize("family", TOKENIZERS)
def test_cannot_be_cut_otherwise_by_any_kind_of_tokenizer(family: str, tmp_path: Path) -> None:
    write_trained(tmp_path / "tokenizer.json", family, special=False)
    tokenizer = _Alone(tmp_path / "tokenizer.json")
    text = "".join(piece for piece in PIECES if " " in piece and len(piece) < 60) * 20
    for chunking in (Chunking(max_tokens=16), Chunking(max_tokens=40, overlap=8)):
        whole = _chunked(Document("a", text), tokenizer, chunking, 1 << 20)
        assert _chunked(Document("a", text), tokenizer, chunking, 512) == whole


@pytest.mark.parametrize(
    "text", ["日本語の文章です。" * 300, "漢" * 3_000, "word " * 800, "x" * 5_000, "\n \n" * 900, "a\n" * 900]
)
def test_cannot_be_cut_otherwise_by_the_default_model(text: str) -> None:
    model = load_encoder()
    chunking = Chunking(max_tokens=32, reads=256)
    whole = _chunked(Document("a", text), model, chunking, 1 << 20)
    assert _chunked(Document("a", text), model, chunking, 1 << 10) == whole


_PROGRAM = """
import resource, sys
from tests.helpers.counting import CountingEncoder
from vecsearch.chunking import Chunking, read_chunks
from vecsearch.types import Document
n, unit = int(sys.argv[1]), sys.argv[2]
text = (unit * (n // len(unit) + 1))[:n]
list(read_chunks([Document("a", "words of a text " * 10_000)], CountingEncoder(), Chunking(max_tokens=128)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = list(read_chunks([Document("a", text)], CountingEncoder(), Chunking(max_tokens=128)))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
@pytest.mark.parametrize("unit", ["some words of a text, ", "a\n", "日本語の文章です。", "x", " ", "\n"])
def test_cannot_take_a_gigabyte_of_memory_to_be_cut(unit: str) -> None:
    """Chunks and all: at most 14 bytes a character, which makes 0.9 GB of the longest text allowed."""
    n = 8_000_000
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(n), unit], capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert int(done.stdout) < 14 * n + 60_000_000, done.stderr
