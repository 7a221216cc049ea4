"""An encoder as an OpenVINO model, made of its mapped weights: no file is converted, no ONNX is needed.

What is computed is in `architecture`. Token ids and mask in, the last layer's token vectors out; a cross-encoder also
takes the tokens' types, where it knows several, and returns the scores of a pair's labels.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np

from vecsearch.imports import require
from vecsearch.models.encoders.transformer.architecture import Shape, label_scores, token_vectors
from vecsearch.types import FloatArray, IntArray

_IMPORTING = Lock()


def import_openvino() -> Any:
    """Import the library without telemetry, which its package sends at every import by default.

    Raises ExtraMissing where it is not installed.
    """
    reporter = "openvino_telemetry"
    with _IMPORTING:
        hidden = "openvino" not in sys.modules and reporter not in sys.modules
        if hidden:
            sys.modules[reporter] = None  # type: ignore[assignment]  # cannot be imported: openvino takes its own stub
        try:
            return require("openvino", "openvino", "the runtime 'openvino'")
        finally:
            if hidden:
                del sys.modules[reporter]


def build_model(shape: Shape, weights: Mapping[str, FloatArray]) -> Any:
    """Return an openvino.Model: int64 (n, tokens) and float32 mask (n, tokens) -> float32 (n, tokens, hidden).

    With labels also int64 types (n, tokens) where there are several; then -> float32 (n, 1, labels).
    """
    graph = _Graph(shape, weights)
    inputs = [graph.ids, graph.mask, *([graph.types] if shape.reads_types else [])]
    output = label_scores(graph, shape) if shape.labels else token_vectors(graph, shape)
    return import_openvino().Model([output], inputs, shape.family.value)


class _Graph:
    """A model under construction, see architecture.Graph; a value is a node, (n, tokens, hidden) between layers."""

    def __init__(self, shape: Shape, weights: Mapping[str, FloatArray]) -> None:
        self._op: Any = import_openvino().opset13
        self._shape = shape
        self._weights = weights
        self.ids = self._op.parameter([-1, -1], np.int64, name="input_ids")
        self.mask = self._op.parameter([-1, -1], np.float32, name="attention_mask")
        self.types = self._op.parameter([-1, -1], np.int64, name="token_type_ids")
        self._tokens = self._op.gather(self._op.shape_of(self.ids), self._constant([1]), self._constant(0))  # (1,)
        self._padding_bias = self._padding()

    def embedded(self, words: str, positions: str, first: int, types: str | None) -> Any:
        start, axis = self._constant([first]), self._constant([0])
        end = self._op.add(self._tokens, start)
        summed = self._op.slice(self._weight(positions), start, end, self._constant([1]), axis)
        if types and self._shape.reads_types:
            summed = self.add(summed, self._op.gather(self._weight(types), self.types, self._constant(0)))
        elif types:
            summed = self.add(summed, self._op.constant(np.array(self._weights[types][:1])))
        return self.add(self._op.gather(self._weight(words), self.ids, self._constant(0)), summed)

    def distances(self, table: str, buckets: IntArray) -> Any:
        pair = self._op.concat([self._tokens, self._tokens], 0)
        ones, axes = self._constant([1, 1]), self._constant([0, 1])
        used = self._op.slice(self._constant(buckets), self._constant([0, 0]), pair, ones, axes)  # (tokens, tokens)
        by_pair = self._op.gather(self._weight(table), used, self._constant(0))  # (tokens, tokens, heads)
        by_head = self._op.transpose(by_pair, self._constant([2, 0, 1]))
        return self._op.unsqueeze(by_head, self._constant([0]))

    def add(self, left: Any, right: Any) -> Any:
        return self._op.add(left, right)

    def linear(self, rows: Any, name: str) -> Any:
        product = self._op.matmul(rows, self._weight(f"{name}.weight"), False, True)
        return self.add(product, self._weight(f"{name}.bias"))

    def norm(self, rows: Any, name: str, epsilon: float) -> Any:
        normed = self._op.mvn(rows, self._constant([-1]), True, epsilon, "INSIDE_SQRT")
        return self.add(self._op.multiply(normed, self._weight(f"{name}.weight")), self._weight(f"{name}.bias"))

    def activation(self, rows: Any, kind: str) -> Any:
        if kind == "relu":
            return self._op.relu(rows)
        if kind == "tanh":
            return self._op.tanh(rows)
        return self._op.gelu(rows, "erf" if kind == "gelu" else "tanh")

    def first(self, rows: Any) -> Any:
        return self._op.gather(rows, self._constant([0]), self._constant(1))

    def attention(self, query: Any, key: Any, value: Any, heads: int, bias: Any | None) -> Any:
        """Written out: the runtime fuses it, in bf16 4 % faster than its own ScaledDotProductAttention."""
        size = self._shape.hidden // heads

        def split(rows: Any) -> Any:
            by_head = self._op.reshape(rows, self._constant([0, 0, heads, size]), True)
            return self._op.transpose(by_head, self._constant([0, 2, 1, 3]))  # (n, heads, tokens, size)

        products = self._op.matmul(split(query), split(key), False, True)
        scores = self._op.multiply(products, self._op.constant(np.float32(1 / math.sqrt(size))))
        if bias is not None:
            scores = self.add(scores, bias)
        weights = self._op.softmax(self.add(scores, self._padding_bias), -1)  # (n, heads, tokens, tokens)
        mixed = self._op.transpose(self._op.matmul(weights, split(value), False, False), self._constant([0, 2, 1, 3]))
        return self._op.reshape(mixed, self._constant([0, 0, self._shape.hidden]), True)

    def _padding(self) -> Any:
        """Zero for a token, far below every score for padding: (n, 1, 1, tokens)."""
        lowest = self._op.constant(np.float32(1e9))  # 1e9 is finite in bf16 too, and twice as much is
        bias = self._op.multiply(self._op.subtract(self.mask, self._op.constant(np.float32(1))), lowest)
        return self._op.unsqueeze(bias, self._constant([1, 2]))

    def _weight(self, name: str) -> Any:
        return self._op.constant(self._weights[name], shared_memory=True)

    def _constant(self, value: Any) -> Any:
        return self._op.constant(np.asarray(value, np.int64))
