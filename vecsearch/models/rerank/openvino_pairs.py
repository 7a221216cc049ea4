"""A cross-encoder on OpenVINO: token numbers of pairs in, the head's numbers out. Knows no texts.

In bfloat16 where the processor has it, which is what makes this runtime worth naming: scores then agree with those of
others to about two digits, see docs/reranking.md.
"""

from __future__ import annotations

import numpy as np

from vecsearch.models.encoders.transformer.openvino_session import OpenvinoRequests, Precision
from vecsearch.models.encoders.transformer.precision import OPENVINO
from vecsearch.models.rerank.pairs import PairBatch
from vecsearch.models.rerank.runtime import PairRuntime
from vecsearch.models.rerank.spec import PairSpec
from vecsearch.types import FloatArray


class OpenvinoPairs:
    """A model whose run() may be called from several threads."""

    def __init__(self, spec: PairSpec, threads: int, precision: Precision | None = None) -> None:
        """Compile the model, by default in the fastest precision; raises what OpenvinoRequests does."""
        self._types = spec.shape is not None and spec.shape.reads_types
        self._requests = OpenvinoRequests(spec.weights, spec.shape, threads, precision)

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:  # noqa: ARG002  # streams have a core
        """The number that the head gives for each pair: float32 (n,)."""
        inputs = [batch.ids, batch.mask.astype(np.float32), *([batch.types] if self._types else [])]
        with self._requests.one() as request:
            found = request.infer(inputs, share_inputs=True)[0]
            return np.array(found[:, 0, 0], np.float32)  # a copy: the output is the request's own


OPENVINO_PAIRS = PairRuntime(OpenvinoPairs, OPENVINO.batching)
