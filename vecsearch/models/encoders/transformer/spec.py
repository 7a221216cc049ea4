"""ModelSpec: what a model's own small files say about it, read and checked. Opens no weights.

Files and keys are those of sentence-transformers folders: modules.json, 1_Pooling/config.json,
sentence_bert_config.json, config_sentence_transformers.json beside transformers' config.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import (
    Prompts,
    existing_file,
    parse_json,
    positive_int,
    read_json,
    read_prompts,
)
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer.architecture import Shape
from vecsearch.models.encoders.transformer.shapes import read_shape

SPECIAL_TOKENS = 2  # the families whose graphs we build put one before a text and one after it
_NO_LIMIT = 8192  # tokens of a text that are read where the files name no limit
_GRAPHS = ("onnx/model.onnx", "model.onnx")  # of any architecture, as they are


class Pooling(str, Enum):
    """How the vectors of a text's tokens become one."""

    MEAN = "mean"
    CLS = "cls"
    MAX = "max"
    LAST = "lasttoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Everything about a model except its weights; `max_seq_length` counts special tokens.

    The graph is built from `shape`, which is None for a model that ships its graph (.onnx). `config` is what its
    config.json says.
    """

    name: str
    weights: Path
    tokenizer: Path
    shape: Shape | None
    dim: int
    max_seq_length: int
    pooling: Pooling
    normalize: bool
    lowercase: bool
    prompts: Prompts
    config: Mapping[str, Any] = field(default_factory=dict)


def read_spec(model: ModelFolder) -> ModelSpec:
    """Return the spec of the model in a folder.

    Raises ModelDamaged naming a missing or broken file, ModelUnsupported for another kind of model.
    """
    folder = model.path
    config = read_json(folder / "config.json")
    own = read_json(folder / "sentence_bert_config.json", optional=True)
    modules = _module_folders(folder)
    weights, shape = (model.graph, None) if model.graph else find_weights(folder, config)
    return ModelSpec(
        name=model.name,
        weights=weights,
        tokenizer=existing_file(folder / "tokenizer.json"),
        shape=shape,
        dim=shape.hidden if shape else _hidden(folder / "config.json", config),
        max_seq_length=token_limit(folder, config, own, shape),
        pooling=_pooling(folder / modules["Pooling"] / "config.json"),
        normalize="Normalize" in modules,
        lowercase=bool(own.get("do_lower_case", False)),
        prompts=read_prompts(folder, model.name),
        config=config,
    )


def find_weights(folder: Path, config: dict[str, Any]) -> tuple[Path, Shape | None]:
    """Return the file of the weights, and the shape to build a graph from; None for a file that is a graph itself."""
    graph = find_graph(folder)
    if (tensors := folder / "model.safetensors").is_file():
        try:
            return tensors, read_shape(folder / "config.json", config)
        except ModelUnsupported:
            if graph is None:
                raise
    if graph is None:
        raise ModelDamaged(f"{folder} holds no weights: neither model.safetensors nor {' nor '.join(_GRAPHS)}")
    return graph, None


def _hidden(path: Path, config: dict[str, Any]) -> int:
    key = next((key for key in ("hidden_size", "dim", "d_model", "n_embd") if key in config), "hidden_size")
    return positive_int(path, config, key)


def find_graph(folder: Path) -> Path | None:
    """Return the graph that a model's folder ships; None without one."""
    return next((folder / name for name in _GRAPHS if (folder / name).is_file()), None)


def token_limit(folder: Path, config: dict[str, Any], own: dict[str, Any], shape: Shape | None) -> int:
    """Return the lowest limit of the model's positions, its own file, and its tokenizer's file."""
    limits = []
    if shape:
        limits.append(shape.positions - shape.first_position)
    elif "max_position_embeddings" in config:
        limits.append(positive_int(folder / "config.json", config, "max_position_embeddings"))
    if own.get("max_seq_length") is not None:
        limits.append(positive_int(folder / "sentence_bert_config.json", own, "max_seq_length"))
    else:
        limit = read_json(folder / "tokenizer_config.json", optional=True).get("model_max_length")
        if isinstance(limit, int | float) and limit >= 1:  # no limit is written as 1e30
            limits.append(int(min(limit, _NO_LIMIT)))
    return min(limits, default=_NO_LIMIT)


def _module_folders(folder: Path) -> dict[str, str]:
    """The kinds of a model's modules with their folders; "Pooling" is always among them."""
    path = folder / "modules.json"
    listed = parse_json(path) if path.is_file() else []
    try:
        modules = {entry["type"].rpartition(".")[2]: entry["path"] for entry in listed}
    except (TypeError, KeyError, AttributeError) as error:
        raise ModelDamaged(f"{path} is not a list of modules with a type and a path") from error
    for name in modules.values():
        if not isinstance(name, str) or Path(name).is_absolute() or ".." in Path(name).parts:
            raise ModelDamaged(f"{path}: the module folder {name!r} lies outside of the model's")
    if unknown := modules.keys() - {"Transformer", "Pooling", "Normalize"}:
        raise ModelUnsupported(f"{path}: the module {min(unknown)} is not supported")
    return {"Pooling": "1_Pooling", **modules}


def _pooling(path: Path) -> Pooling:
    config = read_json(path, optional=True)
    if not config.get("include_prompt", True):
        raise ModelUnsupported(f"{path}: include_prompt false is not supported")
    names = {
        "pooling_mode_mean_tokens": Pooling.MEAN,
        "pooling_mode_cls_token": Pooling.CLS,
        "pooling_mode_max_tokens": Pooling.MAX,
        "pooling_mode_lasttoken": Pooling.LAST,
    }
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    if "pooling_mode" in config:  # sentence-transformers 5.2 and later write the mode's name
        mode = config["pooling_mode"]
        by_name = {mode.value: mode for mode in Pooling}
        if not isinstance(mode, str) or mode not in by_name:
            raise ModelUnsupported(f"{path}: pooling_mode {mode!r} is not supported")
        return by_name[mode]
    if not chosen:
        return Pooling.MEAN  # as sentence-transformers does for a plain transformer
    if len(chosen) > 1 or chosen[0] not in names:
        raise ModelUnsupported(f"{path}: {' with '.join(chosen)} is not supported")
    return names[chosen[0]]
