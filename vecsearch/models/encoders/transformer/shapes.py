"""From a transformer's config.json to the numbers its graph is built from. Opens no other file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import positive_int
from vecsearch.models.encoders.transformer.architecture import ACTIVATIONS, BUCKETS, Family, Shape

_FAMILIES = {
    "bert": Family.BERT,
    "roberta": Family.ROBERTA,
    "xlm-roberta": Family.ROBERTA,
    "camembert": Family.ROBERTA,
    "distilbert": Family.DISTILBERT,
    "mpnet": Family.MPNET,
    "electra": Family.ELECTRA,
}
_DISTILBERT_EPSILON = 1e-12  # a constant of transformers' modeling_distilbert.py
_ELECTRA_EMBEDDING = 128  # its configuration's default
_MPNET_FIRST_POSITION = 2  # after a padding row that modeling_mpnet.py fixes at 1


def read_shape(path: Path, config: dict[str, Any]) -> Shape:
    """Return the shape that `config`, read from the config.json at `path`, describes.

    Raises ModelUnsupported for another architecture, ModelDamaged for impossible numbers.
    """
    kind = config.get("model_type")
    family = _FAMILIES.get(str(kind))
    if family is None:
        raise ModelUnsupported(f"{path}: model_type {kind!r} is not one of {', '.join(_FAMILIES)}")
    _check_variant(path, config)
    shape = _distilbert(path, config) if family is Family.DISTILBERT else _bert_like(path, config, family)
    if shape.hidden % shape.heads:
        raise ModelDamaged(f"{path}: hidden size {shape.hidden} is not a multiple of {shape.heads} attention heads")
    if shape.positions <= shape.first_position:
        raise ModelDamaged(f"{path}: {shape.positions} positions leave none after number {shape.first_position}")
    return shape


def _check_variant(path: Path, config: dict[str, Any]) -> None:
    """Raise ModelUnsupported for a member of a family that computes something else."""
    position = config.get("position_embedding_type", "absolute")
    activation = config.get("activation" if config["model_type"] == "distilbert" else "hidden_act", "gelu")
    if position != "absolute":
        raise ModelUnsupported(f"{path}: position_embedding_type {position!r} is not supported, only 'absolute'")
    if activation not in ACTIVATIONS:
        raise ModelUnsupported(f"{path}: hidden_act {activation!r} is not one of {', '.join(ACTIVATIONS)}")
    usual = _ELECTRA_EMBEDDING if config["model_type"] == "electra" else config.get("hidden_size")
    if config.get("is_decoder") or config.get("embedding_size", usual) != config.get("hidden_size"):
        raise ModelUnsupported(f"{path}: a decoder, or an embedding size other than hidden_size, is not supported")
    if config.get("relative_attention_num_buckets", BUCKETS) != BUCKETS:
        raise ModelUnsupported(f"{path}: relative_attention_num_buckets is not {BUCKETS}")


def _bert_like(path: Path, config: dict[str, Any], family: Family) -> Shape:
    epsilon = config.get("layer_norm_eps", 1e-5 if family is Family.ROBERTA else 1e-12)
    if not isinstance(epsilon, float):
        raise ModelDamaged(f"{path}: layer_norm_eps is {epsilon!r}, expected a number")
    return Shape(
        family=family,
        hidden=positive_int(path, config, "hidden_size"),
        intermediate=positive_int(path, config, "intermediate_size"),
        layers=positive_int(path, config, "num_hidden_layers"),
        heads=positive_int(path, config, "num_attention_heads"),
        vocabulary=positive_int(path, config, "vocab_size"),
        positions=positive_int(path, config, "max_position_embeddings"),
        token_types=0 if family is Family.MPNET else positive_int(path, config, "type_vocab_size"),
        first_position=_first_position(path, config, family),
        layer_norm_eps=epsilon,
        activation=config.get("hidden_act", "gelu"),
    )


def _first_position(path: Path, config: dict[str, Any], family: Family) -> int:
    """The position of a text's first token; in RoBERTa those up to the padding token's number are never used."""
    if family is not Family.ROBERTA:
        return _MPNET_FIRST_POSITION if family is Family.MPNET else 0
    padding = config.get("pad_token_id", 1)
    if not isinstance(padding, int) or padding < 0:
        raise ModelDamaged(f"{path}: pad_token_id is {padding!r}, expected a whole number")
    return padding + 1


def _distilbert(path: Path, config: dict[str, Any]) -> Shape:
    return Shape(
        family=Family.DISTILBERT,
        hidden=positive_int(path, config, "dim"),
        intermediate=positive_int(path, config, "hidden_dim"),
        layers=positive_int(path, config, "n_layers"),
        heads=positive_int(path, config, "n_heads"),
        vocabulary=positive_int(path, config, "vocab_size"),
        positions=positive_int(path, config, "max_position_embeddings"),
        token_types=0,
        layer_norm_eps=_DISTILBERT_EPSILON,
        activation=config.get("activation", "gelu"),
    )
