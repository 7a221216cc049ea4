"""What the tests share: a cache of their own, an encoder that is deterministic and counts, and the real data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from vecsearch.types import FloatArray, IntArray, Role

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder during a test: empty, and no one else's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("VECSEARCH_CACHE", str(folder))
    monkeypatch.delenv("VECSEARCH_INDEX", raising=False)
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real collections; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the collections of real data are not at {DATA}")
    return DATA


class CountingEncoder:
    """Words to vectors by hashing: texts that share words are near one another. `encoded` are the texts it was given."""

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
        return np.sum([self._word(word) for word in words], axis=0, dtype=np.float32)

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        return [
            np.array([match.span() for match in re.finditer(r"\w+|[^\w\s]", text)], np.int64).reshape(-1, 2)
            for text in texts
        ]

    def _word(self, word: str) -> FloatArray:
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
        return np.random.default_rng(seed).standard_normal(self.dim).astype(np.float32)


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to make files in, beside which indexes may lie."""
    place = tmp_path / "notes"
    place.mkdir()
    yield place
