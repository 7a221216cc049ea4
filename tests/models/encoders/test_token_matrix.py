"""The matrix of a model on disk: found by its name in safetensors, in shards, and in a graph by what looks it up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.helpers.tiny_bert import tiny_tensors, write_graph, write_safetensors
from vecsearch.errors import ModelDamaged
from vecsearch.models.encoders.token_matrix import matrix_in_folder, matrix_in_graph

NAME = "embeddings.word_embeddings.weight"
MATRIX = tiny_tensors()[NAME]
OTHER = np.ones((7, 3), np.float32)


@pytest.mark.parametrize(
    "name", [NAME, "bert.embeddings.word_embeddings.weight", "model.embed_tokens.weight", "wte.weight"]
)
def test_it_is_found_by_the_names_that_families_give_it(tmp_path, name):
    write_safetensors(tmp_path / "model.safetensors", {"a.weight": OTHER, name: MATRIX, "z.weight": OTHER})
    np.testing.assert_array_equal(matrix_in_folder(tmp_path), MATRIX)


def test_half_precision_is_read(tmp_path):
    write_safetensors(tmp_path / "model.safetensors", {NAME: MATRIX.astype(np.float16)})
    found = matrix_in_folder(tmp_path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, MATRIX.astype(np.float16))


def test_a_matrix_of_whole_numbers_is_not_read(tmp_path):
    write_safetensors(tmp_path / "model.safetensors", {NAME: np.ones((7, 3), np.int64)})
    assert matrix_in_folder(tmp_path) is None


def test_a_folder_without_one_has_none(tmp_path):
    assert matrix_in_folder(tmp_path) is None
    write_safetensors(tmp_path / "model.safetensors", {"a.weight": OTHER, "position_embeddings.weight": OTHER})
    assert matrix_in_folder(tmp_path) is None


def write_shards(folder, named: dict[str, str]) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": named}))


def test_shards_are_looked_through(tmp_path):
    write_safetensors(tmp_path / "model-1.safetensors", {"a.weight": OTHER})
    write_safetensors(tmp_path / "model-2.safetensors", {"model.embed_tokens.weight": MATRIX})
    write_shards(tmp_path, {"a.weight": "model-1.safetensors", "model.embed_tokens.weight": "model-2.safetensors"})
    np.testing.assert_array_equal(matrix_in_folder(tmp_path), MATRIX)


@pytest.mark.parametrize("shard", ["../model.safetensors", "/model.safetensors", 7])
def test_a_shard_outside_of_the_folder_is_damage(tmp_path, shard):
    (tmp_path / "inside").mkdir()
    write_safetensors(tmp_path / "model.safetensors", {NAME: MATRIX})
    write_shards(tmp_path / "inside", {NAME: shard})
    with pytest.raises(ModelDamaged, match="names no files of weights"):
        matrix_in_folder(tmp_path / "inside")


def test_a_torn_file_is_damage(tmp_path):
    write_safetensors(tmp_path / "model.safetensors", {NAME: MATRIX})
    content = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[:-5])
    with pytest.raises(ModelDamaged, match="download it again"):
        matrix_in_folder(tmp_path)


def test_a_graph_is_read_by_what_looks_its_input_up(tmp_path):
    write_graph(tmp_path / "model.onnx")
    np.testing.assert_array_equal(matrix_in_graph(tmp_path / "model.onnx"), MATRIX)


def test_a_graph_that_keeps_its_numbers_beside_it_is_read(tmp_path):
    import onnx

    write_graph(tmp_path / "model.onnx")
    model = onnx.load(str(tmp_path / "model.onnx"))
    onnx.save(model, str(tmp_path / "model.onnx"), save_as_external_data=True, location="beside", size_threshold=0)
    assert (tmp_path / "beside").is_file()
    np.testing.assert_array_equal(matrix_in_graph(tmp_path / "model.onnx"), MATRIX)
    (tmp_path / "beside").unlink()
    with pytest.raises(ModelDamaged, match="cannot be read as an ONNX graph"):
        matrix_in_graph(tmp_path / "model.onnx")


def test_numbers_outside_of_the_graphs_folder_are_not_read(tmp_path):
    import onnx

    (tmp_path / "inside").mkdir()
    write_graph(tmp_path / "inside" / "model.onnx")
    model = onnx.load(str(tmp_path / "inside" / "model.onnx"))
    [tensor] = [each for each in model.graph.initializer if each.name == NAME]
    (tmp_path / "secret").write_bytes(MATRIX.tobytes())
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    (tmp_path / "inside" / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelDamaged, match="cannot be read as an ONNX graph"):
        matrix_in_graph(tmp_path / "inside" / "model.onnx")


def test_what_is_no_graph_is_damage(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no graph at all")
    with pytest.raises(ModelDamaged, match="cannot be read as an ONNX graph"):
        matrix_in_graph(tmp_path / "model.onnx")
