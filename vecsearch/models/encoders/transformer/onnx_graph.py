"""An encoder as an ONNX graph: token ids and mask in, the last layer's token vectors out. float32.

A cross-encoder's graph also takes the tokens' types, where it knows several, and returns the scores of a pair's labels.

Standard operators of opset 17 only, so that any runtime can read it. The graph holds no weights: each parameter is
an initializer under its name in model.safetensors whose values are given at load time (some 20 kB instead of a
second copy of the model on disk). What is computed is in `architecture`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vecsearch.models.encoders.transformer import onnx_file
from vecsearch.models.encoders.transformer.architecture import Shape, label_scores, parameters, token_vectors
from vecsearch.types import IntArray

GRAPH_VERSION = 3  # part of a cached graph's name: count up with every change of this file's or architecture's graph
INPUTS = ("input_ids", "attention_mask")  # both int64 (n, tokens)
TYPES = "token_type_ids"  # int64 (n, tokens)
OUTPUT = "last_hidden_state"  # float32 (n, tokens, hidden)
SCORES = "logits"  # float32 (n, labels)

_OPSET = 17  # LayerNormalization's first
_IR_VERSION = 8  # the one of opset 17: what the oldest runtime we support reads


def build_graph(shape: Shape) -> bytes:
    """Return the graph for `shape` as a serialised onnx.ModelProto without the parameters' values."""
    graph = _Graph(shape)
    if shape.labels:
        graph.add_node("Identity", label_scores(graph, shape), name=SCORES)  # one row per pair
        output = onnx_file.value_info(SCORES, onnx_file.FLOAT, ["n", shape.labels])
    else:
        graph.add_node("Reshape", token_vectors(graph, shape), "sizes_and_hidden", name=OUTPUT)
        output = onnx_file.value_info(OUTPUT, onnx_file.FLOAT, ["n", "tokens", shape.hidden])
    names = (*INPUTS, TYPES) if shape.reads_types else INPUTS
    inputs = [onnx_file.value_info(name, onnx_file.INT64, ["n", "tokens"]) for name in names]
    whole = onnx_file.graph(shape.family.value, graph.nodes, graph.initializers, inputs, output)
    return onnx_file.model(whole, ir_version=_IR_VERSION, opset=_OPSET, producer="vecsearch")


@dataclass(slots=True)
class _Graph:
    """A graph under construction, see architecture.Graph; a value is the name of the node that makes it.

    One row per token all through the layers, (n * tokens, hidden): Gemm takes the weights as they lie in the file,
    transposed.
    """

    shape: Shape
    nodes: list[bytes] = field(default_factory=list)
    initializers: list[bytes] = field(default_factory=list)
    constants: dict[tuple[bytes, str, tuple[int, ...]], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, dims in parameters(self.shape).items():
            self._parameter(name, dims)
        head_sizes = self._constant([-1, self.shape.heads, self.shape.hidden // self.shape.heads], np.int64)
        sizes, count = self.add_node("Shape", INPUTS[0]), self.add_node("Shape", INPUTS[0], start=0, end=1)
        self.add_node("Shape", INPUTS[0], name="tokens", start=1, end=2)
        self.add_node("Concat", count, head_sizes, name="sizes_and_heads", axis=0)  # -1: all tokens, or the first
        self.add_node("Concat", sizes, self._constant([self.shape.hidden], np.int64), name="sizes_and_hidden", axis=0)
        self._padding_bias()

    def embedded(self, words: str, positions: str, first: int, types: str | None) -> str:
        start, zero = self._constant([first], np.int64), self._constant([0], np.int64)
        end = self.add_node("Add", "tokens", start) if first else "tokens"
        summed = self.add_node("Slice", positions, start, end, zero)
        if types:
            summed = self.add(summed, self.add_node("Gather", types, TYPES if self.shape.reads_types else zero))
        return self._rows(self.add(self.add_node("Gather", words, INPUTS[0]), summed))

    def distances(self, table: str, buckets: IntArray) -> str:
        zero = self._constant([0, 0], np.int64)
        pair = self.add_node("Concat", "tokens", "tokens", axis=0)
        used = self.add_node("Slice", self._constant(buckets, np.int32), zero, pair)  # (tokens, tokens)
        by_pair = self.add_node("Gather", table, used)  # (tokens, tokens, heads)
        by_head = self.add_node("Transpose", by_pair, perm=[2, 0, 1])
        return self.add_node("Unsqueeze", by_head, self._constant([0], np.int64))

    def add(self, left: str, right: str) -> str:
        return self.add_node("Add", left, right)

    def linear(self, rows: str, name: str) -> str:
        return self.add_node("Gemm", rows, f"{name}.weight", f"{name}.bias", transB=1)

    def norm(self, rows: str, name: str, epsilon: float) -> str:
        return self.add_node("LayerNormalization", rows, f"{name}.weight", f"{name}.bias", axis=-1, epsilon=epsilon)

    def activation(self, rows: str, kind: str) -> str:
        """GELU is written out as runtimes recognise and fuse it."""
        half, one = self._constant(0.5), self._constant(1.0)
        if kind == "relu":
            return self.add_node("Relu", rows)
        if kind == "tanh":
            return self.add_node("Tanh", rows)
        if kind == "gelu":
            grown = self.add_node("Erf", self.add_node("Div", rows, self._constant(math.sqrt(2))))
            return self.add_node("Mul", self.add_node("Mul", rows, self.add(grown, one)), half)
        # gelu_new: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
        cubed = self.add_node("Mul", self.add_node("Pow", rows, self._constant(3.0)), self._constant(0.044715))
        inside = self.add_node("Mul", self.add(rows, cubed), self._constant(math.sqrt(2 / math.pi)))
        return self.add_node("Mul", self.add_node("Mul", rows, half), self.add(self.add_node("Tanh", inside), one))

    def first(self, rows: str) -> str:
        by_text = self.add_node("Reshape", rows, "sizes_and_hidden")  # (n, tokens, hidden)
        return self.add_node("Gather", by_text, self._constant(0, np.int64), axis=1)

    def attention(self, query: str, key: str, value: str, heads: int, bias: str | None) -> str:
        def split(rows: str, order: list[int]) -> str:
            return self.add_node("Transpose", self.add_node("Reshape", rows, "sizes_and_heads"), perm=order)

        products = self.add_node("MatMul", split(query, [0, 2, 1, 3]), split(key, [0, 2, 3, 1]))
        scores = self.add_node("Mul", products, self._constant(1 / math.sqrt(self.shape.hidden // heads)))
        if bias:
            scores = self.add(scores, bias)
        weights = self.add_node("Softmax", self.add(scores, "padding_bias"), axis=-1)  # (n, heads, tokens, tokens)
        mixed = self.add_node("MatMul", weights, split(value, [0, 2, 1, 3]))
        return self._rows(self.add_node("Transpose", mixed, perm=[0, 2, 1, 3]))

    def add_node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = name or f"{operator}_{len(self.nodes)}"
        self.nodes.append(onnx_file.node(operator, inputs, output, attributes))
        return output

    def _padding_bias(self) -> None:
        """Zero for a token, the lowest float for padding: (n, 1, 1, tokens)."""
        mask = self.add_node("Cast", INPUTS[1], to=onnx_file.FLOAT)
        padding = self.add_node("Sub", self._constant(1.0), mask)
        bias = self.add_node("Mul", padding, self._constant(np.finfo(np.float32).min))
        self.add_node("Unsqueeze", bias, self._constant([1, 2], np.int64), name="padding_bias")

    def _rows(self, values: str) -> str:
        return self.add_node("Reshape", values, self._constant([-1, self.shape.hidden], np.int64))

    def _constant(self, value: Any, dtype: Any = np.float32) -> str:
        array = np.asarray(value, dtype)
        key = (array.tobytes(), array.dtype.name, array.shape)
        if key not in self.constants:
            self.constants[key] = f"constant_{len(self.constants)}"
            self.initializers.append(onnx_file.tensor(self.constants[key], array))
        return self.constants[key]

    def _parameter(self, name: str, dims: tuple[int, ...]) -> None:
        self.initializers.append(onnx_file.external_tensor(name, dims, "model.safetensors"))
