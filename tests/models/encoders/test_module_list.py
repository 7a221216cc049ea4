"""What the small files of a sentence-transformers folder say, and what of it would run as code. Needs no torch."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest

from tests.helpers.peer_models import make
from tests.helpers.tiny_bert import CONFIG, write_json
from vecsearch.errors import InvalidOption, ModelDamaged, ModelUnsupported, VecsearchError

OURS = "sentence_transformers.models."

needs_transformers = pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed")


def refused(folder: Path, error: type[VecsearchError]) -> str:
    with pytest.raises(error) as found:
        make(folder).dim  # noqa: B018
    assert "\n" not in str(found.value)
    return str(found.value)


def add_module(folder: Path, kind: str, place: str, config: dict | None = None) -> None:
    listed = json.loads((folder / "modules.json").read_text())
    write_json(folder / "modules.json", [*listed, {"idx": len(listed), "name": place, "path": place, "type": kind}])
    if config is not None:
        write_json(folder / place / "config.json", config)


@pytest.fixture
def other(tiny: Path) -> Path:
    """A model whose files no other runtime understands."""
    write_json(tiny / "config.json", {**CONFIG, "model_type": "electra"})
    return tiny


def test_a_model_that_all_runtimes_understand_has_their_facts(tiny):
    made = make(tiny)
    assert (made.name, made.dim, made.max_tokens) == ("tiny", 32, 22)
    assert made.spec is not None


def test_a_model_of_another_kind_says_its_facts_too(other):
    made = make(other)
    assert (made.dim, made.max_tokens, made.spec) == (32, 22, None)


def test_a_dense_layer_and_truncate_dim_set_the_length_of_vectors(other):
    add_module(other, f"{OURS}Dense", "3_Dense", {"in_features": 32, "out_features": 12})
    assert make(other).dim == 12
    write_json(other / "config_sentence_transformers.json", {"truncate_dim": 8})
    assert make(other).dim == 8
    write_json(other / "config_sentence_transformers.json", {"truncate_dim": 99})
    assert make(other).dim == 12


@pytest.mark.parametrize(
    ("pooling", "dim"),
    [
        ({"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, 64),
        ({"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, 32),
        ({"embedding_dimension": 32, "pooling_mode": ["mean", "cls", "max"]}, 96),
        ({"embedding_dimension": 32, "pooling_mode": "weightedmean"}, 32),
        ({"word_embedding_dimension": 32}, 32),
    ],
)
def test_poolings_laid_side_by_side_make_longer_vectors(other, pooling, dim):
    write_json(other / "1_Pooling" / "config.json", pooling)
    assert make(other).dim == dim


def test_a_model_cut_shorter_has_another_fingerprint(tiny):
    whole = make(tiny)
    write_json(tiny / "config_sentence_transformers.json", {"truncate_dim": 8})
    short = make(tiny)
    assert (short.dim, short.spec) == (8, None)
    assert short.fingerprint != whole.fingerprint


def test_the_limit_is_the_models_own_or_what_positions_and_tokenizer_allow(other):
    write_json(other / "sentence_bert_config.json", {"max_seq_length": 9})
    assert make(other).max_tokens == 7
    write_json(other / "sentence_bert_config.json", {"max_seq_length": None})
    write_json(other / "tokenizer_config.json", {"model_max_length": 1e30})
    assert make(other).max_tokens == 22
    write_json(other / "tokenizer_config.json", {"model_max_length": 12})
    assert make(other).max_tokens == 10


def test_the_prompts_tokens_count_against_the_limit(other):
    write_json(other / "config_sentence_transformers.json", {"prompts": {"passage": "red house: "}})
    assert make(other).max_tokens == 19


def test_prompts_are_read_as_the_other_runtimes_read_them(tiny, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny, other)
    write_json(other / "config.json", {**CONFIG, "model_type": "electra"})
    for known in product([None, "", "a: "], repeat=3):
        prompts = {name: text for name, text in zip(["query", "passage", "s"], known, strict=True) if text is not None}
        for folder, default in product([tiny, other], ["s", None]):
            write_json(
                folder / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": default}
            )
        assert make(other).prompts == make(tiny).spec.prompts


def test_every_file_that_shapes_a_vector_is_in_the_fingerprint(other):
    add_module(other, f"{OURS}Dense", "3_Dense", {"in_features": 32, "out_features": 12})
    shutil.copy(other / "model.safetensors", other / "3_Dense" / "model.safetensors")
    (other / "vocab.txt").write_text("red\n")
    seen = {make(other).fingerprint}
    shaping = [path for path in sorted(other.rglob("*")) if path.is_file()]
    assert len(shaping) == 10
    for path in shaping:
        path.write_bytes(path.read_bytes() + b" ")
        seen.add(make(other).fingerprint)
    assert len(seen) == 11


def test_what_shapes_no_vector_is_not_in_the_fingerprint(other):
    before = make(other).fingerprint
    for name in ("README.md", ".cache/config.json", "onnx/config.json", "openvino/model.json", "picture.png"):
        (other / name).parent.mkdir(exist_ok=True)
        (other / name).write_text("{}")
    assert make(other).fingerprint == before


def test_the_fingerprint_is_the_same_wherever_the_folder_lies(other, tmp_path):
    shutil.copytree(other, tmp_path / "copy")
    assert make(tmp_path / "copy").fingerprint == make(other).fingerprint


def test_threads_must_be_positive(tiny):
    with pytest.raises(InvalidOption, match="threads is 0"):
        make(tiny, threads=0)


def test_a_folder_that_is_no_model_says_what_is_missing(tmp_path):
    assert "config.json is missing" in refused(tmp_path, ModelDamaged)


@pytest.mark.parametrize("content", ["[]", "{}", '[{"path": ""}]', '[{"type": 5, "path": ""}]', "[1]", "[", '"x"'])
def test_a_broken_list_of_modules_is_named(tiny, content):
    (tiny / "modules.json").write_text(content)
    assert str(tiny / "modules.json") in refused(tiny, ModelDamaged)


@pytest.mark.parametrize("place", ["../1_Pooling", "/1_Pooling", "a/../../b"])
def test_a_module_outside_of_the_model_is_refused(tiny, place):
    add_module(tiny, f"{OURS}Normalize", place)
    assert "outside" in refused(tiny, ModelDamaged)


@pytest.mark.parametrize("config", [{"out_features": 0}, {}, {"out_features": "12"}])
def test_a_dense_layer_without_a_width_is_refused(other, config):
    add_module(other, f"{OURS}Dense", "3_Dense", config)
    assert "out_features is" in refused(other, ModelDamaged)


def test_a_truncate_dim_that_is_no_length_is_refused(tiny):
    write_json(tiny / "config_sentence_transformers.json", {"truncate_dim": -1})
    assert "truncate_dim is -1" in refused(tiny, ModelDamaged)


@pytest.mark.parametrize("kind", ["CrossEncoder", "SparseEncoder"])
def test_a_model_that_gives_no_vector_for_a_text_is_refused(tiny, kind):
    write_json(tiny / "config_sentence_transformers.json", {"model_type": kind})
    assert f"model_type is {kind!r}" in refused(tiny, ModelUnsupported)


def test_weights_in_a_pickle_are_refused_with_the_reason_and_the_way_out(tiny):
    (tiny / "model.safetensors").rename(tiny / "pytorch_model.bin")
    message = refused(tiny, ModelUnsupported)
    assert str(tiny / "pytorch_model.bin") in message
    assert "pickle" in message
    assert "safe_serialization=True" in message


def test_a_pickle_of_one_module_is_enough_to_refuse(tiny):
    add_module(tiny, f"{OURS}Dense", "3_Dense", {"in_features": 32, "out_features": 12})
    (tiny / "3_Dense" / "pytorch_model.bin").write_bytes(b"")
    assert str(tiny / "3_Dense" / "pytorch_model.bin") in refused(tiny, ModelUnsupported)


def test_a_pickle_beside_safetensors_is_not_looked_at(tiny):
    (tiny / "pytorch_model.bin").write_bytes(b"")
    assert make(tiny).dim == 32


def test_an_adapter_alone_is_no_model(tiny):
    write_json(tiny / "adapter_config.json", {})
    assert "merge it into its base model" in refused(tiny, ModelUnsupported)


def test_no_weights_at_all_are_missed(tiny):
    (tiny / "model.safetensors").unlink()
    assert "holds no weights" in refused(tiny, ModelDamaged)


def test_a_missing_shard_is_named(tiny):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    write_json(tiny / "model.safetensors.index.json", index)
    (tiny / "model.safetensors").rename(tiny / "model-00001-of-00002.safetensors")
    assert f"{tiny / 'model-00002-of-00002.safetensors'} is missing" in refused(tiny, ModelDamaged)


@pytest.mark.parametrize(
    "content", [{}, [], {"weight_map": []}, {"weight_map": {"a": "../x"}}, {"weight_map": {"a": 1}}]
)
def test_a_broken_index_of_shards_is_named(tiny, content):
    write_json(tiny / "model.safetensors.index.json", content)
    assert "has no weight_map" in refused(tiny, ModelDamaged)


def names_code(folder: Path, *parts: str) -> None:
    """The folder is refused with a line that has `parts` and the way to allow it, and is accepted when trusted."""
    message = refused(folder, ModelUnsupported)
    assert all(part in message for part in (*parts, "trust_remote_code")), message
    assert make(folder, trust_remote_code=True).spec is None


def test_a_module_of_the_models_own_is_code(tiny):
    add_module(tiny, "own_steps.Scale", "")
    names_code(tiny, str(tiny / "modules.json"), "own_steps.Scale")


def test_an_activation_that_is_not_torchs_is_code(tiny):
    add_module(tiny, f"{OURS}Dense", "3_Dense", {"out_features": 12, "activation_function": "torch.nn.Tanh"})
    assert make(tiny).dim == 12
    write_json(tiny / "3_Dense" / "config.json", {"out_features": 12, "activation_function": "os.getcwd"})
    names_code(tiny, str(tiny / "3_Dense" / "config.json"), "os.getcwd")


def test_a_tokenizer_of_words_from_elsewhere_is_code(tiny):
    write_json(tiny / "wordembedding_config.json", {"tokenizer_class": "own.Words"})
    names_code(tiny, "wordembedding_config.json", "own.Words")


@pytest.mark.parametrize("name", ["router_config.json", "config.json"])
def test_a_route_of_the_models_own_is_code(tiny, name):
    add_module(tiny, f"{OURS}Router", "3_Router")
    routes = {"types": {"query_0_Dense": f"{OURS}Dense", "document_0_Own": "own.Step"}}
    write_json(tiny / "3_Router" / name, routes)
    names_code(tiny, str(tiny / "3_Router" / name), "own.Step")


@pytest.mark.parametrize("types", [None, [], {"": f"{OURS}Router"}, {".": f"{OURS}Router"}])
def test_routes_that_lead_nowhere_or_to_themselves_are_refused(tiny, types):
    add_module(tiny, f"{OURS}Router", "3_Router", {"types": types})
    assert "names no modules to choose from" in refused(tiny, ModelDamaged)


@needs_transformers
@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    "named", ["own_module.Model", {"AutoModel": "own_module.Model"}, {"A": [None, "own_module.Model"]}]
)
def test_a_class_for_an_unknown_architecture_is_code(tiny, name, named):
    write_json(tiny / "config.json", {**CONFIG, "model_type": "own_kind"})
    config = json.loads((tiny / name).read_text())
    write_json(tiny / name, {**config, "auto_map": named})
    names_code(tiny, str(tiny / name), "own_module.Model")


@needs_transformers
@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_a_class_for_an_architecture_of_transformers_is_not_used_and_not_asked_about(tiny, kind):
    write_json(tiny / "config.json", {**CONFIG, "model_type": kind, "auto_map": {"AutoModel": "own.Model"}})
    assert make(tiny).dim == 32


@needs_transformers
@pytest.mark.parametrize("kind", [None, 5, "../../etc", ".."])
def test_a_model_type_that_is_no_name_is_no_architecture(tiny, kind):
    write_json(tiny / "config.json", {**CONFIG, "model_type": kind, "auto_map": {"AutoModel": "own.Model"}})
    names_code(tiny, "own.Model")
