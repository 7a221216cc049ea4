"""What a cross-encoder's own small files say of it: PairSpec, read and checked. Opens no weights.

Files and keys are those that sentence-transformers 3 to 6 write for a CrossEncoder: config.json of transformers and,
since 5.4, modules.json, sentence_bert_config.json and config_sentence_transformers.json beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import existing_file, parse_json, positive_int, read_json
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import SETTINGS
from vecsearch.models.encoders.transformer.architecture import Family, Shape
from vecsearch.models.encoders.transformer.spec import find_graph, find_weights, token_limit

_WEIGHTS = "model.safetensors"
CLASSIFIER = "ForSequenceClassification"  # how the classes of transformers end that have a head for labels
TORCH_NAMES = "torch.nn."  # where an activation comes from that is no code of the model's own

_PLAIN_SETTINGS = {"transformer_task", "modality_config", "module_output_name", "max_seq_length"}
_CLASSIFYING = "sequence-classification"  # the task of a Transformer module that gives labels
_TYPES = "token_type_ids"
_TYPING_TOKENIZERS = ("Bert", "Electra", "PreTrainedTokenizerFast")  # the last until transformers 5, which renamed it


class Activation(str, Enum):
    """What makes a score of the number that a head gives, named as in torch.nn."""

    IDENTITY = "Identity"
    SIGMOID = "Sigmoid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSpec:
    """Everything about a cross-encoder but its weights; `max_tokens` of a pair are read, special ones counted.

    `shape` is what its graph is built from, None for a model that ships its graph (.onnx). `types` says whether the
    graph is told which tokens are the text's; where not, they all look like the query's.
    """

    name: str
    weights: Path
    tokenizer: Path
    shape: Shape | None
    max_tokens: int
    types: bool
    activation: Activation


def read_pair_spec(model: ModelFolder) -> PairSpec:
    """The spec of the cross-encoder in a folder.

    Raises ModelDamaged naming the file that is missing or broken, ModelUnsupported for what only others can run.
    """
    folder = model.path
    check_one_score(folder)
    config = read_json(folder / "config.json")
    own = read_json(folder / "sentence_bert_config.json", optional=True)
    said = read_json(folder / "tokenizer_config.json", optional=True)
    _check_plain(folder, config, own, said)
    weights, shape = _weights(model, config)
    return PairSpec(
        name=model.name,
        weights=weights,
        tokenizer=existing_file(folder / "tokenizer.json"),
        shape=replace(shape, labels=1) if shape else None,
        max_tokens=token_limit(folder, config, own, shape),
        types=_reads_types(shape, said),
        activation=_activation(folder, config),
    )


def check_one_score(folder: Path) -> None:
    """Return when a model gives one score for a pair of texts; raise ModelUnsupported saying what it is instead.

    A model whose steps are listed is believed to: it is sentence-transformers that made it.
    """
    path = folder / "config.json"
    config = read_json(path)
    made = _architecture(config)
    steps = read_json(folder / SETTINGS, optional=True).get("model_type") == "CrossEncoder"
    if made.endswith(CLASSIFIER):
        labels = _labels(path, config)
        if labels != 1:
            raise ModelUnsupported(f"{path}: the model gives {labels} numbers for a pair, a reranker gives one score")
    elif not steps and not made.endswith("ForCausalLM"):
        raise ModelUnsupported(
            f"{path}: architectures names {made}, which is no cross-encoder: expected a {CLASSIFIER}"
        )


def named_activation(folder: Path, config: dict[str, Any]) -> tuple[Path, str] | None:
    """The file that names an activation for the scores, and what it names; None where sentence-transformers chooses."""
    inside = config.get("sentence_transformers")
    places = (
        (folder / SETTINGS, read_json(folder / SETTINGS, optional=True).get("activation_fn")),
        (folder / "config.json", inside.get("activation_fn") if isinstance(inside, dict) else None),
        (folder / "config.json", config.get("sbert_ce_default_activation_function")),  # until version 4
    )
    return next(((path, str(named)) for path, named in places if named is not None), None)


def _weights(model: ModelFolder, config: dict[str, Any]) -> tuple[Path, Shape | None]:
    """The file of the weights, and the shape to build a graph of; none for a file that is a graph itself."""
    if model.graph:
        return model.graph, None
    if own := own_classifier(config):
        if (graph := find_graph(model.path)) is None:
            raise ModelUnsupported(f"{model.path / 'config.json'}: auto_map names {own}, code of the model's own")
        return graph, None
    if (parts := model.path / f"{_WEIGHTS}.index.json").is_file() and not (model.path / _WEIGHTS).is_file():
        raise ModelUnsupported(f"{parts}: weights in several files are not supported")
    return find_weights(model.path, config)


def _labels(path: Path, config: dict[str, Any]) -> int:
    """How many numbers the head gives; two is what transformers does not write down."""
    if (names := config.get("id2label")) is None:
        return positive_int(path, config, "num_labels") if "num_labels" in config else 2
    if not isinstance(names, dict):
        raise ModelDamaged(f"{path}: id2label is not an object of names")
    return len(names)


def _architecture(config: dict[str, Any]) -> str:
    """The class of transformers that a model is of."""
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else "nothing"


def _check_plain(folder: Path, config: dict[str, Any], own: dict[str, Any], said: dict[str, Any]) -> None:
    """Raises ModelUnsupported for a model that does more than tokenise a pair and run one transformer."""
    if not (made := _architecture(config)).endswith(CLASSIFIER):
        raise ModelUnsupported(f"{folder / 'config.json'}: {made} is no {CLASSIFIER}")
    if (listed := folder / "modules.json").is_file() and not _is_one_transformer(parse_json(listed)):
        raise ModelUnsupported(f"{listed} has more steps than one Transformer")
    task = own.get("transformer_task", _CLASSIFYING)
    if (unusual := sorted(key for key in own if own[key] and key not in _PLAIN_SETTINGS)) or task != _CLASSIFYING:
        what = unusual[0] if unusual else f"transformer_task {task!r}"
        raise ModelUnsupported(f"{folder / 'sentence_bert_config.json'}: {what} is not supported")
    if read_json(folder / SETTINGS, optional=True).get("default_prompt_name") is not None:
        raise ModelUnsupported(f"{folder / SETTINGS}: a default prompt is not supported")
    if said.get("truncation_side", "right") != "right":
        raise ModelUnsupported(f"{folder / 'tokenizer_config.json'}: truncation_side is not 'right'")


def own_classifier(config: dict[str, Any]) -> str | None:
    """The class of the model's own that its files name for classification, which its weights then are made for."""
    named = config.get("auto_map")
    found = named.get(f"AutoModel{CLASSIFIER}") if isinstance(named, dict) else None
    return None if found is None else str(found)


def _is_one_transformer(steps: Any) -> bool:
    if not isinstance(steps, list) or len(steps) != 1 or not isinstance(steps[0], dict):
        return False
    return str(steps[0].get("type")).endswith(".Transformer") and steps[0].get("path") == ""


def _reads_types(shape: Shape | None, said: dict[str, Any]) -> bool:
    """Whether transformers tells the model its tokens' types, which only some classes of tokenizers do."""
    names, made = said.get("model_input_names"), said.get("tokenizer_class")
    if isinstance(names, list):
        return _TYPES in names
    if made is not None:
        return str(made).startswith(_TYPING_TOKENIZERS)
    return shape is None or shape.family in (Family.BERT, Family.ELECTRA)


def _activation(folder: Path, config: dict[str, Any]) -> Activation:
    named = named_activation(folder, config)
    if named is None:
        return Activation.SIGMOID  # sentence-transformers' own choice for one label
    path, dotted = named
    word = dotted.rpartition(".")[2]
    if not dotted.startswith(TORCH_NAMES) or word not in [activation.value for activation in Activation]:
        raise ModelUnsupported(f"{path}: the activation {dotted} is not supported")
    return Activation(word)
