"""Shortened: another encoder's vectors, cut to their first numbers: less to store and to scan, somewhat less exact.

Kusupati et al. 2022, "Matryoshka Representation Learning" (arXiv 2205.13147): a model trained so that the first
numbers of a vector are a vector themselves. `KnownModel.matryoshka` says which models are; others lose more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.errors import InvalidOption, InvalidVector
from vecsearch.models.capabilities import fertility_of, insides_of, parts_of, token_vectors_of
from vecsearch.models.encoder import CheckedEncoder, Encoder, Fertility, RemoteEncoder, TokenVectors
from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides

_UNIT = 0.01  # a length this near to 1 was meant to be 1: half precision is off by some thousandths


class Shortened:
    """An Encoder (see vecsearch.models.encoder): the first `dim` numbers of each vector of `inner`.

    A vector of length 1 has length 1 again after it is cut; others keep the length that is left, as a dot product of
    whole vectors would have it. Every optional capability of `inner` is kept.
    """

    def __init__(self, inner: Encoder, dim: int) -> None:
        """Raises InvalidOption when `inner` has fewer than `dim` dimensions; nothing is encoded."""
        if not 1 <= dim <= inner.dim:
            raise InvalidOption(f"dim is {dim}, expected 1 to {inner.dim}: {inner.name} has {inner.dim} dimensions")
        self.inner: Encoder = inner.inner if isinstance(inner, Shortened) else inner
        self.dim = dim

    @property
    def name(self) -> str:
        """The name of the whole model."""
        return self.inner.name

    @property
    def fingerprint(self) -> str:
        """The model's own where nothing is cut off, else another for each dimension."""
        if self.dim == self.inner.dim:
            return self.inner.fingerprint
        return cut_fingerprint(self.inner.fingerprint, self.dim)

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads."""
        return self.inner.max_tokens

    @property
    def address(self) -> str | None:
        """The URL that the model sends texts to; None for one on this machine."""
        return self.inner.address if isinstance(self.inner, RemoteEncoder) else None

    def check_usable(self) -> None:
        """Raise what the model's own check raises: see CheckedEncoder."""
        if isinstance(self.inner, CheckedEncoder):
            self.inner.check_usable()

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Return the cut vectors of `texts`, in their order: float32 (n, dim)."""
        return self._cut(self.inner.encode(texts, role))

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """Yield the cut vectors as the model's come, with the indices of their texts: see PartwiseEncoder."""
        with closing(parts_of(self.inner, texts, role)) as parts:
            for rows, part in parts:
                yield rows, self._cut(part)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """Return the model's token vectors, which are not cut: they are not stored, so cutting would save nothing."""
        return token_vectors_of(self.inner, texts, role)

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return the character offsets of each text's tokens, as the model does."""
        return self.inner.token_spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return how well the model reads each text."""
        return fertility_of(self.inner, texts)

    def insides(self) -> Insides:
        """Open the whole model for inspection."""
        return insides_of(self.inner)

    def _cut(self, vectors: FloatArray) -> FloatArray:
        if vectors.ndim != 2 or vectors.shape[1] != self.inner.dim:
            raise InvalidVector(f"{self.name} gave vectors of shape {vectors.shape}, expected (n, {self.inner.dim})")
        return cut(vectors, self.dim)


def cut_fingerprint(whole: str, dim: int) -> str:
    """Return the fingerprint of a model's vectors cut to `dim` numbers, from that of the whole ones."""
    return hashlib.sha256(f"{whole} first {dim}".encode()).hexdigest()


def cut(vectors: FloatArray, dim: int) -> FloatArray:
    """Return the first `dim` numbers of each row, float32 (n, dim), of length 1 where the row's was and it can be."""
    if vectors.shape[1] == dim:
        return vectors
    short = vectors[:, :dim].astype(np.float64)  # in float64 the square of no float32 overflows or vanishes
    rest = vectors[:, dim:].astype(np.float64)
    squares = np.einsum("ij,ij->i", short, short)  # (n,)
    whole = np.sqrt(squares + np.einsum("ij,ij->i", rest, rest))
    unit = (np.abs(whole - 1) <= _UNIT) & (squares > 0)
    short[unit] /= np.sqrt(squares[unit])[:, None]
    return short.astype(np.float32)
