"""What an encoder is made of, as frozen values for people to look at; `opened_insides` makes them.

tokens   ->  rows of a matrix  ->  vectors in their context  ->  pooled  ->  the text's vector
Tokens       Insides.matrix        Reading.vectors           Reading.pooled
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from vecsearch.models.encoders.positions import Positions
from vecsearch.types import FloatArray, IntArray, Role


class Tokens(Protocol):
    """The tokens of a model by their numbers."""

    @property
    def special(self) -> frozenset[int]:
        """The tokens that stand for no characters: where a text begins and ends, padding, what is unknown."""

    @property
    def words(self) -> Mapping[str, int]:
        """The words that are one token, with its number."""

    def token(self, number: int) -> str:
        """The token as the model's files write it."""

    def pieces(self, text: str) -> list[str]:
        """The tokens that a text is read as, without special ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What a model makes of one text: all the tokens that it reads, special ones and those of a prompt too, in order.

    `spans`, int64 (tokens, 2), are characters of the text, empty where a token stands for none. `vectors`, float32
    (tokens, m), are the tokens' after the last layer, of any length; `pooled`, float32 (m,), is what they become
    before it is scaled to length 1, None where only the model's library knows it. `cut` tokens are not read, and the
    words in `unknown` have no token.
    """

    ids: list[int]
    spans: IntArray
    vectors: FloatArray
    pooled: FloatArray | None
    cut: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Insides:
    """The parts of a model. `matrix`, float32 (V, D), has a row for each token; None where it cannot be read.

    `pooling` says how the vectors of tokens become the text's, None where only the model's library knows it.
    `contextual` is whether a token's vector depends on the text around it.
    """

    tokens: Tokens
    matrix: FloatArray | None
    positions: Positions
    pooling: str | None
    normalize: bool
    contextual: bool
    read: Callable[[str, Role], Reading]
