"""What an encoder is: the Encoder protocol, the optional capabilities beside it, and the values they return.

Holds no model: implementations are in `encoders/`. What any encoder answers for an optional capability is in
`capabilities`; encoding with a cache in front is in `cached_encoding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides


class Encoder(Protocol):
    """Turns texts into vectors. Creating one is cheap: files are opened when they are first needed.

    Any number of threads may call any of its methods at once, the first calls included: an index shares one encoder
    among all its searches and its writer. The answers are those of calls one after the other.
    """

    @property
    def name(self) -> str:
        """The model's name for people, as in "all-MiniLM-L6-v2"."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits, equal for two encoders exactly when their vectors can be compared."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads, special tokens not counted; the rest of a longer text is cut off."""

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Return the vectors of `texts`, in their order: float32 (n, dim), not necessarily of unit length."""

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as character offsets: int64 (tokens, 2), no special tokens, nothing cut off."""


@runtime_checkable
class PartwiseEncoder(Protocol):
    """Optional capability: yield vectors as they become ready, so that a failure does not lose those before it."""

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """Yield the vectors of consecutive texts with their indices, in any order, each text once.

        An empty range now and then, while nothing is ready, lets the caller stop; closing the iterator ends the work.
        """


@runtime_checkable
class CheckedEncoder(Protocol):
    """Optional capability: report what would keep the encoder from encoding before it is needed."""

    def check_usable(self) -> None:
        """Raise what the first `encode` would for a missing package, key or the like; nothing is encoded."""


@runtime_checkable
class RemoteEncoder(Protocol):
    """Optional capability: say where texts are sent. An index asks before it sends any, see `consent`."""

    @property
    def address(self) -> str | None:
        """The URL that texts are sent to; None for a model on this machine."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens that a model reads of one text, in order: their characters and their vectors in that context.

    `spans`, int64 (tokens, 2), are character offsets in the text as it was given; `vectors`, float32 (tokens, m), have
    length 1, or 0 where a model has a zero row. m is the same for all texts with tokens, but need not be `dim`.
    """

    spans: IntArray
    vectors: FloatArray

    @classmethod
    def of(cls, spans: IntArray, vectors: npt.NDArray[np.floating[Any]]) -> TokenVectors:
        """Scale vectors of any length to length 1; norms are computed in float64, where none overflows."""
        wide = vectors.astype(np.float64)  # (tokens, m)
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))  # (tokens,)
        return cls(spans, (wide / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32))


NO_TOKENS = TokenVectors(np.empty((0, 2), np.int64), np.empty((0, 0), np.float32))


@runtime_checkable
class TokenwiseEncoder(Protocol):
    """Optional capability: show the vectors of a text's tokens, from which the text's own vector is made."""

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """Return each text's tokens, without special tokens, a prompt's tokens, and what is cut off.

        A text has no tokens where the encoder cannot tell which characters they cover.
        """


class Fertility(NamedTuple):
    """How well a model reads a text.

    `characters_per_token` is an average: about 4 in a language that the model was made for, 1 where it has to spell,
    less where it does not know the characters. `contextual`: a token's vector depends on the tokens around it.
    """

    characters_per_token: float
    contextual: bool


DEFAULT_FERTILITY = Fertility(4.0, contextual=True)  # of an encoder without the capability


@runtime_checkable
class FertilityEncoder(Protocol):
    """Optional capability: report how well the model reads a text."""

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return the fertility of each text, whatever the texts beside it."""


@runtime_checkable
class InspectableEncoder(Protocol):
    """Optional capability: show the parts that a text's vector is made of."""

    def insides(self) -> Insides:
        """Open the model's vocabulary, token matrix and forward pass for inspection; a matrix on disk is mapped.

        All of it comes from the files and sessions that `encode` uses. Raises ModelUnsupported for a model whose
        tokens cannot be shown, ModelDamaged for broken files.
        """
