"""A BERT encoder as an ONNX graph: token numbers and mask in, the last layer's token vectors out. float32.

Standard operators of opset 17 only, so that any runtime can read it. The graph holds no weights: each parameter is
an initializer under its name in model.safetensors whose values are given at load time (some 20 kB instead of a
second copy of the model on disk). Devlin et al. 2019, BERT; layout as in transformers' modeling_bert.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vecsearch.encoders.spec import BertShape

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

GRAPH_VERSION = 1  # part of a cached graph's name: count up with every change of this file's graph
INPUTS = ("input_ids", "attention_mask")  # both int64 (n, tokens)
OUTPUT = "last_hidden_state"  # float32 (n, tokens, hidden)

_OPSET = 17  # LayerNormalization's first
_IR_VERSION = 8  # the one of opset 17: what the oldest runtime we support reads


def parameters(shape: BertShape) -> dict[str, tuple[int, ...]]:
    """The names of the weights the graph needs, with their shapes."""
    hidden, inner = shape.hidden, shape.intermediate
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (shape.vocabulary, hidden),
        "embeddings.position_embeddings.weight": (shape.positions, hidden),
        "embeddings.token_type_embeddings.weight": (shape.token_types, hidden),
    }
    norms = ["embeddings.LayerNorm"]
    linear: dict[str, tuple[int, int]] = {}
    for layer in (f"encoder.layer.{number}" for number in range(shape.layers)):
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear[f"{layer}.attention.{part}"] = (hidden, hidden)
        linear[f"{layer}.intermediate.dense"] = (inner, hidden)
        linear[f"{layer}.output.dense"] = (hidden, inner)
    for name in norms:
        found |= {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
    for name, (rows, columns) in linear.items():
        found |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    return found


def build_graph(shape: BertShape) -> bytes:
    """The graph for `shape` as a serialised onnx.ModelProto, the parameters' values left out."""
    from onnx import TensorProto, helper

    graph = _Graph()
    for name, dims in parameters(shape).items():
        graph.parameter(name, dims)
    rows = _embeddings(graph, shape)
    bias = _attention_bias(graph)
    for number in range(shape.layers):
        rows = _layer(graph, shape, f"encoder.layer.{number}", rows, bias)
    graph.add("Reshape", rows, "sizes_and_hidden", name=OUTPUT)  # (n, tokens, hidden)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "tokens"]) for name in INPUTS]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", "tokens", shape.hidden])
    whole = helper.make_graph(graph.nodes, "bert", inputs, [output], graph.initializers)
    model = helper.make_model(
        whole, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="vecsearch"
    )
    return bytes(model.SerializeToString(deterministic=True))


@dataclass(slots=True)
class _Graph:
    """A graph while it is written; every method returns the name of what it adds."""

    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)
    constants: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = name or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        from onnx import numpy_helper

        array = np.asarray(value, dtype)
        key = (repr(array.tolist()), array.dtype.name)
        if key not in self.constants:
            self.constants[key] = f"constant_{len(self.constants)}"
            self.initializers.append(numpy_helper.from_array(array, self.constants[key]))
        return self.constants[key]

    def parameter(self, name: str, dims: tuple[int, ...]) -> None:
        from onnx import TensorProto

        tensor = TensorProto(name=name, dims=dims, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="model.safetensors")
        self.initializers.append(tensor)

    def linear(self, rows: str, name: str) -> str:
        return self.add("Gemm", rows, f"{name}.weight", f"{name}.bias", transB=1)

    def norm(self, rows: str, name: str, epsilon: float) -> str:
        return self.add("LayerNormalization", rows, f"{name}.weight", f"{name}.bias", axis=-1, epsilon=epsilon)


def _embeddings(graph: _Graph, shape: BertShape) -> str:
    """Word, position and first token type, normalised: (n * tokens, hidden); defines the names of sizes."""
    sizes = graph.add("Shape", "input_ids")
    tokens = graph.add("Shape", "input_ids", start=1, end=2)
    head_sizes = graph.constant([shape.heads, shape.hidden // shape.heads], np.int64)
    graph.add("Concat", sizes, head_sizes, name="sizes_and_heads", axis=0)
    graph.add("Concat", sizes, graph.constant([shape.hidden], np.int64), name="sizes_and_hidden", axis=0)
    words = graph.add("Gather", "embeddings.word_embeddings.weight", "input_ids")
    zero = graph.constant([0], np.int64)
    positions = graph.add("Slice", "embeddings.position_embeddings.weight", zero, tokens, zero)
    kind = graph.add("Gather", "embeddings.token_type_embeddings.weight", zero)
    summed = graph.add("Add", words, graph.add("Add", positions, kind))
    return graph.norm(_rows(graph, shape, summed), "embeddings.LayerNorm", shape.layer_norm_eps)


def _rows(graph: _Graph, shape: BertShape, values: str) -> str:
    # One row a token all through the layers: Gemm takes the weights as they lie in the file, transposed.
    return graph.add("Reshape", values, graph.constant([-1, shape.hidden], np.int64))


def _attention_bias(graph: _Graph) -> str:
    """Zero for a token, the lowest float for padding: (n, 1, 1, tokens)."""
    from onnx import TensorProto

    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    padding = graph.add("Sub", graph.constant(1.0), mask)
    bias = graph.add("Mul", padding, graph.constant(np.finfo(np.float32).min))
    return graph.add("Unsqueeze", bias, graph.constant([1, 2], np.int64))


def _layer(graph: _Graph, shape: BertShape, name: str, rows: str, bias: str) -> str:
    mixed = graph.linear(
        _attention(graph, shape, f"{name}.attention.self", rows, bias), f"{name}.attention.output.dense"
    )
    middle = graph.norm(graph.add("Add", mixed, rows), f"{name}.attention.output.LayerNorm", shape.layer_norm_eps)
    inner = _activation(graph, shape, graph.linear(middle, f"{name}.intermediate.dense"))
    outer = graph.add("Add", graph.linear(inner, f"{name}.output.dense"), middle)
    return graph.norm(outer, f"{name}.output.LayerNorm", shape.layer_norm_eps)


def _attention(graph: _Graph, shape: BertShape, name: str, rows: str, bias: str) -> str:
    """softmax(q k' / sqrt(head size) + bias) v, heads side by side again: (n * tokens, hidden)."""

    def heads(part: str, order: list[int]) -> str:
        split = graph.add("Reshape", graph.linear(rows, f"{name}.{part}"), "sizes_and_heads")
        return graph.add("Transpose", split, perm=order)

    query, value = heads("query", [0, 2, 1, 3]), heads("value", [0, 2, 1, 3])  # (n, heads, tokens, head size)
    scores = graph.add("MatMul", query, heads("key", [0, 2, 3, 1]))  # (n, heads, tokens, tokens)
    scaled = graph.add("Mul", scores, graph.constant(1 / math.sqrt(shape.hidden // shape.heads)))
    weights = graph.add("Softmax", graph.add("Add", scaled, bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    return _rows(graph, shape, mixed)


def _activation(graph: _Graph, shape: BertShape, values: str) -> str:
    """The activation of a layer's inner part; GELU written out as runtimes recognise and fuse it."""
    half, one = graph.constant(0.5), graph.constant(1.0)
    if shape.activation == "relu":
        return graph.add("Relu", values)
    if shape.activation == "gelu":
        grown = graph.add("Erf", graph.add("Div", values, graph.constant(math.sqrt(2))))
        return graph.add("Mul", graph.add("Mul", values, graph.add("Add", grown, one)), half)
    # gelu_new: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), Hendrycks and Gimpel 2016
    cubed = graph.add("Mul", graph.add("Pow", values, graph.constant(3.0)), graph.constant(0.044715))
    inside = graph.add("Mul", graph.add("Add", values, cubed), graph.constant(math.sqrt(2 / math.pi)))
    return graph.add("Mul", graph.add("Mul", values, half), graph.add("Add", graph.add("Tanh", inside), one))
