"""What happens around a cross-encoder that sentence-transformers opens: code, weights and settings gone wrong."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.rerank_contract import QUERY, TEXTS
from tests.helpers.tiny_bert import WORDS, write_json, write_safetensors
from tests.helpers.tiny_cross import IDENTITY, change_json, cross_tensors
from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged, ModelUnsupported
from vecsearch.models.rerank import load_reranker

peer = [pytest.mark.peer, pytest.mark.usefixtures("peer")]

OWN_MODEL = """
from pathlib import Path
Path({marker!r}).touch()
import torch
from transformers import BertConfig, BertForSequenceClassification
class OwnConfig(BertConfig):
    model_type = "own_kind"
class OwnModel(BertForSequenceClassification):
    config_class = OwnConfig
class Triple(torch.nn.Module):
    def forward(self, scores):
        return scores * 3
"""


def by_torch(folder: Path, **how):
    return load_reranker(str(folder), runtime="sentence-transformers", device="cpu", **how)


def damaged(folder: Path) -> str:
    with pytest.raises(ModelDamaged) as error:
        by_torch(folder).scores(QUERY, TEXTS)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def coded(cross: Path, tmp_path: Path) -> Path:
    """A model whose files bring code, which leaves a mark when it runs."""
    (cross / "own_model.py").write_text(OWN_MODEL.format(marker=str(tmp_path / "ran")))
    return cross


@pytest.fixture
def modules_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers copies a model's own code: not into the user's folder."""
    import transformers.dynamic_module_utils

    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "hf-modules"))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        (
            "config.json",
            {"auto_map": {"AutoModelForSequenceClassification": "own_model.OwnModel"}},
            "own_model.OwnModel",
        ),
        ("config.json", {"model_type": "own_kind", "auto_map": {"AutoConfig": "own_model.OwnConfig"}}, "OwnConfig"),
        ("config.json", {"sentence_transformers": {"activation_fn": "own_model.Triple"}}, "names own_model.Triple"),
        ("config.json", {"sbert_ce_default_activation_function": "os.getcwd"}, "names os.getcwd"),
        ("config.json", {"sbert_ce_default_activation_function": "torch.hub.os.getcwd"}, "names torch.hub.os.getcwd"),
        ("config_sentence_transformers.json", {"activation_fn": "own_model.Triple"}, "names own_model.Triple"),
        ("modules.json", [{"path": "", "type": "own_model.OwnModel"}], "names own_model.OwnModel"),
    ],
)
@pytest.mark.usefixtures("peer")
@pytest.mark.peer
def test_code_of_a_models_own_is_refused_before_it_runs(coded, tmp_path, name, settings, said):
    if isinstance(settings, dict):
        change_json(coded / name, **settings)
    else:
        write_json(coded / name, settings)
    for how in ({}, {"device": "cpu"}):
        with pytest.raises(ModelUnsupported, match=rf"{name}.*{said}.*code of the model's own; if you trust"):
            load_reranker(str(coded), **how)
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("peer", "modules_cache")
@pytest.mark.peer
def test_an_architecture_of_a_models_own_runs_when_it_is_trusted(coded, tmp_path):
    expected = load_reranker(str(coded)).scores(QUERY, TEXTS)
    classes = {"AutoConfig": "own_model.OwnConfig", "AutoModelForSequenceClassification": "own_model.OwnModel"}
    change_json(coded / "config.json", model_type="own_kind", auto_map=classes)
    named = {"pad_token": "[PAD]", "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
    change_json(coded / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast", **named)
    made = load_reranker(str(coded), trust_remote_code=True)
    assert not (tmp_path / "ran").exists()
    np.testing.assert_allclose(made.scores(QUERY, TEXTS), expected, atol=1e-5)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("how", [{"device": "cpu"}, {"runtime": "sentence-transformers"}])
def test_weights_in_pickles_are_refused(cross, how):
    (cross / "model.safetensors").rename(cross / "pytorch_model.bin")
    with pytest.raises(ModelUnsupported, match=r"pytorch_model\.bin is a pickle, which can run any code"):
        load_reranker(str(cross), **how)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "is not a list of modules"),
        ({"a": 1}, "is not a list of modules"),
        ([{"path": "../other", "type": "sentence_transformers.models.Transformer"}], "lies outside of the model's"),
        ([{"path": 7, "type": "sentence_transformers.models.Transformer"}], "is not a list of modules"),
    ],
)
def test_steps_that_cannot_be_are_refused(cross, steps, said):
    write_json(cross / "modules.json", steps)
    with pytest.raises(ModelDamaged, match=rf"modules\.json.* {said}"):
        by_torch(cross)


def test_without_sentence_transformers_it_says_how_to_get_it(cross, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    made = by_torch(cross)
    assert made.scores(QUERY, []).shape == (0,)
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[sentence-transformers\]'"):
        made.scores(QUERY, TEXTS)


class TestAnOpenedModel:
    pytestmark = peer

    @pytest.mark.parametrize(
        "lost", ["classifier.weight", "bert.pooler.dense.weight", "bert.encoder.layer.1.output.dense.bias"]
    )
    def test_weights_that_would_be_made_up_are_missed(self, cross, lost):
        tensors = cross_tensors()
        del tensors[lost]
        write_safetensors(cross / "model.safetensors", tensors)
        assert damaged(cross) == f"{cross}: its safetensors lack {lost}, which config.json asks for"

    def test_weights_of_another_shape_are_named(self, cross):
        write_safetensors(
            cross / "model.safetensors", {**cross_tensors(), "classifier.weight": np.ones((3, 32), np.float32)}
        )
        assert re.search(r"cannot be opened by sentence-transformers: .*(classifier\.)?weight", damaged(cross))

    def test_a_file_that_was_cut_short_is_named(self, cross):
        whole = (cross / "model.safetensors").read_bytes()
        (cross / "model.safetensors").write_bytes(whole[:-10])
        assert "model.safetensors cannot be read" in damaged(cross)

    def test_scores_that_are_not_finite_are_no_scores(self, cross):
        broken = cross_tensors()
        broken["classifier.bias"][:] = np.inf
        change_json(cross / "config.json", **IDENTITY)
        write_safetensors(cross / "model.safetensors", broken)
        assert "gives scores that are not finite numbers" in damaged(cross)

    def test_what_it_cannot_run_is_damaged(self, cross):
        change_json(cross / "tokenizer_config.json", model_max_length=None)
        change_json(cross / "config.json", max_position_embeddings=24, vocab_size=9)
        tensors = cross_tensors()
        words = "bert.embeddings.word_embeddings.weight"
        write_safetensors(cross / "model.safetensors", {**tensors, words: tensors[words][:9]})
        assert "cannot score: IndexError" in damaged(cross)

    def test_a_device_that_is_not_there_is_refused(self, cross):
        with pytest.raises(InvalidOption, match="device 'warp' cannot be used"):
            load_reranker(str(cross), device="warp").scores(QUERY, TEXTS)

    def test_a_device_without_room_for_one_text_is_refused(self, cross, monkeypatch):
        made = by_torch(cross)
        made.scores(QUERY, TEXTS)

        def full(pairs, **how):
            raise RuntimeError("CUDA out of memory")

        monkeypatch.setattr(made._model._cross_encoder, "predict", full)
        with pytest.raises(InvalidOption, match="device 'cpu' has too little memory for one text"):
            made.scores(QUERY, TEXTS)

    def test_several_numbers_for_a_pair_are_no_score(self, cross, monkeypatch):
        made = by_torch(cross)
        made.scores(QUERY, TEXTS)
        monkeypatch.setattr(made._model._cross_encoder, "predict", lambda pairs, **how: np.ones((len(pairs), 3)))
        with pytest.raises(ModelUnsupported, match=r"gives \(3,\) numbers for a pair, expected one score"):
            made.scores(QUERY, TEXTS)

    def test_nothing_is_said_or_drawn_while_it_opens(self, cross, capfd):
        by_torch(cross).scores(QUERY, TEXTS)
        assert capfd.readouterr() == ("", "")

    def test_a_language_model_that_answers_yes_or_no_is_a_reranker(self, tmp_path):
        if find_spec("sentence_transformers.cross_encoder.modules") is None:
            pytest.skip("sentence-transformers runs them from 5.4 on")
        write_judge(tmp_path / "judge")
        made = load_reranker(str(tmp_path / "judge"), device="cpu")
        scores = made.scores("red house", ["tree", "river", "red"])
        assert np.isfinite(scores).all()
        assert len(set(scores.tolist())) == 3


def write_judge(folder: Path) -> None:
    """A causal model whose words "yes" and "no" tell how well a text fits."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    words = [*WORDS, "yes", "no"]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "eos_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 8}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    Qwen3ForCausalLM(Qwen3Config(vocab_size=len(words), **sizes, **heads)).save_pretrained(folder)
