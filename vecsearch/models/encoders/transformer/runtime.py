"""What a transformer's runtime is: it opens a model, which turns token numbers into the vectors of tokens.

onnx_session and openvino_session have one each; the way from texts to batches is in `transformer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vecsearch.models.encoders.transformer.spec import ModelSpec
from vecsearch.types import FloatArray, IntArray


class TokenModel(Protocol):
    """A model loaded into a runtime; run() may be called from several threads."""

    def run(self, ids: IntArray, lengths: IntArray, *, alone: bool) -> FloatArray:
        """Token numbers (n, tokens), of which the first `lengths` (n,) count -> their vectors (n, tokens, dim).

        `alone` says that no other batch runs beside this one, so that it may have all cores.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The most texts and the most tokens of a batch; it is padded to a multiple of so many tokens a text."""

    texts: int
    tokens: int
    multiple: int = 1


@dataclass(frozen=True, slots=True)
class TokenRuntime:
    """How a runtime opens a model for a number of threads, and how large it likes its batches."""

    open: Callable[[ModelSpec, int], TokenModel]
    batching: Batching
