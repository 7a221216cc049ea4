"""What a model makes of a text, as frozen values. No I/O, no model."""

from __future__ import annotations

from dataclasses import dataclass

from vecsearch.types import FloatArray, Span


@dataclass(frozen=True, slots=True)
class NearToken:
    """Another token, and the cosine of its row with the token's."""

    token: str
    id: int
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInsides:
    """One token of a text: `token` as the tokenizer writes it, `id` its row of the matrix.

    `span` are characters of the text, None for a token that covers none: a `special` token, or a prompt's.
    `row_norm` is the length of its row and `nearest` the rows most like it; `vector_norm` is the length of its vector
    after the last layer. Without a matrix that can be read, `row_norm` is None and `nearest` empty.
    """

    token: str
    id: int
    span: Span | None
    special: bool
    row_norm: float | None
    nearest: tuple[NearToken, ...]
    vector_norm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixInsides:
    """The matrix E: a row of `dim` numbers for each of `rows` tokens, in `bytes` of memory as float32.

    `one_hot_difference` is the largest difference between looking rows up and multiplying E with one-hot vectors,
    measured on a token of the text.
    """

    rows: int
    dim: int
    bytes: int
    one_hot_difference: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextInsides:
    """The way of one text through a model, made by `inspect_text`.

    `rows`, float32 (tokens, D), are the tokens' rows of the matrix; `vectors`, float32 (tokens, m), are the tokens'
    after the last layer, which are the rows again in a model that is not `contextual`; `vector`, float32 (dim,), is
    the text's as a search has it, and `pooled_norm` its length before it is scaled to 1, if it is `normalized`.
    `positions` is how the model encodes the order of tokens and `position_count` how many positions it has. `cut`
    tokens are not read, words in `unknown` have no token, and `missing` lists what only other models show.
    """

    model: str
    text: str
    tokens: tuple[TokenInsides, ...]
    cut: int
    unknown: tuple[str, ...]
    matrix: MatrixInsides | None
    positions: str
    position_count: int | None
    contextual: bool
    pooling: str | None
    normalized: bool
    pooled_norm: float | None
    rows: FloatArray | None
    vectors: FloatArray
    vector: FloatArray
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInText:
    """A word in a text: its characters, and the tokens that it is read as."""

    text: str
    span: Span
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenComparison:
    """One word in two texts, made by `compare_token`: the cosine of its vectors, and of all tokens with all.

    `static` compares rows of the matrix, None where it cannot be read: 1 for the same tokens, whatever the
    context. `contextual` compares the vectors after the last layer. `grid`, float32 (a, b), has the cosine of
    each of the `first_tokens` with each of the `second_tokens`.
    """

    model: str
    token: str
    first: TokenInText
    second: TokenInText
    static: float | None
    contextual: float
    first_tokens: tuple[str, ...]
    second_tokens: tuple[str, ...]
    grid: FloatArray
