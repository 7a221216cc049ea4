"""A cross-encoder on ONNX Runtime: token numbers of pairs in, the head's numbers out. Knows no texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.transformer.onnx_session import ONNXRUNTIME, OnnxSessions
from vecsearch.models.rerank.pairs import PairBatch
from vecsearch.models.rerank.runtime import PairRuntime
from vecsearch.models.rerank.spec import PairSpec
from vecsearch.types import FloatArray


class OnnxPairs:
    """A model in memory, from its weights or from a graph of its own; run() may be called from several threads."""

    def __init__(self, spec: PairSpec, threads: int) -> None:
        """Map the weights; raises ModelDamaged when they are not those of the spec."""
        self._spec = spec
        self._sessions = OnnxSessions(spec.weights, spec.shape, threads)

    def run(self, batch: PairBatch, *, alone: bool) -> FloatArray:
        """The number that the head gives for each pair: float32 (n,).

        Raises ModelDamaged when the graph cannot run, ModelUnsupported when it wants or gives something else.
        """
        session = self._sessions.get(alone=alone)
        output, taken = self._output(session), self._taken(session, batch)
        try:
            found = session.run([output], taken)[0]
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            reason = " ".join(str(error).split())[:200]
            raise ModelDamaged(f"{self._spec.weights} cannot be run by onnxruntime: {reason}") from error
        if found.shape != (len(batch.ids), 1):
            raise ModelUnsupported(
                f"{self._spec.weights} gives {output} of shape {found.shape} for {len(batch.ids)} pairs, "
                f"expected {(len(batch.ids), 1)}"
            )
        return np.asarray(found[:, 0], np.float32)

    def _taken(self, session: Any, batch: PairBatch) -> dict[str, Any]:
        """What the graph asks for."""
        feed = {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": batch.types}
        wanted = [entry.name for entry in session.get_inputs()]
        if unknown := [name for name in wanted if name not in feed]:
            raise ModelUnsupported(f"{self._spec.weights} asks for {unknown[0]}, which a pair of texts does not have")
        return {name: feed[name] for name in wanted}

    def _output(self, session: Any) -> str:
        names = [str(entry.name) for entry in session.get_outputs()]
        if "logits" in names or len(names) == 1:
            return "logits" if "logits" in names else names[0]
        raise ModelUnsupported(f"{self._spec.weights} has the outputs {', '.join(names)}, expected logits")


ONNX_PAIRS = PairRuntime(OnnxPairs, ONNXRUNTIME.batching)
