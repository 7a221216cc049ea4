"""A model loaded into OpenVINO: token ids in, token vectors out. Knows no texts.

Weights are read where model.safetensors is mapped into memory. Compiled models are not stored: reading one back took as
long as compiling it for 23 million parameters, twice as long for 335 million, and a file the size of the model.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.errors import ModelUnsupported
from vecsearch.models.batching import token_mask
from vecsearch.models.encoders.transformer.architecture import Shape
from vecsearch.models.encoders.transformer.openvino_graph import build_model, import_openvino
from vecsearch.models.encoders.transformer.spec import ModelSpec
from vecsearch.models.encoders.weights import read_parameters
from vecsearch.types import FloatArray, IntArray


class Precision(str, Enum):
    """The precision of products; they are summed in float32 in either case."""

    FLOAT32 = "f32"
    BFLOAT16 = "bf16"


class OpenvinoRequests:
    """One compiled model with a stream per core. A request serves one thread at a time, so each borrows one."""

    def __init__(self, weights: Path, shape: Shape | None, threads: int, precision: Precision | None) -> None:
        """Compile the model, by default in the fastest precision.

        Raises ExtraMissing without OpenVINO, ModelDamaged when the weights do not have that shape, ModelUnsupported
        for a model that ships its graph.
        """
        if shape is None:
            raise ModelUnsupported(f"{weights}: a model's own graph runs on onnxruntime, not on openvino")
        openvino = import_openvino()
        if precision is None:
            precision = Precision.BFLOAT16 if computes_bfloat16() else Precision.FLOAT32
        settings = {
            "INFERENCE_PRECISION_HINT": precision.value,
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
        }
        model = build_model(shape, read_parameters(weights, shape))
        self._compiled = openvino.Core().compile_model(model, "CPU", settings)
        self._idle: list[Any] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Any]:
        """Lend a request that no other thread uses meanwhile; its buffers are reused. A failed one is dropped."""
        with self._lock:
            request = self._idle.pop() if self._idle else self._compiled.create_infer_request()
        yield request
        with self._lock:
            self._idle.append(request)


class OpenvinoModel:
    """An embedding model; several threads may call run()."""

    def __init__(self, spec: ModelSpec, threads: int, precision: Precision) -> None:
        """Compile the model; raises what OpenvinoRequests does."""
        self._requests = OpenvinoRequests(spec.weights, spec.shape, threads, precision)

    def run(self, ids: IntArray, lengths: IntArray, *, alone: bool) -> FloatArray:  # noqa: ARG002  # streams have a core
        """Turn token ids (n, tokens), of which the first `lengths` (n,) count, into vectors (n, tokens, dim)."""
        mask = token_mask(lengths, ids.shape[1]).astype(np.float32)
        with self._requests.one() as request:
            hidden: FloatArray = request.infer([ids, mask], share_inputs=True)[0]  # a copy of the request's own
            return hidden


def computes_bfloat16() -> bool:
    """Whether this processor has units for bfloat16; raises ExtraMissing without OpenVINO."""
    return "BF16" in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
