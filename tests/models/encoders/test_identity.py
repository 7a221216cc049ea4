"""What config.json says beyond the usual: nothing, for the models that people have indexes of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.tiny_bert import write_safetensors
from vecsearch.models.encoders.transformer.identity import unusual_settings
from vecsearch.models.encoders.transformer.shapes import read_shape

# As their config.json on the hub says, without what is the same in all: see `NOTES`.
NOTES: dict[str, Any] = {
    "_name_or_path": "old",
    "architectures": ["Model"],
    "attention_probs_dropout_prob": 0.1,
    "hidden_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "transformers_version": "4.8.2",
}
BERT = {"model_type": "bert", "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0, "type_vocab_size": 2}
ROBERTA = {
    "model_type": "xlm-roberta",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-05,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "type_vocab_size": 1,
    "output_past": True,
    "position_embedding_type": "absolute",
    "use_cache": True,
}
KNOWN: dict[str, dict[str, Any]] = {
    "all-MiniLM-L6-v2": {**BERT, "hidden_size": 384, "num_attention_heads": 12, "num_hidden_layers": 6},
    "bge-small-en-v1.5": {
        **BERT,
        "hidden_size": 384,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "classifier_dropout": None,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "torch_dtype": "float32",
    },
    "e5-large-v2": {**BERT, "hidden_size": 1024, "num_attention_heads": 16, "num_hidden_layers": 24},
    "multilingual-e5-small": {
        **BERT,
        "hidden_size": 384,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "tokenizer_class": "XLMRobertaTokenizer",
    },
    "multilingual-e5-base": {**ROBERTA, "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12},
    "bge-m3": {
        **ROBERTA,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
        "max_position_embeddings": 8194,
    },
    "all-mpnet-base-v2": {
        "model_type": "mpnet",
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-05,
        "pad_token_id": 1,
        "relative_attention_num_buckets": 32,
        "hidden_size": 768,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
    },
    "msmarco-distilbert": {
        "model_type": "distilbert",
        "activation": "gelu",
        "attention_dropout": 0.1,
        "dim": 768,
        "dropout": 0.1,
        "hidden_dim": 3072,
        "n_heads": 12,
        "n_layers": 6,
        "pad_token_id": 0,
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
    },
}
SIZES = {"intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 514}


def weights(path: Path, config: dict[str, Any], prefix: str = "") -> Path:
    """A file with tensors of the names that such a model has, each of one number."""
    one = np.zeros((1, 1), np.float32)
    layers = config.get("num_hidden_layers", config.get("n_layers"))
    stack = "transformer.layer" if config["model_type"] == "distilbert" else "encoder.layer"
    tensors = {f"{prefix}{stack}.{layer}.attention": one for layer in range(layers)}
    if config["model_type"] == "mpnet":
        tensors[f"{prefix}encoder.relative_attention_bias.weight"] = one
    if types := config.get("type_vocab_size"):
        tensors[f"{prefix}embeddings.token_type_embeddings.weight"] = np.zeros((types, 1), np.float32)
    write_safetensors(path, tensors)
    return path


def unusual(folder: Path, config: dict[str, Any], file: Path) -> dict[str, Any]:
    return unusual_settings(config, read_shape(folder / "config.json", config), file)


@pytest.mark.parametrize("prefix", ["", "model."])
@pytest.mark.parametrize("name", KNOWN)
def test_a_known_model_says_nothing_unusual_and_keeps_its_fingerprint(tmp_path: Path, name: str, prefix: str) -> None:
    config = {**NOTES, **SIZES, **KNOWN[name]}
    assert unusual(tmp_path, config, weights(tmp_path / "weights", config, prefix)) == {}


@pytest.mark.parametrize("name", KNOWN)
def test_each_setting_that_a_graph_is_built_from_is_unusual_when_it_is_another(tmp_path: Path, name: str) -> None:
    config = {**NOTES, **SIZES, **KNOWN[name]}
    file = weights(tmp_path / "weights", config)
    distil = config["model_type"] == "distilbert"
    changes: dict[str, Any] = {
        "n_heads" if distil else "num_attention_heads": 2,
        "n_layers" if distil else "num_hidden_layers": 3,
        "activation" if distil else "hidden_act": "relu",
    }
    if not distil:
        changes["layer_norm_eps"] = 1e-7
    for key, value in changes.items():
        assert list(unusual(tmp_path, {**config, key: value}, file).values()) == [value]


def test_what_is_left_out_of_the_file_counts_as_it_is_then_computed(tmp_path: Path) -> None:
    """MPNet without an epsilon has 1e-12, as transformers has it, which is not that of its models."""
    config = {**NOTES, **SIZES, **KNOWN["all-mpnet-base-v2"]}
    file = weights(tmp_path / "weights", config)
    del config["layer_norm_eps"]
    assert unusual(tmp_path, config, file) == {"layer_norm_eps": 1e-12}
