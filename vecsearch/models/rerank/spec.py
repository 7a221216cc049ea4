"""PairSpec: what the small files of a cross-encoder's folder say, read and checked. Opens no weights.

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
CLASSIFIER = "ForSequenceClassification"  # the end of the name of each class of transformers with a head for labels
TORCH_NAMES = "torch.nn."  # the modules of activations that are not code of the model's own

_PLAIN_SETTINGS = {"transformer_task", "modality_config", "module_output_name", "max_seq_length"}
_CLASSIFYING = "sequence-classification"  # the task of a Transformer module that gives labels
_TYPES = "token_type_ids"
_TYPING_TOKENIZERS = ("Bert", "Electra", "PreTrainedTokenizerFast")  # the last until transformers 5, which renamed it


class Activation(str, Enum):
    """The function from the head's number to a score, named as in torch.nn."""

    IDENTITY = "Identity"
    SIGMOID = "Sigmoid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSpec:
    """Everything about a cross-encoder but its weights; it reads `max_tokens` of a pair, special tokens included.

    `shape` is what its graph is built from, None for a model that ships its graph (.onnx). With `types` the graph is
    given which tokens are the text's; without, all look like the query's.
    """

    name: str
    weights: Path
    tokenizer: Path
    shape: Shape | None
    max_tokens: int
    types: bool
    activation: Activation


def read_pair_spec(model: ModelFolder) -> PairSpec:
    """Return the spec of the cross-encoder in a folder.

    Raises ModelDamaged naming the file that is missing or broken, ModelUnsupported for a model that
    only sentence-transformers can run.
    """
    folder = model.path
    check_one_score(folder)
    config = read_json(folder / "config.json")
    module = read_json(folder / "sentence_bert_config.json", optional=True)
    tokenizer = read_json(folder / "tokenizer_config.json", optional=True)
    _check_plain(folder, config, module, tokenizer)
    weights, shape = _weights(model, config)
    return PairSpec(
        name=model.name,
        weights=weights,
        tokenizer=existing_file(folder / "tokenizer.json"),
        shape=replace(shape, labels=1) if shape else None,
        max_tokens=token_limit(folder, config, module, shape),
        types=_reads_types(shape, tokenizer),
        activation=_activation(folder, config),
    )


def check_one_score(folder: Path) -> None:
    """Raise ModelUnsupported, saying what the model is, unless it gives one score for a pair of texts.

    A model that sentence-transformers saved as a CrossEncoder is taken for one without a look at its modules.
    """
    path = folder / "config.json"
    config = read_json(path)
    architecture = _architecture(config)
    is_saved_as_one = read_json(folder / SETTINGS, optional=True).get("model_type") == "CrossEncoder"
    if architecture.endswith(CLASSIFIER):
        labels = _labels(path, config)
        if labels != 1:
            raise ModelUnsupported(f"{path}: the model gives {labels} numbers for a pair, a reranker gives one score")
    elif not is_saved_as_one and not architecture.endswith("ForCausalLM"):
        raise ModelUnsupported(
            f"{path}: the architecture is {architecture}, not a cross-encoder: expected a class ending in {CLASSIFIER}"
        )


def named_activation(folder: Path, config: dict[str, Any]) -> tuple[Path, str] | None:
    """Return the file that names an activation for the scores, and its name; None where no file names one."""
    inside = config.get("sentence_transformers")
    candidates = (
        (folder / SETTINGS, read_json(folder / SETTINGS, optional=True).get("activation_fn")),
        (folder / "config.json", inside.get("activation_fn") if isinstance(inside, dict) else None),
        (folder / "config.json", config.get("sbert_ce_default_activation_function")),  # until version 4
    )
    return next(((path, str(named)) for path, named in candidates if named is not None), None)


def _weights(model: ModelFolder, config: dict[str, Any]) -> tuple[Path, Shape | None]:
    """The file of the weights, and the shape to build a graph from; None for a file that is a graph itself."""
    if model.graph:
        return model.graph, None
    if name := own_classifier(config):
        if (graph := find_graph(model.path)) is None:
            raise ModelUnsupported(
                f"{model.path / 'config.json'}: auto_map names {name}, which is code of the model's own"
            )
        return graph, None
    if (parts := model.path / f"{_WEIGHTS}.index.json").is_file() and not (model.path / _WEIGHTS).is_file():
        raise ModelUnsupported(f"{parts}: weights in several files are not supported")
    return find_weights(model.path, config)


def _labels(path: Path, config: dict[str, Any]) -> int:
    """How many numbers the head gives; transformers leaves two unwritten, its default."""
    if (names := config.get("id2label")) is None:
        return positive_int(path, config, "num_labels") if "num_labels" in config else 2
    if not isinstance(names, dict):
        raise ModelDamaged(f"{path}: id2label is not an object of names")
    return len(names)


def _architecture(config: dict[str, Any]) -> str:
    """The class of transformers that a model names."""
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else "not named"


def _check_plain(folder: Path, config: dict[str, Any], module: dict[str, Any], tokenizer: dict[str, Any]) -> None:
    """Raise ModelUnsupported for a model that does more than tokenize a pair and run one transformer."""
    if not (architecture := _architecture(config)).endswith(CLASSIFIER):
        raise ModelUnsupported(f"{folder / 'config.json'}: {architecture} is not a {CLASSIFIER}")
    if (listed := folder / "modules.json").is_file() and not _is_one_transformer(parse_json(listed)):
        raise ModelUnsupported(f"{listed} lists other modules than one Transformer")
    task = module.get("transformer_task", _CLASSIFYING)
    if (unusual := sorted(key for key in module if module[key] and key not in _PLAIN_SETTINGS)) or task != _CLASSIFYING:
        setting = unusual[0] if unusual else f"transformer_task {task!r}"
        raise ModelUnsupported(f"{folder / 'sentence_bert_config.json'}: {setting} is not supported")
    if read_json(folder / SETTINGS, optional=True).get("default_prompt_name") is not None:
        raise ModelUnsupported(f"{folder / SETTINGS}: a default prompt is not supported")
    if tokenizer.get("truncation_side", "right") != "right":
        raise ModelUnsupported(f"{folder / 'tokenizer_config.json'}: truncation_side is not 'right'")


def own_classifier(config: dict[str, Any]) -> str | None:
    """Return the class of the model's own code that its files name for classification; None where there is none."""
    named = config.get("auto_map")
    name = named.get(f"AutoModel{CLASSIFIER}") if isinstance(named, dict) else None
    return None if name is None else str(name)


def _is_one_transformer(modules: Any) -> bool:
    if not isinstance(modules, list) or len(modules) != 1 or not isinstance(modules[0], dict):
        return False
    return str(modules[0].get("type")).endswith(".Transformer") and modules[0].get("path") == ""


def _reads_types(shape: Shape | None, tokenizer: dict[str, Any]) -> bool:
    """Whether transformers gives the model its tokens' types, which only some classes of tokenizers do."""
    names, kind = tokenizer.get("model_input_names"), tokenizer.get("tokenizer_class")
    if isinstance(names, list):
        return _TYPES in names
    if kind is not None:
        return str(kind).startswith(_TYPING_TOKENIZERS)
    return shape is None or shape.family in (Family.BERT, Family.ELECTRA)


def _activation(folder: Path, config: dict[str, Any]) -> Activation:
    named = named_activation(folder, config)
    if named is None:
        return Activation.SIGMOID  # sentence-transformers' own choice for one label
    path, dotted = named
    name = dotted.rpartition(".")[2]
    if not dotted.startswith(TORCH_NAMES) or name not in [activation.value for activation in Activation]:
        raise ModelUnsupported(f"{path}: the activation {dotted} is not supported")
    return Activation(name)
