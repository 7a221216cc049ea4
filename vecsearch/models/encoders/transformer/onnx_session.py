"""A model loaded into ONNX Runtime: token ids in, token vectors out; and sessions for any graph. Knows no texts.

Weights are not copied: the sessions read them where model.safetensors is mapped into memory.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.models.batching import Batching, token_mask
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.transformer.architecture import Shape
from vecsearch.models.encoders.transformer.onnx_graph import GRAPH_VERSION, build_graph
from vecsearch.models.encoders.transformer.runtime import TokenRuntime
from vecsearch.models.encoders.transformer.spec import ModelSpec
from vecsearch.models.encoders.weights import read_parameters
from vecsearch.types import FloatArray, IntArray

_ERRORS_ONLY = 3  # onnxruntime's severity; its warnings speak of its own optimisations


class OnnxModel:
    """An embedding model; several threads may call run(), as ONNX Runtime's sessions allow."""

    def __init__(self, spec: ModelSpec, threads: int) -> None:
        """Map the weights; raises ModelDamaged when they do not fit the spec."""
        self._spec = spec
        self._sessions = OnnxSessions(spec.weights, spec.shape, threads)

    def run(self, ids: IntArray, lengths: IntArray, *, alone: bool) -> FloatArray:
        """Turn token ids (n, tokens), of which the first `lengths` (n,) count, into vectors (n, tokens, dim).

        `alone`: no other batch runs meanwhile, so that this one may use all cores.
        """
        session = self._sessions.get(alone=alone)
        mask = token_mask(lengths, ids.shape[1]).astype(np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        inputs = {entry.name: feed[entry.name] for entry in session.get_inputs()}
        hidden: FloatArray = session.run([_token_output(session, self._spec)], inputs)[0]
        return hidden


class OnnxSessions:
    """Two sessions over one set of weights, each opened when first used; several threads may get and run them.

    One session spreads an operator over all cores, for a query that someone waits for; the other keeps to the
    calling thread, for callers that run several batches side by side.
    """

    def __init__(self, weights: Path, shape: Shape | None, threads: int) -> None:
        """Map the weights, unless there is no shape and the file is a graph itself; raises ModelDamaged."""
        self._file = weights
        self._shape = shape
        self._threads = threads
        self._lock = threading.Lock()
        self._sessions: dict[int, Any] = {}  # by number of threads
        self._weights = read_parameters(weights, shape) if shape else {}

    def get(self, *, alone: bool) -> Any:
        """Return the session for a batch that runs alone, or for one of several that run side by side."""
        threads = self._threads if alone else 1
        with self._lock:
            if threads not in self._sessions:
                self._sessions[threads] = self._open(threads)
            return self._sessions[threads]

    def _open(self, threads: int) -> Any:
        onnxruntime = _onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # 100 MB of plans by batch shape, and shapes hardly repeat
        # Repacked weights are a second copy of the model: batches became no faster, a query of 16 tokens 0.7 ms,
        # loading 15 ms slower. A graph optimised beforehand loads no faster than one that maps its weights.
        options.add_session_config_entry("session.disable_prepacking", "1")
        # Threads that spin while they wait for the next batch hold the cores that the search needs next.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source: str | bytes = str(self._file)
        if self._shape:
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in self._weights.values()]
            options.add_external_initializers(list(self._weights), values)
            source = _graph(self._shape)
        try:
            return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            reason = " ".join(str(error).split())[:200]
            raise ModelDamaged(f"{self._file} cannot be loaded by onnxruntime: {reason}") from error


def _onnxruntime() -> Any:
    """Import the library with its telemetry off, which its wheels since 1.29 send by default.

    Telemetry stays on where the user has set the variable to something else.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    if os.environ["ORT_DISABLE_TELEMETRY"] == "1":
        onnxruntime.disable_telemetry_events()
    return onnxruntime


def _token_output(session: Any, spec: ModelSpec) -> str:
    for output in session.get_outputs():
        if len(output.shape) == 3 and output.shape[2] == spec.dim:
            return str(output.name)
    raise ModelDamaged(f"{spec.weights} has no output of shape (n, tokens, {spec.dim})")


def _graph(shape: Shape) -> bytes:
    """The graph for `shape`, from the cache folder if it is there: importing onnx takes 100 ms."""
    key = hashlib.sha256(f"{GRAPH_VERSION} {shape}".encode()).hexdigest()[:32]
    path = model_cache() / f"{shape.family.value}-{key}.graph"
    if (graph := read_derived(path)) is None:
        graph = build_graph(shape)
        write_derived(path, graph)
    return graph


ONNXRUNTIME = TokenRuntime(OnnxModel, Batching(texts=32, tokens=1024))  # twice the tokens: no faster, 80 MB more
