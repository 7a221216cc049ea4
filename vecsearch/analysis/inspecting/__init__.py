"""Token embeddings: inspect_text() shows a text's way through a model, compare_token() one word in two texts.

    text -> tokens -> rows of the matrix -> vectors in their context -> pooled -> the vector that a search compares

Encoders show their insides themselves (see InspectableEncoder); how a text is read is in `reading`, the arithmetic in
`rows`, the results in `values`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vecsearch.analysis.inspecting.comparing import compare_token
from vecsearch.analysis.inspecting.reading import encoder_of, read
from vecsearch.analysis.inspecting.rows import nearest_rows, norms_of, one_hot_product
from vecsearch.analysis.inspecting.values import (
    MatrixInsides,
    NearToken,
    TextInsides,
    TokenComparison,
    TokenInsides,
    TokenInText,
)
from vecsearch.checks import check_whole
from vecsearch.choices import RoleName
from vecsearch.models.capabilities import insides_of
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.models.insides import Insides, Reading
from vecsearch.types import FloatArray, Role, Span

__all__ = [
    "MatrixInsides",
    "NearToken",
    "TextInsides",
    "TokenComparison",
    "TokenInText",
    "TokenInsides",
    "compare_token",
    "inspect_text",
]


def inspect_text(
    text: str, *, model: str | Encoder = DEFAULT_MODEL, role: Role | RoleName = Role.DOCUMENT, nearest: int = 3
) -> TextInsides:
    """Return everything between a text and its vector in `model`: each token with the `nearest` rows to its own.

    `role` matters to models that put a prompt before a query or a document. Raises InvalidQuery for a text without a
    token, ModelUnsupported for a model that shows no tokens, such as an endpoint, and InvalidOption.
    """
    check_whole("nearest", nearest, 0)
    role = Role.of(role)
    encoder = encoder_of(model)
    insides = insides_of(encoder)
    reading = read(insides, encoder.name, text, role)
    matrix = insides.matrix
    return TextInsides(
        model=encoder.name,
        text=text,
        tokens=tuple(_tokens(insides, reading, nearest)),
        cut=reading.cut,
        unknown=reading.unknown,
        matrix=None if matrix is None else _matrix(matrix, reading.ids[:1]),
        positions=insides.positions.kind.value,
        position_count=insides.positions.count,
        contextual=insides.contextual,
        pooling=insides.pooling,
        normalized=insides.normalize,
        pooled_norm=None if reading.pooled is None else float(np.linalg.norm(reading.pooled)),
        rows=None if matrix is None else matrix[reading.ids],
        vectors=reading.vectors,
        vector=encoder.encode([text], role)[0],
        missing=tuple(_missing(insides, reading)),
    )


def _tokens(insides: Insides, reading: Reading, nearest: int) -> Iterator[TokenInsides]:
    """The tokens of a text, in order."""
    near = _near(insides, sorted(set(reading.ids)), nearest)
    row_norms = None if insides.matrix is None else norms_of(insides.matrix[reading.ids]).tolist()
    vector_norms = norms_of(reading.vectors).tolist()
    for index, (number, (start, end)) in enumerate(zip(reading.ids, reading.spans.tolist(), strict=True)):
        yield TokenInsides(
            token=insides.tokens.token(number),
            id=number,
            span=Span(start, end) if start < end else None,
            special=number in insides.tokens.special,
            row_norm=None if row_norms is None else row_norms[index],
            nearest=near.get(number, ()),
            vector_norm=vector_norms[index],
        )


def _near(insides: Insides, numbers: Sequence[int], n: int) -> dict[int, tuple[NearToken, ...]]:
    """The tokens with the nearest rows, by token id."""
    if insides.matrix is None or n == 0:
        return {}
    rows, cosines = nearest_rows(insides.matrix, numbers, n)
    return {
        number: tuple(NearToken(insides.tokens.token(row), row, cosine) for row, cosine in zip(*pairs, strict=True))
        for number, *pairs in zip(numbers, rows.tolist(), cosines.tolist(), strict=True)
    }


def _matrix(matrix: FloatArray, sample: Sequence[int]) -> MatrixInsides:
    rows, dim = matrix.shape
    difference = np.abs(one_hot_product(matrix, sample) - matrix[sample]).max()
    return MatrixInsides(rows=rows, dim=dim, bytes=rows * dim * 4, one_hot_difference=float(difference))


def _missing(insides: Insides, reading: Reading) -> Iterator[str]:
    """What the model lacks or does not show."""
    if insides.matrix is None:
        yield "no matrix that can be read: its rows are quantised, or only the model's own code knows where they are"
    if not insides.contextual:
        yield "no positions: the order of the tokens changes nothing"
        yield "no vectors in context: a token has its row in every text"
    if insides.contextual and not insides.tokens.special.intersection(reading.ids):
        yield "no special tokens around a text"
    if reading.pooled is None:
        yield "no pooled vector: only the model's own modules know how the text's vector is made of its tokens'"
    if not insides.normalize:
        yield "no scaling to length 1: a search does it"
