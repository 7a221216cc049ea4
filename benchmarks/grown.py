"""Indexes of any number of rows for benchmarks: real passages, and beyond them the same with noise in their vectors.

The rows are the passages with the default model's vectors; those beyond are passages again with Gaussian noise of 0.03
in each dimension and a seed of 0. All vectors are there before an index is made, so no model runs while it grows.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from vecsearch import Document, Encoder, Index, Role
from vecsearch.models.capabilities import fertility_of
from vecsearch.models.encoder import Fertility

DIM = 384
_NOISE, _SEED = 0.03, 0
_WORDS = 80  # of a passage


class Given:
    """An encoder that knows the vector of each text beforehand: the number that the text begins with is its row."""

    name, dim, max_tokens, fingerprint = "given", DIM, 254, "5e" * 32

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors

    def encode(self, texts: Sequence[str], role: Role) -> Any:  # noqa: ARG002
        return self.vectors[[int(text.partition(" ")[0]) for text in texts]]

    def token_spans(self, texts: Sequence[str]) -> list[Any]:
        return [
            np.array([match.span() for match in re.finditer(r"\S+", text)], np.int64).reshape(-1, 2) for text in texts
        ]


class Asking:
    """An encoder that asks such an index texts: the model itself that its vectors are of."""

    name, dim, max_tokens, fingerprint = Given.name, DIM, Given.max_tokens, Given.fingerprint

    def __init__(self, model: Encoder) -> None:
        self.model = model

    def encode(self, texts: Sequence[str], role: Role) -> Any:
        return self.model.encode(texts, role)

    def token_spans(self, texts: Sequence[str]) -> Any:
        return self.model.token_spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        return fertility_of(self.model, texts)


def passages_of(folder: Path) -> list[str]:
    """The texts of all .jsonl.gz files of a folder."""
    found = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line)["text"] for line in lines]
    return found


def grown(real: Any, rows: int) -> Any:
    """So many unit vectors: the real ones, then noisy copies of them, float32 (rows, dim)."""
    rng = np.random.default_rng(_SEED)
    vectors = np.resize(real, (rows, DIM)).astype(np.float32)
    for first in range(len(real), rows, 100_000):
        part = vectors[first : first + 100_000]
        part += _NOISE * rng.standard_normal(part.shape, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def make_index(path: Path, texts: Sequence[str], vectors: Any, *, compacted: bool) -> float | None:
    """How many seconds it took to make the index; None for one that was there."""
    if path.exists():
        return None
    index = Index.create(path, model=Given(vectors))
    started = perf_counter()
    index.add(_documents(texts, len(vectors)))
    if compacted:
        index.compact()
    return perf_counter() - started


def _documents(texts: Sequence[str], rows: int) -> Iterator[Document]:
    for number in range(rows):
        words = texts[number % len(texts)].split()[:_WORDS]
        yield Document(str(number), f"{number} {' '.join(words)}", {"number": number})
