"""StaticSpec: what a static model's small files say about it, read and checked. Of weights it opens only the header.

Three kinds of folder: model2vec's, sentence-transformers' StaticEmbedding (model2vec writes a modules.json as one), and
that of the package wordllama. All have a matrix with a row for each token and a tokenizer; they differ in names, in
which tokens count, and in what is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import Prompts, read_json, read_prompts
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import Module, read_modules
from vecsearch.models.encoders.weights import read_shapes

WORDLLAMA_WEIGHTS = "weights/l2_supercat_256.safetensors"
WORDLLAMA_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"

_MODEL2VEC_LIMIT = 512  # tokens, where config.json names no limit: DEFAULT_MAX_LENGTH in model2vec 0.10


class StaticKind(str, Enum):
    """Whose rules turn tokens into a vector."""

    MODEL2VEC = "model2vec"  # unknown tokens do not count, max_length is in config.json
    MODULE = "StaticEmbedding"  # all tokens count, tokenizer.json says where a text is truncated
    WORDLLAMA = "wordllama"  # all tokens count, nothing is cut


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticSpec:
    """Everything about a static model except its matrix and tokenizer.

    `matrix` is the name of the matrix's tensor, `limit` the number of tokens of a text that are read, None for no
    limit; the tokenizer of a StaticEmbedding has its own.
    """

    kind: StaticKind
    weights: Path
    tokenizer: Path
    matrix: str
    dim: int
    limit: int | None
    normalize: bool
    prompts: Prompts


def is_static(model: ModelFolder) -> bool:
    """Whether a folder holds a static model, by its small files only; a broken folder may read as not static."""
    folder = model.path
    if _is_wordllama(folder):
        return True
    try:
        kinds = [module.kind for module in _modules(folder)]
        model_type = read_json(folder / "config.json", optional=True).get("model_type")
    except (ModelDamaged, ModelUnsupported):
        return False
    if kinds:
        return kinds[0] == "StaticEmbedding" and set(kinds[1:]) <= {"Normalize"}
    return model_type == StaticKind.MODEL2VEC.value


def read_static_spec(model: ModelFolder) -> StaticSpec:
    """Return the spec of the static model in a folder; raises ModelDamaged naming a missing or broken file."""
    folder = model.path
    if _is_wordllama(folder):
        return _wordllama(folder)
    modules = _modules(folder)
    first = modules[0].folder if modules else folder
    weights = _existing(first / "model.safetensors")
    shapes = read_shapes(weights)
    if "embedding.weight" in shapes:
        kind, matrix = StaticKind.MODULE, "embedding.weight"
        limit, normalize = None, "Normalize" in [module.kind for module in modules]
    else:
        kind, matrix = StaticKind.MODEL2VEC, "embeddings"
        limit, normalize = _model2vec_options(folder / "config.json")
    return StaticSpec(
        kind=kind,
        weights=weights,
        tokenizer=_existing(first / "tokenizer.json"),
        matrix=matrix,
        dim=_dim(weights, matrix, shapes.get(matrix)),
        limit=limit,
        normalize=normalize,
        prompts=read_prompts(folder, model.name),
    )


def _is_wordllama(folder: Path) -> bool:
    return (folder / WORDLLAMA_WEIGHTS).is_file() and (folder / WORDLLAMA_TOKENIZER).is_file()


def _wordllama(folder: Path) -> StaticSpec:
    weights, matrix = folder / WORDLLAMA_WEIGHTS, "embedding.weight"
    return StaticSpec(
        kind=StaticKind.WORDLLAMA,
        weights=weights,
        tokenizer=folder / WORDLLAMA_TOKENIZER,
        matrix=matrix,
        dim=_dim(weights, matrix, read_shapes(weights).get(matrix)),
        limit=None,
        normalize=False,  # nor does WordLlamaInference.embed by default
        prompts=Prompts(),
    )


def _model2vec_options(path: Path) -> tuple[int | None, bool]:
    """The number of tokens that are read, and whether vectors are scaled to length 1: defaults are model2vec's."""
    config = read_json(path, optional=True)
    limit, normalize = config.get("max_length", _MODEL2VEC_LIMIT), config.get("normalize", False)
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ModelDamaged(f"{path}: max_length is {limit!r}, expected a positive whole number or null")
    if not isinstance(normalize, bool):
        raise ModelDamaged(f"{path}: normalize is {normalize!r}, expected true or false")
    return limit, normalize


def _modules(folder: Path) -> list[Module]:
    """The modules that the folder lists; empty for a folder that model2vec wrote before it listed any."""
    return read_modules(folder) if (folder / "modules.json").is_file() else []


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelDamaged(f"{path} is missing: not the folder of a static model")
    return path


def _dim(path: Path, matrix: str, shape: tuple[int, ...] | None) -> int:
    if shape is None:
        raise ModelDamaged(
            f"{path} has no tensor 'embeddings' (model2vec) or 'embedding.weight' (sentence-transformers)"
        )
    if len(shape) != 2 or 0 in shape:
        raise ModelDamaged(f"{path}: {matrix} has shape {shape}, expected (tokens, dimensions)")
    return shape[1]
