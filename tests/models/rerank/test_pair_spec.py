"""What a cross-encoder's small files may say, and what of it is refused before anything is opened."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.helpers.tiny_bert import WORDS, write_json, write_safetensors
from tests.helpers.tiny_cross import LIMIT, change_json, cross_tensors, write_cross_graph
from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.rerank import load_reranker
from vecsearch.models.rerank.spec import Activation, PairSpec, read_pair_spec

IDENTITY = "torch.nn.modules.linear.Identity"


def spec(folder) -> PairSpec:
    return read_pair_spec(ModelFolder(name="tiny", path=folder))


def score(folder) -> None:
    load_reranker(str(folder), runtime="onnxruntime").scores("red house", ["tree"])


def test_the_files_of_a_cross_encoder_are_its_spec(cross):
    found = spec(cross)
    assert (found.name, found.max_tokens, found.types) == ("tiny", LIMIT, True)
    assert (found.weights, found.tokenizer) == (cross / "model.safetensors", cross / "tokenizer.json")
    assert found.shape is not None
    assert found.shape.labels == 1
    assert found.activation is Activation.SIGMOID


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("config_sentence_transformers.json", {"activation_fn": IDENTITY}),
        ("config.json", {"sentence_transformers": {"activation_fn": "torch.nn.Identity"}}),
        ("config.json", {"sbert_ce_default_activation_function": IDENTITY}),
    ],
)
def test_the_activation_is_named_where_any_version_writes_it(cross, name, settings):
    change_json(cross / name, **settings)
    assert spec(cross).activation is Activation.IDENTITY


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"tokenizer_class": None}, True),  # as the family has it
        ({"tokenizer_class": "BertTokenizerFast"}, True),
        ({"tokenizer_class": "ElectraTokenizer"}, True),
        ({"tokenizer_class": "PreTrainedTokenizerFast"}, True),
        ({"tokenizer_class": "TokenizersBackend"}, False),
        ({"tokenizer_class": "DistilBertTokenizer"}, False),
        ({"tokenizer_class": "XLMRobertaTokenizer"}, False),
        ({"model_input_names": ["input_ids", "attention_mask"]}, False),
        ({"tokenizer_class": "TokenizersBackend", "model_input_names": ["input_ids", "token_type_ids"]}, True),
    ],
)
def test_whether_types_of_tokens_are_told_is_the_tokenizers_own(cross, settings, told):
    change_json(cross / "tokenizer_config.json", **settings)
    assert spec(cross).types is told


def test_the_newest_name_of_an_activation_counts(cross):
    change_json(cross / "config_sentence_transformers.json", activation_fn="torch.nn.modules.activation.Sigmoid")
    change_json(cross / "config.json", sentence_transformers={"activation_fn": IDENTITY})
    assert spec(cross).activation is Activation.SIGMOID


def test_the_limit_is_the_least_that_a_file_says(cross):
    change_json(cross / "tokenizer_config.json", model_max_length=9)
    assert spec(cross).max_tokens == 9
    change_json(cross / "tokenizer_config.json", model_max_length=1e30)
    assert spec(cross).max_tokens == 24
    write_json(cross / "sentence_bert_config.json", {"max_seq_length": 12})
    assert spec(cross).max_tokens == 12


def test_the_folder_that_sentence_transformers_6_saves_is_understood(cross):
    module = "sentence_transformers.base.modules.transformer.Transformer"
    write_json(cross / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": module}])
    modality = {"text": {"method": "forward", "method_output_name": "logits"}}
    own = {"transformer_task": "sequence-classification", "modality_config": modality, "module_output_name": "scores"}
    write_json(cross / "sentence_bert_config.json", own)
    settings = {"activation_fn": IDENTITY, "default_prompt_name": None, "model_type": "CrossEncoder", "prompts": {}}
    write_json(cross / "config_sentence_transformers.json", settings)
    assert spec(cross).activation is Activation.IDENTITY


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("config.json", {"model_type": "gpt2"}, "model_type 'gpt2' is not one of bert"),
        (
            "config.json",
            {"id2label": {"0": "a", "1": "b", "2": "c"}},
            "gives 3 numbers for a pair, a reranker gives one",
        ),
        ("config.json", {"id2label": None}, "gives 2 numbers for a pair"),
        ("config.json", {"id2label": None, "num_labels": 4}, "gives 4 numbers for a pair"),
        ("config.json", {"architectures": ["BertModel"]}, "the architecture is BertModel, not a cross-encoder"),
        ("config.json", {"architectures": None}, "the architecture is not named, not a cross-encoder"),
        (
            "config.json",
            {"architectures": ["Qwen3ForCausalLM"]},
            "Qwen3ForCausalLM is not a ForSequenceClassification",
        ),
        ("config.json", {"auto_map": {"AutoModelForSequenceClassification": "own.Own"}}, "code of the model's own"),
        (
            "config.json",
            {"sentence_transformers": {"activation_fn": "torch.nn.Tanh"}},
            "torch.nn.Tanh is not supported",
        ),
        ("config.json", {"sbert_ce_default_activation_function": "os.Identity"}, "os.Identity is not supported"),
        ("tokenizer_config.json", {"truncation_side": "left"}, "truncation_side is not 'right'"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "do_lower_case is not supported"),
        ("sentence_bert_config.json", {"transformer_task": "text-generation"}, "'text-generation' is not supported"),
        ("config_sentence_transformers.json", {"default_prompt_name": "web"}, "a default prompt is not supported"),
    ],
)
def test_a_model_that_does_something_else_is_unsupported(cross, name, settings, said):
    change_json(cross / name, **settings)
    with pytest.raises(ModelUnsupported, match=said) as raised:
        score(cross)
    assert str(cross / name) in str(raised.value)


@pytest.mark.parametrize(
    "steps",
    [
        [{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Dense", "type": "x.Dense"}],
        [{"path": "", "type": "own.Step"}],
        [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}],
        ["Transformer"],
        {},
    ],
)
def test_more_steps_than_a_transformer_are_unsupported(cross, steps):
    write_json(cross / "modules.json", steps)
    with pytest.raises(ModelUnsupported, match=r"modules\.json lists other modules than one Transformer"):
        score(cross)


def test_weights_in_several_files_are_left_to_others(cross):
    (cross / "model.safetensors").rename(cross / "model-00001-of-00001.safetensors")
    write_json(cross / "model.safetensors.index.json", {"weight_map": {}})
    with pytest.raises(ModelUnsupported, match=r"index\.json: weights in several files are not supported"):
        score(cross)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(cross, name):
    (cross / name).unlink()
    with pytest.raises(ModelDamaged, match=name.replace(".", r"\.")):
        score(cross)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff{", b"{}" * 40])
def test_a_broken_file_is_named(cross, name, content):
    (cross / name).write_bytes(content)
    with pytest.raises(ModelDamaged, match=name.replace(".", r"\.")):
        score(cross)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"id2label": ["a"]}, "id2label is not an object of names"),
        ({"id2label": None, "num_labels": "one"}, "num_labels is 'one', expected a positive whole number"),
        ({"hidden_size": -1}, "hidden_size is -1"),
        ({"hidden_size": 31}, "31 is not a multiple of 4"),
        ({"num_hidden_layers": 3}, "holds no tensor encoder.layer.2"),
        ({"intermediate_size": 65}, r"has shape \(64, 32\), config.json says \(65, 32\)"),
        ({"vocab_size": 10**15}, r"word_embeddings.weight has shape"),
    ],
)
def test_numbers_that_cannot_be_are_refused(cross, settings, said):
    change_json(cross / "config.json", **settings)
    with pytest.raises(ModelDamaged, match=said):
        score(cross)


@pytest.mark.parametrize("named", ["Bert", [None], [], {"0": "BertForSequenceClassification"}])
def test_an_architecture_that_is_no_name_is_no_cross_encoder(cross, named):
    change_json(cross / "config.json", architectures=named)
    with pytest.raises(ModelUnsupported, match="not a cross-encoder"):
        score(cross)


def test_settings_of_another_form_name_no_activation(cross):
    change_json(cross / "config.json", sentence_transformers=["torch.nn.Identity"])
    assert spec(cross).activation is Activation.SIGMOID


@pytest.mark.parametrize("lost", ["classifier.weight", "classifier.bias", "bert.pooler.dense.weight"])
def test_a_head_without_its_weights_is_damaged(cross, lost):
    tensors = cross_tensors()
    del tensors[lost]
    write_safetensors(cross / "model.safetensors", tensors)
    with pytest.raises(ModelDamaged, match=f"holds no tensor {lost.removeprefix('bert.')}"):
        score(cross)


def test_a_head_of_another_shape_is_damaged(cross):
    write_safetensors(
        cross / "model.safetensors", {**cross_tensors(), "classifier.weight": np.zeros((3, 32), np.float32)}
    )
    with pytest.raises(ModelDamaged, match=r"classifier\.weight has shape \(3, 32\), config\.json says \(1, 32\)"):
        score(cross)


def test_a_tokenizer_of_another_model_is_refused(cross):
    tensors = cross_tensors()
    change_json(cross / "config.json", vocab_size=9)
    name = "bert.embeddings.word_embeddings.weight"
    write_safetensors(cross / "model.safetensors", {**tensors, name: tensors[name][:9]})
    with pytest.raises(ModelDamaged, match=rf"{len(WORDS)} tokens, the model 9: they do not belong together"):
        score(cross)


def test_more_types_of_tokens_than_the_model_knows_are_refused(cross):
    tokenizer = json.loads((cross / "tokenizer.json").read_text())
    tokenizer["post_processor"]["pair"][3]["Sequence"]["type_id"] = 7
    write_json(cross / "tokenizer.json", tokenizer)
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json gives tokens 8 types, the model knows 2"):
        score(cross)


def test_a_limit_that_leaves_no_room_for_a_token_is_refused(cross):
    change_json(cross / "tokenizer_config.json", model_max_length=3)
    with pytest.raises(ModelDamaged, match="adds 3 special tokens to a pair, the model reads 3 tokens"):
        score(cross)


def test_openvino_leaves_graphs_to_the_other_runtime(cross):
    pytest.importorskip("openvino", reason="openvino is not installed")
    write_cross_graph(cross / "onnx" / "model.onnx")
    (cross / "model.safetensors").unlink()
    with pytest.raises(ModelUnsupported, match="runs on onnxruntime, not on openvino"):
        load_reranker(str(cross), runtime="openvino").scores("red", ["tree"])
