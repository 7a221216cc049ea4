"""Texts and tokenizers that make chunking hard, and what must hold of the chunks of any document."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.chunking import Chunking, Tokenizer
from vecsearch.types import Chunk, Document, FloatArray, Heading, Outline, Span

PIECES = [
    "word",
    "Sentence one. ",
    "Really? ",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\t",
    "    indented",
    "e\u0301\u0323",
    "\u0301",
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇫🇷🇩🇪",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "שלום עולם",
    "مرحبا",
    "漢字。仮名！",
    "한국어",
    "\u2028",
    "\u2029",
    "\x85",
    "\x1c",
    "\u3000",
    "\u00a0",
    "\u200b",
    "\ud83d",
    "\udc00",
    "x" * 70,
    "ab1" * 60,
    " " * 300,
    "\n" * 20,
    "supercalifragilistic",
    "a.b.c",
    "don't",
    "...",
    "\x00",
    "ffi ﷺ",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text with any outline a loader might give: headings and blocks in order, within the text."""
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    starts = sorted(draw(st.sets(places, max_size=5)))
    headings = tuple(Heading(start, draw(st.integers(1, 6)), f"T{number}") for number, start in enumerate(starts))
    edges = sorted(draw(st.sets(places, max_size=6)))
    blocks = tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    return Document("d", text, outline=Outline(headings, blocks))


CHUNKINGS = st.integers(8, 40).flatmap(
    lambda size: st.builds(Chunking, max_tokens=st.just(size), overlap=st.integers(0, size // 2))
)
MANY = settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(MANY, max_examples=examples(100))


class Words:
    """Runs of visible characters are tokens."""

    def token_spans(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array([match.span() for match in re.finditer(r"\S+", text)], np.int64).reshape(-1, 2) for text in texts
        ]


class Characters:
    """A tokenizer for which each character is several tokens in the same place, as bytes are to some models."""

    def __init__(self, tokens: int = 3) -> None:
        self.tokens = tokens

    def token_spans(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array(
                [(i, i + 1) for i, c in enumerate(text) if not c.isspace() for _ in range(self.tokens)], np.int64
            ).reshape(-1, 2)
            for text in texts
        ]


def line_of(text: str, position: int) -> int:
    """One more than the line ends before the position: LF, CR LF and a lone CR end a line."""
    return 1 + sum(match.end() <= position for match in re.finditer(r"\r\n|\n|\r", text))


def heading_of(headings: Sequence[Heading], position: int) -> str:
    """The titles of the headings that are open at the position."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start <= position:
            while path and path[-1].level >= heading.level:
                path.pop()
            path.append(heading)
    return " > ".join(heading.title for heading in path)


def parts_character(text: str, position: int) -> bool:
    """Whether a cut there goes through a CR LF, or between a visible character and a mark or joiner behind it."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before + after == "\r\n":
        return True
    return not before.isspace() and (unicodedata.category(after)[0] == "M" or after == "\u200d" or before == "\u200d")


def check(document: Document, chunks: Sequence[Chunk], tokenizer: Tokenizer, chunking: Chunking) -> None:
    """Everything that must hold of the chunks of any document."""
    text = document.text
    covered = np.zeros(len(text), np.int64)
    for ordinal, chunk in enumerate(chunks):
        assert (chunk.document_id, chunk.ordinal) == (document.id, ordinal)
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert chunk.line == line_of(text, chunk.start)
        assert chunk.heading == heading_of(document.outline.headings, chunk.start)
        covered[chunk.start : chunk.end] += 1
    for before, after in pairwise(chunks):
        assert before.start < after.start
        assert before.end < after.end
    assert all(c.isspace() for c, n in zip(text, covered, strict=True) if n == 0)
    if not chunking.overlap:
        assert covered.max(initial=0) <= 1
    counts = [len(spans) for spans in tokenizer.token_spans([chunk.text for chunk in chunks])] if chunks else []
    assert all(
        count <= chunking.max_tokens or len(chunk.text) == 1 for count, chunk in zip(counts, chunks, strict=True)
    )


def words(n: int, name: str = "w") -> str:
    return " ".join(f"{name}{i}" for i in range(n))


def sectioned(*sizes: int) -> Document:
    """A document with a heading of one word before each section of so many words."""
    text, headings = "", []
    for number, size in enumerate(sizes):
        headings.append(Heading(len(text), 1, f"H{number}"))
        text += f"H{number}\n\n{words(size)}\n\n"
    return Document("d", text, outline=Outline(tuple(headings)))


def vectors(texts: Sequence[str]) -> FloatArray:
    """A vector for each text, the same whenever it is asked for, float32 (n, 8)."""
    seeds = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts]
    return np.stack([np.random.default_rng(int.from_bytes(seed, "big")).normal(size=8) for seed in seeds]).astype("f4")
