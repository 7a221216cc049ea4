"""What a transformer's runtime is: it opens a model, which turns token ids into token vectors.

onnx_session and precision (for OpenVINO) define one each; batching is in `encoder`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vecsearch.models.batching import Batching
from vecsearch.models.encoders.transformer.spec import ModelSpec
from vecsearch.types import FloatArray, IntArray


class TokenModel(Protocol):
    """A model loaded into a runtime; run() may be called from several threads."""

    def run(self, ids: IntArray, lengths: IntArray, *, alone: bool) -> FloatArray:
        """Turn token ids (n, tokens), of which the first `lengths` (n,) count, into vectors (n, tokens, dim).

        `alone`: no other batch runs meanwhile, so that this one may use all cores.
        """


@dataclass(frozen=True, slots=True)
class TokenRuntime:
    """How a runtime opens a model for a number of threads, and how large its batches should be."""

    open: Callable[[ModelSpec, int], TokenModel]
    batching: Batching
