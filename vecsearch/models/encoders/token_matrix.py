"""A model's matrix with a row for each token: from its safetensors, or out of an ONNX graph.

Names of tensors are those of transformers' modeling files. A matrix of whole numbers (int8) is not read: its rows
mean nothing without the scales beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.imports import require
from vecsearch.models.encoders.weights import read_shapes, read_tensor
from vecsearch.types import FloatArray

_NAMES = ("word_embeddings.weight", "embed_tokens.weight", "tok_embeddings.weight", "wte.weight", "shared.weight")
_INPUT = "input_ids"


def matrix_in_folder(folder: Path) -> FloatArray | None:
    """Return the matrix in a folder's safetensors files, float32 (tokens, dim); None where no tensor has such a name.

    Raises ModelDamaged for a broken file.
    """
    for path in _files(folder):
        for name, shape in read_shapes(path).items():
            if name.endswith(_NAMES) and len(shape) == 2:
                return read_tensor(path, name)
    return None


def matrix_in_graph(path: Path) -> FloatArray | None:
    """Return the matrix in which a graph looks up its input's tokens, float32 (tokens, dim); None if it is quantised.

    Raises ModelDamaged when the file is not a graph, ExtraMissing without the onnx package.
    """
    onnx = require("onnx", extra="onnx", purpose="reading a matrix out of an ONNX graph")
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
        tensors = {tensor.name: tensor for tensor in graph.initializer}
        looked_up = (node.input[0] for node in graph.node if node.op_type == "Gather" and node.input[1] == _INPUT)
        tensor = next((tensors[name] for name in looked_up if name in tensors), None)
        matrix: Any = None if tensor is None else onnx.numpy_helper.to_array(tensor, str(path.parent))
    except Exception as error:  # protobuf's own, and onnx's for external data outside the folder
        raise ModelDamaged(f"{path} cannot be read as an ONNX graph: {' '.join(str(error).split())[:200]}") from error
    if matrix is None or matrix.ndim != 2 or matrix.dtype.kind != "f":
        return None
    return np.ascontiguousarray(matrix, np.float32)


def _files(folder: Path) -> Iterator[Path]:
    """The files of the weights: one, or those that an index names."""
    if (whole := folder / "model.safetensors").is_file():
        yield whole
    elif (index := folder / "model.safetensors.index.json").is_file():
        try:
            shards = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
            if not all(isinstance(name, str) and Path(name).name == name for name in shards):
                raise ValueError("a shard lies outside of the folder")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelDamaged(f"{index} names no files of weights: {error}") from error
        yield from (folder / name for name in shards)
