"""From texts to checked vectors: what an encoder is, and encode_cached(), which asks one only for texts never seen.

Holds no model and no storage: encoders are in `encoders/`, the cache in `cache/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vecsearch.errors import InvalidVector
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


@runtime_checkable
class PartwiseEncoder(Protocol):
    """What an Encoder may have besides: one that waits for others gives what it has, and keeps it when it fails."""

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """The vectors of texts that stand next to one another, with where they stand, as they come: each text once.

        While nothing comes, an empty range now and then lets the caller stop; closing the iterator ends the work.
        """


@runtime_checkable
class CheckedEncoder(Protocol):
    """What an Encoder may have besides: it says before it is needed what keeps it from encoding."""

    def check_usable(self) -> None:
        """Raises what the first `encode` would for want of a package, a key or the like; nothing is encoded."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens that a model reads of one text, in order: where they stand in it, and what they mean there.

    `spans` int64 (tokens, 2) are characters of the text as it was given; `vectors` float32 (tokens, m) have length 1,
    or 0 where a model has a zero row. m is the same for all texts that have tokens, not always the encoder's `dim`.
    """

    spans: IntArray
    vectors: FloatArray

    @classmethod
    def of(cls, spans: IntArray, vectors: npt.NDArray[np.floating[Any]]) -> TokenVectors:
        """The tokens at `spans`, whose vectors may have any length: it is taken in float64, where none overflows."""
        wide = vectors.astype(np.float64)  # (tokens, m)
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))  # (tokens,)
        return cls(spans, (wide / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32))


NO_TOKENS = TokenVectors(np.empty((0, 2), np.int64), np.empty((0, 0), np.float32))


@runtime_checkable
class TokenwiseEncoder(Protocol):
    """What an Encoder may have besides: it shows the vectors of a text's tokens, which it makes the text's one of."""

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """The tokens of each text, without special ones and those of a prompt; what is cut off has none.

        A text has none at all, too, where it cannot be known which characters its tokens stand for.
        """


class Fertility(NamedTuple):
    """How well a model reads a text.

    `letters` is what one of its tokens stands for, on average: 4 or so in a language that the model was made for, 1
    where it has to spell, less where it does not know the letters. `contextual` is whether the vector of a token
    depends on those around it.
    """

    characters_per_token: float
    contextual: bool


DEFAULT_FERTILITY = Fertility(4.0, contextual=True)  # of an encoder that does not say


@runtime_checkable
class FertilityEncoder(Protocol):
    """What an Encoder may have besides: it says how well it reads."""

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """How well the model reads each text."""


class VectorCache(Protocol):
    """Keeps vectors by what they were made from."""

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """The vectors that are known, float32 (dim,), by their text."""

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray, model: str = "") -> None:
        """Makes `vectors[i]` the vector of `texts[i]` for every later get; `model` is the model's name, for people."""


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
    first, and each part is in the cache before the next one is asked for. `name(i)` says for an error whose text i
    is; `done(n)` is told of each n texts settled, of 0 now and then while a PartwiseEncoder waits: what it raises
    ends the work. Raises InvalidVector when the encoder's answer is not float32 (n, dim), finite and without zero
    rows; vectors of earlier parts stay in the cache.
    """
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    places = _places(texts)
    known = cache.get(encoder.fingerprint, role, list(places), encoder.dim)
    for text, vector in known.items():
        vectors[places[text]] = vector
    done(sum(len(places[text]) for text in known))
    missing = sorted((text for text in places if text not in known), key=len, reverse=True)
    settled = 0
    with closing(parts_of(encoder, missing, role)) as parts:
        for rows, part in parts:
            batch = missing[rows.start : rows.stop]
            checked = _checked(part, batch, encoder.dim, lambda text: name(places[text][0]))
            if batch:
                cache.put(encoder.fingerprint, role, batch, checked, encoder.name)
            for text, vector in zip(batch, checked, strict=True):
                vectors[places[text]] = vector
            settled += len(batch)
            done(sum(len(places[text]) for text in batch))
    if settled != len(missing):
        raise InvalidVector(f"{encoder.name} gave vectors of {settled} texts, expected {len(missing)}")
    return Encoded(vectors, encoded=len(missing), cached=len(texts) - len(missing))


def parts_of(encoder: Encoder, texts: Sequence[str], role: Role) -> Generator[tuple[range, FloatArray], None, None]:
    """The vectors of `texts` in parts, each worth a write to the cache."""
    if isinstance(encoder, PartwiseEncoder):
        yield from encoder.encode_parts(texts, role)
        return
    for first in range(0, len(texts), _SLICE):
        rows = range(first, min(first + _SLICE, len(texts)))
        yield rows, encoder.encode(texts[rows.start : rows.stop], role)


def token_vectors_of(encoder: Encoder, texts: Sequence[str], role: Role) -> list[TokenVectors]:
    """The tokens of each text with their vectors; no tokens from an encoder that shows none.

    Raises InvalidVector when the encoder's answer is not one for each text, or has not a vector for each token.
    """
    if not isinstance(encoder, TokenwiseEncoder):
        return [NO_TOKENS for _ in texts]
    found = encoder.token_vectors(texts, role)
    if len(found) != len(texts):
        raise InvalidVector(f"{encoder.name} gave the tokens of {len(found)} texts, expected {len(texts)}")
    for tokens in found:
        if tokens.spans.shape != (len(tokens.vectors), 2) or tokens.vectors.ndim != 2:
            shapes = f"spans {tokens.spans.shape} and vectors {tokens.vectors.shape}"
            raise InvalidVector(
                f"{encoder.name} gave {shapes} of a text's tokens, expected (tokens, 2) and (tokens, m)"
            )
    return found


def fertility_of(encoder: Encoder, texts: Sequence[str]) -> list[Fertility]:
    """How well the model reads each text, as far as the encoder says it.

    Raises InvalidVector when the encoder's answer is not one for each text, or not a number of letters.
    """
    if not isinstance(encoder, FertilityEncoder):
        return [DEFAULT_FERTILITY] * len(texts)
    found = encoder.fertility(texts)
    if len(found) != len(texts):
        raise InvalidVector(f"{encoder.name} gave the fertility of {len(found)} texts, expected {len(texts)}")
    told = [Fertility(*each) for each in found]
    for letters, _ in told:
        if not 0 <= letters < inf:
            raise InvalidVector(f"{encoder.name} gave {letters} letters a token, expected a finite number from 0 on")
    return told


def _checked(part: FloatArray, texts: Sequence[str], dim: int, name: Callable[[str], str]) -> FloatArray:
    """What an encoder made of the texts, known to be vectors."""
    return check_vectors(part, len(texts), dim, lambda row: name(texts[row]))


def count_cut(encoder: Encoder, texts: Sequence[str]) -> int:
    """How many of the texts have more tokens than the model reads.

    A token stands for at least one byte, so only what has more bytes than that is tokenised, and each text once.
    """
    limit = encoder.max_tokens
    long = Counter(text for text in texts if len(text.encode("utf-8", "surrogatepass")) > limit)
    spans = encoder.token_spans(list(long)) if long else []
    return sum(times for times, tokens in zip(long.values(), spans, strict=True) if len(tokens) > limit)


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """Where each distinct text stands."""
    places: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        places.setdefault(text, []).append(index)
    return places
