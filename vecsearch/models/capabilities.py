"""The optional capabilities of any encoder: what it offers is checked, what it does not offer has a default.

Which capabilities there are is in `encoder`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import inf
from typing import TYPE_CHECKING

from vecsearch.errors import InvalidVector, ModelUnsupported
from vecsearch.models.encoder import (
    DEFAULT_FERTILITY,
    NO_TOKENS,
    Encoder,
    Fertility,
    FertilityEncoder,
    InspectableEncoder,
    PartwiseEncoder,
    TokenVectors,
    TokenwiseEncoder,
)
from vecsearch.types import FloatArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides

_PART = 128  # texts; between two writes to the cache, so what a killed process has encoded in vain


def parts_of(encoder: Encoder, texts: Sequence[str], role: Role) -> Generator[tuple[range, FloatArray], None, None]:
    """Yield the vectors of `texts` in parts with their indices, each part worth a write to the cache."""
    if isinstance(encoder, PartwiseEncoder):
        yield from encoder.encode_parts(texts, role)
        return
    for first in range(0, len(texts), _PART):
        rows = range(first, min(first + _PART, len(texts)))
        yield rows, encoder.encode(texts[rows.start : rows.stop], role)


def token_vectors_of(encoder: Encoder, texts: Sequence[str], role: Role) -> list[TokenVectors]:
    """Return the tokens of each text with their vectors; no tokens without the capability.

    Raises InvalidVector unless the encoder returns one entry per text with one vector per token.
    """
    if not isinstance(encoder, TokenwiseEncoder):
        return [NO_TOKENS for _ in texts]
    results = encoder.token_vectors(texts, role)
    if len(results) != len(texts):
        raise InvalidVector(f"{encoder.name} returned the tokens of {len(results)} texts, expected {len(texts)}")
    for tokens in results:
        if tokens.spans.shape != (len(tokens.vectors), 2) or tokens.vectors.ndim != 2:
            raise InvalidVector(
                f"{encoder.name} returned token spans of shape {tokens.spans.shape} and vectors of shape "
                f"{tokens.vectors.shape}, expected (tokens, 2) and (tokens, m)"
            )
    return results


def fertility_of(encoder: Encoder, texts: Sequence[str]) -> list[Fertility]:
    """Return how well the model reads each text; DEFAULT_FERTILITY without the capability.

    Raises InvalidVector unless the encoder returns one finite number of characters per token for each text.
    """
    if not isinstance(encoder, FertilityEncoder):
        return [DEFAULT_FERTILITY] * len(texts)
    results = [Fertility(*result) for result in encoder.fertility(texts)]
    if len(results) != len(texts):
        raise InvalidVector(f"{encoder.name} returned the fertility of {len(results)} texts, expected {len(texts)}")
    for characters, _ in results:
        if not 0 <= characters < inf:
            raise InvalidVector(
                f"{encoder.name} returned {characters} characters per token, expected a finite number of at least 0"
            )
    return results


def insides_of(encoder: Encoder) -> Insides:
    """Open an encoder for inspection; of one whose vectors are shortened, the whole model.

    Raises ModelUnsupported for an encoder without the capability, such as an endpoint, and what `insides` raises.
    """
    if not isinstance(encoder, InspectableEncoder):
        raise ModelUnsupported(
            f"{encoder.name} shows neither tokens nor a matrix, only the vectors of texts: choose a model that runs "
            "on this machine"
        )
    return encoder.insides()
