"""The runtimes of cross-encoders: each opens a model, which turns the token ids of pairs into one number each.

Knows no texts; the way from texts to batches is in `graph_reranker`. A runtime's library is imported when a model is
opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.batching import Batching
from vecsearch.models.encoders.transformer.onnx_session import ONNXRUNTIME, OnnxSessions
from vecsearch.models.encoders.transformer.openvino_session import OpenvinoRequests, Precision
from vecsearch.models.encoders.transformer.precision import OPENVINO
from vecsearch.models.rerank.pairs import PairBatch
from vecsearch.models.rerank.spec import PairSpec
from vecsearch.types import FloatArray


class PairModel(Protocol):
    """A model loaded into a runtime, safe for any number of threads."""

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:
        """Return the head's number for each pair: float32 (n,).

        With `alone` no other batch runs beside this one, so that it may have all cores.
        """


@dataclass(frozen=True, slots=True)
class PairRuntime:
    """How a runtime opens a model for a number of threads, and how large its batches are."""

    open: Callable[[PairSpec, int], PairModel]
    batching: Batching


class OnnxPairs:
    """A model on ONNX Runtime, from its weights or from a graph of its own."""

    def __init__(self, spec: PairSpec, threads: int) -> None:
        """Map the weights; raises ModelDamaged when they are not those of the spec."""
        self._spec = spec
        self._sessions = OnnxSessions(spec.weights, spec.shape, threads)

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:
        """Return the head's number for each pair: float32 (n,).

        Raises ModelDamaged when the graph cannot run, ModelUnsupported when it is not that of a cross-encoder.
        """
        session = self._sessions.get(alone=alone)
        output, inputs = self._output(session), self._inputs(session, batch)
        try:
            logits = session.run([output], inputs)[0]
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            reason = " ".join(str(error).split())[:200]
            raise ModelDamaged(f"{self._spec.weights} cannot be run by onnxruntime: {reason}") from error
        if logits.shape != (len(batch.ids), 1):
            raise ModelUnsupported(
                f"{self._spec.weights} gives {output} of shape {logits.shape} for {len(batch.ids)} pairs, "
                f"expected {(len(batch.ids), 1)}"
            )
        return np.asarray(logits[:, 0], np.float32)

    def _inputs(self, session: Any, batch: PairBatch) -> dict[str, Any]:
        """The arrays that the graph reads, by their names."""
        known = {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": batch.types}
        names = [entry.name for entry in session.get_inputs()]
        if unknown := [name for name in names if name not in known]:
            raise ModelUnsupported(f"{self._spec.weights} reads {unknown[0]}, which a pair of texts does not have")
        return {name: known[name] for name in names}

    def _output(self, session: Any) -> str:
        names = [str(entry.name) for entry in session.get_outputs()]
        if "logits" in names or len(names) == 1:
            return "logits" if "logits" in names else names[0]
        raise ModelUnsupported(f"{self._spec.weights} has the outputs {', '.join(names)}, expected logits")


class OpenvinoPairs:
    """A model on OpenVINO, in bfloat16 where the processor has it, which is what makes this runtime worth naming.

    Scores then agree with those of others to about two digits, see docs/reranking.md.
    """

    def __init__(self, spec: PairSpec, threads: int, precision: Precision | None = None) -> None:
        """Compile the model, by default in the fastest precision; raises what OpenvinoRequests does."""
        self._types = spec.shape is not None and spec.shape.reads_types
        self._requests = OpenvinoRequests(spec.weights, spec.shape, threads, precision)

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:  # noqa: ARG002  # streams have a core
        """Return the head's number for each pair: float32 (n,)."""
        inputs = [batch.ids, batch.mask.astype(np.float32), *([batch.types] if self._types else [])]
        with self._requests.one() as request:
            logits = request.infer(inputs, share_inputs=True)[0]
            return np.array(logits[:, 0, 0], np.float32)  # a copy: the output is the request's own


ONNX_PAIRS = PairRuntime(OnnxPairs, ONNXRUNTIME.batching)
OPENVINO_PAIRS = PairRuntime(OpenvinoPairs, OPENVINO.batching)
