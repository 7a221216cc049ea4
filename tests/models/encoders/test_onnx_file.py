"""The messages of an ONNX file, held to the onnx package: the same graph has the same bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from onnx import TensorProto, helper, numpy_helper

from vecsearch.models.encoders.transformer import onnx_file
from vecsearch.models.encoders.transformer.architecture import ACTIVATIONS, Family, Shape
from vecsearch.models.encoders.transformer.onnx_graph import build_graph

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)
wholes = st.integers(-(2**63), 2**63 - 1)
attributes = st.dictionaries(
    names, st.one_of(wholes, st.floats(width=32, allow_nan=False), st.lists(wholes, min_size=1, max_size=5)), max_size=4
)
arrays = st.sampled_from(["float32", "int32", "int64"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
)


def bytes_of(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


@given(names, st.lists(names, max_size=4), names, attributes)
def test_a_node_is_that_of_onnx(operator: str, inputs: list[str], output: str, options: dict[str, Any]) -> None:
    theirs = helper.make_node(operator, inputs, [output], name=output)
    theirs.attribute.extend(helper.make_attribute(name, options[name]) for name in sorted(options))
    assert onnx_file.node(operator, inputs, output, options) == bytes_of(theirs)


@given(names, arrays)
def test_a_tensor_is_that_of_onnx(name: str, values: np.ndarray[Any, Any]) -> None:
    assert onnx_file.tensor(name, values) == bytes_of(numpy_helper.from_array(values, name))


@given(names, st.lists(st.integers(0, 2**40), max_size=4), names)
def test_a_tensor_in_another_file_is_that_of_onnx(name: str, dims: list[int], location: str) -> None:
    theirs = TensorProto(name=name, dims=dims, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    theirs.external_data.add(key="location", value=location)
    assert onnx_file.external_tensor(name, dims, location) == bytes_of(theirs)


@given(names, st.lists(st.one_of(st.integers(0, 2**40), names), min_size=1, max_size=4))
def test_an_input_is_that_of_onnx(name: str, dims: list[int | str]) -> None:
    theirs = helper.make_tensor_value_info(name, TensorProto.INT64, dims)
    assert onnx_file.value_info(name, onnx_file.INT64, dims) == bytes_of(theirs)


@pytest.mark.parametrize("labels", [0, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", Family)
def test_onnx_reads_every_graph_and_would_write_the_same(family: Family, activation: str, labels: int) -> None:
    numbers = {"hidden": 32, "intermediate": 64, "layers": 2, "heads": 4, "vocabulary": 99, "positions": 40}
    shape = Shape(family=family, activation=activation, labels=labels, token_types=2, layer_norm_eps=1e-5, **numbers)
    written = build_graph(shape)
    model = onnx.load_model_from_string(written)
    assert bytes_of(model) == written
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    onnx.checker.check_graph(_with_values(model.graph), _context(model))


def _with_values(graph: Any) -> Any:
    """The graph with zeros for the parameters, which the file leaves to the weights."""
    for tensor in graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor.CopyFrom(numpy_helper.from_array(np.zeros(tuple(tensor.dims), np.float32), tensor.name))
    return graph


def _context(model: Any) -> Any:
    context = onnx.checker.DEFAULT_CONTEXT
    context.ir_version, context.opset_imports = model.ir_version, {"": 17}
    return context
