"""An encoder that is deterministic and counts: "indexing again encodes nothing" is one assert with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from vecsearch.types import FloatArray, IntArray, Role


class CountingEncoder:
    """Words to vectors by hashing: texts that share words are near one another.

    `encoded` are the texts it was given.
    """

    def __init__(self, name: str = "counting", dim: int = 32, max_tokens: int = 64) -> None:
        self.name = name
        self.dim = dim
        self.max_tokens = max_tokens
        self.encoded: list[str] = []

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.dim}".encode()).hexdigest()

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        self.encoded += texts
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> FloatArray:
        """The vector of one text, float32 (dim,), of a length other than 1."""
        words = re.findall(r"\w+", text.lower()) or [text]
        return np.sum([vector_of(word, self.dim) for word in words], axis=0, dtype=np.float32)

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        return [
            np.array([match.span() for match in re.finditer(r"\w+|[^\w\s]", text)], np.int64).reshape(-1, 2)
            for text in texts
        ]


@lru_cache(maxsize=10_000)
def vector_of(word: str, dim: int) -> FloatArray:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    vector = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    vector.flags.writeable = False  # every encoder has the same one
    return vector
