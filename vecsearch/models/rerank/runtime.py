"""What a cross-encoder's runtime is: it opens a model, which turns the token numbers of pairs into one number each.

onnx_pairs and openvino_pairs have one each; the way from texts to batches is in `graph_reranker`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vecsearch.models.batching import Batching
from vecsearch.models.rerank.pairs import PairBatch
from vecsearch.models.rerank.spec import PairSpec
from vecsearch.types import FloatArray


class PairModel(Protocol):
    """A model loaded into a runtime; run() may be called from several threads."""

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:
        """The number that the head gives for each pair: float32 (n,).

        `alone` says that no other batch runs beside this one, so that it may have all cores.
        """


@dataclass(frozen=True, slots=True)
class PairRuntime:
    """How a runtime opens a model for a number of threads, and how large it likes its batches."""

    open: Callable[[PairSpec, int], PairModel]
    batching: Batching
