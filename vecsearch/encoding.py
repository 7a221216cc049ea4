"""From texts to checked vectors: what an encoder is, and encode_cached(), which asks one only for texts never seen.

Holds no model and no storage: encoders are in `encoders/`, the cache in `cache.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vecsearch.types import FloatArray, IntArray, Role
from vecsearch.vectors import check_vectors

_SLICE = 128  # texts encoded between two writes to the cache: what a killed process has paid for in vain


class Encoder(Protocol):
    """Turns texts into vectors. Creating one is cheap: files are opened when they are first needed.

    `token_spans` may be called while `encode` runs in another thread.
    """

    @property
    def name(self) -> str:
        """The model's name for people, as in "all-MiniLM-L6-v2"."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Equal for two encoders exactly when their vectors can be compared; hexadecimal digits."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads, special tokens not counted; what follows is cut off."""

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The vectors of `texts`, in their order: float32 (n, dim), not necessarily of unit length."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""


class VectorCache(Protocol):
    """Keeps vectors by what they were made from."""

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """The vectors that are known, float32 (dim,), by their text."""

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray) -> None:
        """Makes `vectors[i]` the vector of `texts[i]` for every later get."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors float32 (n, dim), and how many of the n the model made and the cache knew (a repeated text is known)."""

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
    """The raw vectors of `texts`, in their order; only texts that the cache does not know reach the encoder.

    Texts are encoded from the longest to the shortest, so that a batch has little padding and memory peaks
    first, and each slice is in the cache before the next one starts. `name(i)` says for an error whose text i is;
    `done(n)` is told of each n texts settled. Raises InvalidVector when the encoder's answer is not float32
    (n, dim), finite and without zero rows; vectors of earlier slices stay in the cache.
    """
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    places = _places(texts)
    known = cache.get(encoder.fingerprint, role, list(places), encoder.dim)
    for text, vector in known.items():
        vectors[places[text]] = vector
    done(sum(len(places[text]) for text in known))
    missing = sorted((text for text in places if text not in known), key=len, reverse=True)
    for first in range(0, len(missing), _SLICE):
        batch = missing[first : first + _SLICE]
        checked = _checked(encoder, batch, role, lambda text: name(places[text][0]))
        cache.put(encoder.fingerprint, role, batch, checked)
        for text, vector in zip(batch, checked, strict=True):
            vectors[places[text]] = vector
        done(sum(len(places[text]) for text in batch))
    return Encoded(vectors, encoded=len(missing), cached=len(texts) - len(missing))


def _checked(encoder: Encoder, texts: Sequence[str], role: Role, name: Callable[[str], str]) -> FloatArray:
    """What the encoder makes of the texts, known to be vectors."""
    return check_vectors(encoder.encode(texts, role), len(texts), encoder.dim, lambda row: name(texts[row]))


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """Where each distinct text stands."""
    places: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        places.setdefault(text, []).append(index)
    return places
