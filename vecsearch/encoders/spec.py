"""What a model's own small files say of it: ModelSpec, read and checked. Opens no weights.

Files and keys are those of sentence-transformers folders: modules.json, 1_Pooling/config.json,
sentence_bert_config.json, config_sentence_transformers.json beside transformers' config.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from vecsearch.encoders.folder import ModelFolder
from vecsearch.errors import ModelDamaged
from vecsearch.types import Role

SPECIAL_TOKENS = 2  # the BERT family puts [CLS] before a text and [SEP] behind it


class Pooling(str, Enum):
    """How the vectors of a text's tokens become one."""

    MEAN = "mean"
    CLS = "cls"
    MAX = "max"
    LAST = "lasttoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """The numbers of a BERT encoder that its graph is built from."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_eps: float
    activation: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """What goes before a text, by the side of the search it stands on."""

    query: str = ""
    document: str = ""

    def of(self, role: Role) -> str:
        """The prompt of `role`, empty where the model has none."""
        return self.query if role is Role.QUERY else self.document


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Everything about a model but its weights; `max_seq_length` counts the special tokens."""

    name: str
    weights: Path
    tokenizer: Path
    shape: BertShape
    max_seq_length: int
    pooling: Pooling
    normalize: bool
    lowercase: bool
    prompts: Prompts

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.shape.hidden


def read_spec(model: ModelFolder) -> ModelSpec:
    """The spec of the model in a folder; raises ModelDamaged naming the file that is missing, broken or unsupported."""
    folder = model.path
    config = _read_json(folder / "config.json")
    own = _read_json(folder / "sentence_bert_config.json", optional=True)
    modules = _module_folders(folder)
    return ModelSpec(
        name=model.name,
        weights=_weights(folder),
        tokenizer=_existing(folder / "tokenizer.json"),
        shape=_shape(folder / "config.json", config),
        max_seq_length=_max_seq_length(folder, config, own),
        pooling=_pooling(folder / modules["Pooling"] / "config.json"),
        normalize="Normalize" in modules,
        lowercase=bool(own.get("do_lower_case", False)),
        prompts=_prompts(folder / "config_sentence_transformers.json"),
    )


def _weights(folder: Path) -> Path:
    for name in ("model.safetensors", "onnx/model.onnx"):
        if (folder / name).is_file():
            return folder / name
    raise ModelDamaged(f"{folder} holds no weights: neither model.safetensors nor onnx/model.onnx")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelDamaged(f"{path} is missing: not the folder of a supported model")
    return path


def _read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    if optional and not path.is_file():
        return {}
    content = _parse(_existing(path))
    if not isinstance(content, dict):
        raise ModelDamaged(f"{path} is not a JSON object")
    return content


def _parse(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path} cannot be read: {error}") from error


def _shape(path: Path, config: dict[str, Any]) -> BertShape:
    kind = config.get("model_type")
    position = config.get("position_embedding_type", "absolute")
    activation = config.get("hidden_act", "gelu")
    epsilon = config.get("layer_norm_eps", 1e-12)
    if not isinstance(epsilon, float):
        raise ModelDamaged(f"{path}: layer_norm_eps is {epsilon!r}, expected a number")
    if kind != "bert":
        raise ModelDamaged(f"{path}: model_type {kind!r} is not supported, only 'bert'")
    if position != "absolute":
        raise ModelDamaged(f"{path}: position_embedding_type {position!r} is not supported, only 'absolute'")
    if activation not in ("gelu", "relu", "gelu_new"):
        raise ModelDamaged(f"{path}: hidden_act {activation!r} is not supported, only 'gelu', 'gelu_new' or 'relu'")
    shape = BertShape(
        hidden=_positive(path, config, "hidden_size"),
        intermediate=_positive(path, config, "intermediate_size"),
        layers=_positive(path, config, "num_hidden_layers"),
        heads=_positive(path, config, "num_attention_heads"),
        vocabulary=_positive(path, config, "vocab_size"),
        positions=_positive(path, config, "max_position_embeddings"),
        token_types=_positive(path, config, "type_vocab_size"),
        layer_norm_eps=epsilon,
        activation=activation,
    )
    if shape.hidden % shape.heads:
        raise ModelDamaged(f"{path}: hidden_size {shape.hidden} is not a multiple of {shape.heads} attention heads")
    return shape


def _positive(path: Path, config: dict[str, Any], key: str) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise ModelDamaged(f"{path}: {key} is {value!r}, expected a positive whole number")
    return value


def _max_seq_length(folder: Path, config: dict[str, Any], own: dict[str, Any]) -> int:
    positions = _positive(folder / "config.json", config, "max_position_embeddings")
    if own.get("max_seq_length") is not None:
        return min(positions, _positive(folder / "sentence_bert_config.json", own, "max_seq_length"))
    limit = _read_json(folder / "tokenizer_config.json", optional=True).get("model_max_length")
    return min(positions, int(limit)) if isinstance(limit, int | float) else positions  # no limit is written as 1e30


def _module_folders(folder: Path) -> dict[str, str]:
    """The kinds of a model's modules and their folders; "Pooling" is always among them."""
    path = folder / "modules.json"
    listed = _parse(path) if path.is_file() else []
    try:
        modules = {entry["type"].rpartition(".")[2]: entry["path"] for entry in listed}
    except (TypeError, KeyError, AttributeError) as error:
        raise ModelDamaged(f"{path} is not a list of modules with a type and a path") from error
    for place in modules.values():
        if not isinstance(place, str) or Path(place).is_absolute() or ".." in Path(place).parts:
            raise ModelDamaged(f"{path}: the module folder {place!r} lies outside of the model's")
    if unknown := modules.keys() - {"Transformer", "Pooling", "Normalize"}:
        raise ModelDamaged(f"{path}: the module {min(unknown)} is not supported")
    return {"Pooling": "1_Pooling", **modules}


def _pooling(path: Path) -> Pooling:
    config = _read_json(path, optional=True)
    if not config.get("include_prompt", True):
        raise ModelDamaged(f"{path}: include_prompt false is not supported")
    names = {
        "pooling_mode_mean_tokens": Pooling.MEAN,
        "pooling_mode_cls_token": Pooling.CLS,
        "pooling_mode_max_tokens": Pooling.MAX,
        "pooling_mode_lasttoken": Pooling.LAST,
    }
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    if "pooling_mode" in config:  # sentence-transformers 5.2 and later write the mode's name
        named = config["pooling_mode"]
        by_name = {mode.value: mode for mode in Pooling}
        if not isinstance(named, str) or named not in by_name:
            raise ModelDamaged(f"{path}: pooling_mode {named!r} is not supported")
        return by_name[named]
    if not chosen:
        return Pooling.MEAN  # as sentence-transformers does for a plain transformer
    if len(chosen) > 1 or chosen[0] not in names:
        raise ModelDamaged(f"{path}: {' with '.join(chosen)} is not supported")
    return names[chosen[0]]


def _prompts(path: Path) -> Prompts:
    config = _read_json(path, optional=True)
    known = config.get("prompts") or {}
    if not isinstance(known, dict) or not all(isinstance(prompt, str) for prompt in known.values()):
        raise ModelDamaged(f"{path}: prompts is not an object of texts")
    default = known.get(config.get("default_prompt_name"), "")
    document = next((known[name] for name in ("document", "passage", "corpus") if known.get(name)), default)
    return Prompts(query=known.get("query") or default, document=document)
