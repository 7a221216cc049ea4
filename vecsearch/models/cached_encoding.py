"""encode_cached(): texts to checked vectors, where only texts that the cache does not know reach the encoder.

Holds neither a model nor a cache: encoders are in `encoders/`, the cache in `cache/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vecsearch.errors import InvalidVector
from vecsearch.models.capabilities import parts_of
from vecsearch.models.encoder import Encoder
from vecsearch.types import FloatArray, Role
from vecsearch.vectors import check_vectors


class VectorCache(Protocol):
    """Stores vectors by what they were made from."""

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """Return the vectors that are known, float32 (dim,), by their text."""

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray, model: str = "") -> None:
        """Store `vectors[i]` as the vector of `texts[i]`; `model` is the model's name, for people."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors float32 (n, dim); how many of the n the model encoded and how many were cached or repeated texts."""

    vectors: FloatArray
    encoded: int
    cached: int


def encode_cached(
    encoder: Encoder,
    cache: VectorCache,
    texts: Sequence[str],
    role: Role,
    *,
    name: Callable[[int], str],
    done: Callable[[int], None] = lambda _: None,
) -> Encoded:
    """Return the raw vectors of `texts`, in their order; only texts that the cache does not know are encoded.

    Texts are encoded from the longest to the shortest, so that a batch has little padding and memory peaks first; each
    part is cached before the next one is encoded. `name(i)` names text i in an error. `done(n)` reports n texts as
    they are settled, and 0 now and then while a PartwiseEncoder waits; an exception from it ends the work. Raises
    InvalidVector unless the encoder returns float32 (n, dim), finite and without zero rows; earlier parts stay cached.
    """
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    indices = _indices_of(texts)
    known = cache.get(encoder.fingerprint, role, list(indices), encoder.dim)
    for text, vector in known.items():
        vectors[indices[text]] = vector
    done(sum(len(indices[text]) for text in known))
    missing = sorted((text for text in indices if text not in known), key=len, reverse=True)
    settled = 0
    with closing(parts_of(encoder, missing, role)) as parts:
        for rows, part in parts:
            batch = missing[rows.start : rows.stop]
            checked = _checked(part, batch, encoder.dim, lambda text: name(indices[text][0]))
            if batch:
                cache.put(encoder.fingerprint, role, batch, checked, encoder.name)
            for text, vector in zip(batch, checked, strict=True):
                vectors[indices[text]] = vector
            settled += len(batch)
            done(sum(len(indices[text]) for text in batch))
    if settled != len(missing):
        raise InvalidVector(f"{encoder.name} returned vectors of {settled} texts, expected {len(missing)}")
    return Encoded(vectors, encoded=len(missing), cached=len(texts) - len(missing))


def count_cut(encoder: Encoder, texts: Sequence[str]) -> int:
    """Return how many of the texts have more tokens than the model reads.

    A token covers at least one byte, so only texts with more bytes than that are tokenised, each one once.
    """
    limit = encoder.max_tokens
    long = Counter(text for text in texts if len(text.encode("utf-8", "surrogatepass")) > limit)
    spans = encoder.token_spans(list(long)) if long else []
    return sum(times for times, tokens in zip(long.values(), spans, strict=True) if len(tokens) > limit)


def _checked(part: FloatArray, texts: Sequence[str], dim: int, name: Callable[[str], str]) -> FloatArray:
    return check_vectors(part, len(texts), dim, lambda row: name(texts[row]))


def _indices_of(texts: Sequence[str]) -> dict[str, list[int]]:
    """The indices at which each distinct text occurs."""
    indices: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        indices.setdefault(text, []).append(index)
    return indices
