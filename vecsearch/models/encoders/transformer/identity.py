"""What a model's config.json says beyond the usual: the part of its identity that its weights do not show.

The same weights give other vectors with another number of layers or heads, another activation or epsilon. What is usual
is a function of the weights alone, so that weights with no unusual setting mean one model, and their fingerprint needs
none. Every key counts that is not known to leave vectors as they are: a key that nobody has heard of makes another
model. Opens of the weights only the header.

Usual values: the configurations of the models in `model_table`, and transformers' defaults for their families.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vecsearch.models.encoders.transformer.architecture import Family, Shape
from vecsearch.models.encoders.weights import read_shapes

_HEADS = {128: 2, 256: 4, 312: 12, 384: 12, 512: 8, 768: 12, 1024: 16}  # by hidden size; else one for 64 numbers
_HEAD_SIZE = 64
_EPSILON = {Family.ROBERTA: 1e-5, Family.MPNET: 1e-5}
_USUAL_EPSILON = 1e-12
_ACTIVATION = "gelu"
_FIRST_POSITION = {Family.ROBERTA: 2, Family.MPNET: 2}
_OFF: Mapping[str, Any] = MappingProxyType(  # what transformers writes where a feature is not used
    {
        "add_cross_attention": False,
        "adapters": {},
        "chunk_size_feed_forward": 0,
        "cross_attention_hidden_size": None,
        "is_encoder_decoder": False,
        "output_attentions": False,
        "output_hidden_states": False,
        "pruned_heads": {},
        "return_dict": True,
        "tf_legacy_loss": False,
        "torchscript": False,
        "use_bfloat16": False,
    }
)
_PRECISIONS = ("float32", "float16", "bfloat16")  # in which torch may hold the weights: not another model

_IN_SHAPE = {  # keys whose effect is that of a Shape, or of the sizes of tensors, which are checked against the weights
    "model_type",
    "hidden_size",
    "dim",
    "embedding_size",
    "intermediate_size",
    "hidden_dim",
    "num_hidden_layers",
    "n_layers",
    "num_attention_heads",
    "n_heads",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
    "pad_token_id",
    "layer_norm_eps",
    "hidden_act",
    "activation",
    "position_embedding_type",
    "is_decoder",
    "relative_attention_num_buckets",
}
_WITHOUT_EFFECT = {  # on the vectors of a text: training, heads for other tasks, generation, notes
    "_name_or_path",
    "architectures",
    "transformers_version",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "bos_token_id",
    "classifier_activation",
    "classifier_dropout",
    "cls_token_id",
    "directionality",
    "dropout",
    "eos_token_id",
    "finetuning_task",
    "gradient_checkpointing",
    "hidden_dropout_prob",
    "id2label",
    "initializer_factor",
    "initializer_range",
    "label2id",
    "mask_token_id",
    "model_max_length",
    "num_labels",
    "output_past",
    "pooler_fc_size",
    "pooler_num_attention_heads",
    "pooler_num_fc_layers",
    "pooler_size_per_head",
    "pooler_type",
    "problem_type",
    "qa_dropout",
    "sbert_ce_default_activation_function",
    "sentence_transformers",
    "sep_token_id",
    "seq_classif_dropout",
    "sinusoidal_pos_embds",
    "summary_activation",
    "summary_first_dropout",
    "summary_last_dropout",
    "summary_type",
    "summary_use_proj",
    "tie_weights_",
    "tie_word_embeddings",
    "tokenizer_class",
    "unk_token_id",
    "use_cache",
}


def unusual_settings(config: Mapping[str, Any], shape: Shape, weights: Path) -> dict[str, Any]:
    """Return the settings of a model that its weights do not imply; empty for a model as its family usually is.

    For the same weights the result is equal exactly when no setting that can change a vector differs. Raises
    ModelDamaged for a file that is not one of weights.
    """
    status = weights.stat()
    family, layers = _implied(weights, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    usual = {
        "family": family.value,
        "layers": layers,
        "heads": _HEADS.get(shape.hidden, max(1, shape.hidden // _HEAD_SIZE)),
        "layer_norm_eps": _EPSILON.get(family, _USUAL_EPSILON),
        "activation": _ACTIVATION,
        "first_position": _FIRST_POSITION.get(family, 0),
    }
    actual = {name: getattr(shape, name) for name in usual} | {"family": _alike(shape.family).value}
    unusual = {name: value for name, value in actual.items() if value != usual[name]}
    others = {f"config.{key}": value for key, value in config.items() if _may_matter(key, value)}
    return {**unusual, **others}


@lru_cache(maxsize=16)
def _implied(weights: Path, *_status: int) -> tuple[Family, int]:
    """The family and the number of layers that the tensors of a file are those of."""
    names = read_shapes(weights)
    return _family(names), _layers(names)


def _may_matter(key: str, value: Any) -> bool:
    """Whether a key that no Shape holds may change vectors."""
    if key in _IN_SHAPE or key in _WITHOUT_EFFECT or (key in _OFF and value == _OFF[key]):
        return False
    return not (key in ("dtype", "torch_dtype") and value in _PRECISIONS)


def _family(names: Mapping[str, tuple[int, ...]]) -> Family:
    """The family that such tensors usually belong to."""
    if any(name.endswith("relative_attention_bias.weight") for name in names):
        return Family.MPNET
    if any("transformer.layer.0." in name for name in names):
        return Family.DISTILBERT
    return Family.ROBERTA if any(_is_one_type(name, sizes) for name, sizes in names.items()) else Family.BERT


def _is_one_type(name: str, sizes: tuple[int, ...]) -> bool:
    """Whether a tensor is the only row of token types that RoBERTa has, where BERT has two."""
    return name.endswith("token_type_embeddings.weight") and sizes[:1] == (1,)


def _alike(family: Family) -> Family:
    """ELECTRA with embeddings as wide as its layers computes as BERT does."""
    return Family.BERT if family is Family.ELECTRA else family


def _layers(names: Mapping[str, tuple[int, ...]]) -> int:
    """The number of layers whose tensors there are."""
    parts = (name.partition("layer.")[2].partition(".")[0] for name in names)
    return len({part for part in parts if part.isdigit()})
