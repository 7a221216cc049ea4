"""What an encoder is made of, as frozen values for inspection: see InspectableEncoder.

tokens      ->  rows of a matrix  ->  vectors in context  ->  pooled          ->  the text's vector
TokenTable      Insides.matrix        Reading.vectors         Reading.pooled
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from vecsearch.types import FloatArray, IntArray, Role


class TokenTable(Protocol):
    """The tokens of a model by their ids."""

    @property
    def special(self) -> frozenset[int]:
        """The tokens that cover no characters: start and end of a text, padding, the unknown token."""

    @property
    def words(self) -> Mapping[str, int]:
        """The words that are one token, with its id."""

    def token(self, number: int) -> str:
        """Return the token with this id as the model's files write it."""

    def pieces(self, text: str) -> list[str]:
        """Return the tokens that a text is read as, without special ones."""


class PositionKind(str, Enum):
    """How a model encodes the order of its tokens."""

    LEARNED = "learned"  # a row of a second matrix for each position, added to the token's (Gehring et al. 2017)
    SINUSOIDAL = "sinusoidal"  # the same, with sines and cosines for numbers (Vaswani et al. 2017)
    ROTARY = "rotary"  # queries and keys are rotated by an angle that grows with the position (Su et al. 2021)
    RELATIVE = "relative"  # attention knows the distance between two tokens (Shaw et al. 2018)
    ALIBI = "alibi"  # attention fades with the distance (Press et al. 2022)
    NONE = "none"  # the order of the tokens changes nothing
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Positions:
    """The kind, and the number of positions; None where they are not counted or not known."""

    kind: PositionKind
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What a model makes of one text: all tokens that it reads, special ones and those of a prompt included, in order.

    `spans`, int64 (tokens, 2), are character offsets in the text, empty where a token covers no characters.
    `vectors`, float32 (tokens, m), are the tokens' after the last layer, of any length. `pooled`, float32 (m,), is
    what they become before it is scaled to length 1, None where only the model's library knows it. `cut` counts the
    tokens that are not read; the words in `unknown` have no token.
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

    `pooling` names how token vectors become the text's, None where only the model's library knows it. `contextual`:
    a token's vector depends on the text around it.
    """

    tokens: TokenTable
    matrix: FloatArray | None
    positions: Positions
    pooling: str | None
    normalize: bool
    contextual: bool
    read: Callable[[str, Role], Reading]
