"""Queries of one search: texts, vectors or both, and how a text becomes a vector."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidQuery
from vecsearch.models.cached_encoding import VectorCache, count_cut, encode_cached
from vecsearch.models.encoder import Encoder
from vecsearch.types import FloatArray, Role


@dataclass(frozen=True, slots=True)
class Queries:
    """The queries of one search: raw vectors, float32 (q, dim), and the text of each unless they came as vectors.

    `vectors` is None for texts that are searched by their words alone: these are not encoded.
    """

    vectors: FloatArray | None
    texts: Sequence[str] | None

    def __len__(self) -> int:
        return len((self.texts or ()) if self.vectors is None else self.vectors)

    def text(self, number: int) -> str:
        """Return the text of a query, empty for one that came as a vector."""
        return self.texts[number] if self.texts else ""


def check_texts(texts: Sequence[str]) -> None:
    """Raise InvalidQuery for a query that is blank or not a text."""
    for text in texts:
        if not isinstance(text, str):
            raise InvalidQuery(f"a query is {type(text).__name__}, expected str; pass vectors as a numpy array")
        if not text.strip():
            raise InvalidQuery("the query is empty: give at least one word")
        if not is_storable(text):
            raise InvalidQuery(f"the query {text!r} holds a lone surrogate, which is not a character")


def encode_queries(texts: Sequence[str], encoder: Encoder, cache: VectorCache) -> FloatArray:
    """Return the raw vectors of queries, float32 (q, dim); warn of queries longer than the model reads.

    Raises InvalidQuery for a query that is blank or not a text.
    """
    check_texts(texts)
    if cut := count_cut(encoder, texts):
        warnings.warn(
            f"vecsearch: {'the query is' if len(texts) == 1 else f'{cut} of {len(texts)} queries are'} longer than the "
            f"{encoder.max_tokens} tokens {encoder.name} reads; the rest was ignored",
            RuntimeWarning,
            stacklevel=4,
        )
    return encode_cached(encoder, cache, texts, Role.QUERY, name=lambda i: f"the query {texts[i]!r}").vectors
