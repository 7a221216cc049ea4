"""A cross-encoder on OpenVINO: token numbers of pairs in, the head's numbers out. Knows no texts.

In bfloat16 where the processor has it, which is what makes this runtime worth naming: scores then agree with those of
others to about two digits, see docs/reranking.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vecsearch.encoders.transformer.openvino_graph import build_model, import_openvino
from vecsearch.encoders.transformer.openvino_session import Precision, computes_bfloat16
from vecsearch.encoders.transformer.precision import OPENVINO
from vecsearch.encoders.weights import read_parameters
from vecsearch.errors import ModelUnsupported
from vecsearch.rerank.pairs import PairBatch
from vecsearch.rerank.runtime import PairRuntime
from vecsearch.rerank.spec import PairSpec
from vecsearch.types import FloatArray


class OpenvinoPairs:
    """One compiled model with a stream of its own for each thread; run() may be called from several threads."""

    def __init__(self, spec: PairSpec, threads: int, precision: Precision | None = None) -> None:
        """Compile the model, by default in the fastest precision.

        Raises ExtraMissing without OpenVINO, ModelDamaged when the weights are not those of the spec, ModelUnsupported
        for a model that ships its graph.
        """
        if spec.shape is None:
            raise ModelUnsupported(f"{spec.weights}: a graph of its own is run by onnxruntime, not by openvino")
        fastest = Precision.BFLOAT16 if computes_bfloat16() else Precision.FLOAT32
        settings = {
            "INFERENCE_PRECISION_HINT": (precision or fastest).value,
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
        }
        self._types = spec.shape.reads_types
        model = build_model(spec.shape, read_parameters(spec.weights, spec.shape))
        self._compiled = import_openvino().Core().compile_model(model, "CPU", settings)
        self._idle: list[Any] = []
        self._lock = threading.Lock()

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:  # noqa: ARG002  # streams have a core
        """The number that the head gives for each pair: float32 (n,)."""
        inputs = [batch.ids, batch.mask.astype(np.float32), *([batch.types] if self._types else [])]
        with self._request() as request:
            found = request.infer(inputs, share_inputs=True)[0]
            return np.array(found[:, 0, 0], np.float32)  # a copy: the output is the request's own

    @contextmanager
    def _request(self) -> Iterator[Any]:
        """One that no other thread uses meanwhile; its buffers are kept for the next batch."""
        with self._lock:
            request = self._idle.pop() if self._idle else self._compiled.create_infer_request()
        yield request
        with self._lock:
            self._idle.append(request)


OPENVINO_PAIRS = PairRuntime(OpenvinoPairs, OPENVINO.batching)
