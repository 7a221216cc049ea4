"""One word in two texts: equal in the matrix, different in context."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vecsearch.analysis.inspecting.reading import encoder_of, find_word, read, tokens_in
from vecsearch.analysis.inspecting.rows import unit
from vecsearch.analysis.inspecting.values import TokenComparison, TokenInText
from vecsearch.errors import InvalidQuery
from vecsearch.models.capabilities import insides_of
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.models.insides import Insides, Reading
from vecsearch.types import FloatArray, Role, Span


def compare_token(token: str, first: str, second: str, *, model: str | Encoder = DEFAULT_MODEL) -> TokenComparison:
    """Return how similar a word is in two texts: by the matrix, which knows no context, and by its vectors in context.

    The word is searched for as it is written, then in any case, and its first occurrence counts; a word of several
    tokens has the mean of their vectors. Raises InvalidQuery if it is not in a text or not read, ModelUnsupported for
    a model that shows no tokens, such as an endpoint.
    """
    encoder = encoder_of(model)
    insides = insides_of(encoder)
    left, right = (_occurrence(insides, encoder.name, text, token) for text in (first, second))
    return TokenComparison(
        model=encoder.name,
        token=token,
        first=left.word,
        second=right.word,
        static=None if insides.matrix is None else _cosine(insides.matrix[left.ids], insides.matrix[right.ids]),
        contextual=_cosine(left.word_vectors, right.word_vectors),
        first_tokens=left.tokens,
        second_tokens=right.tokens,
        grid=np.clip(unit(left.vectors) @ unit(right.vectors).T, -1, 1),  # (a, b)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Occurrence:
    """A word in a text: the ids and vectors of its tokens, and all tokens of the text with their vectors."""

    word: TokenInText
    ids: list[int]
    word_vectors: FloatArray  # (tokens of the word, m)
    tokens: tuple[str, ...]
    vectors: FloatArray  # (tokens, m)


def _occurrence(insides: Insides, name: str, text: str, word: str) -> _Occurrence:
    span = find_word(text, word)
    reading = read(insides, name, text, Role.DOCUMENT)
    of_word, of_text = tokens_in(reading, span), tokens_in(reading, Span(0, len(text)))
    if not of_word:
        raise InvalidQuery(f"{name} does not read {word!r} in {text!r}: it is unknown, or beyond what the model reads")
    return _Occurrence(
        word=TokenInText(text=text, span=span, tokens=_written(insides, reading, of_word)),
        ids=[reading.ids[index] for index in of_word],
        word_vectors=reading.vectors[of_word],
        tokens=_written(insides, reading, of_text),
        vectors=reading.vectors[of_text],
    )


def _written(insides: Insides, reading: Reading, indices: list[int]) -> tuple[str, ...]:
    return tuple(insides.tokens.token(reading.ids[index]) for index in indices)


def _cosine(left: FloatArray, right: FloatArray) -> float:
    """The cosine of the means of some rows, in float64."""
    a, b = left.mean(axis=0, dtype=np.float64), right.mean(axis=0, dtype=np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return min(1.0, max(-1.0, float(a @ b) / lengths)) if lengths else 0.0
