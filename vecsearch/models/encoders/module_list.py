"""The modules of a sentence-transformers folder, and what their small files say. Opens no weights, imports nothing.

Files and keys are those that sentence-transformers 3 to 6 write: modules.json, Pooling's and Dense's config.json,
sentence_bert_config.json, config_sentence_transformers.json beside transformers' config.json. What the files leave
open is None here; an opened model knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import parse_json, positive_int, read_json

SETTINGS = "config_sentence_transformers.json"

_OLD_WIDTH = "word_embedding_dimension"  # Pooling's, until sentence-transformers 5.2
_WIDTH_KEPT = {"Normalize", "Dropout", "LayerNorm"}
_LIMITS = tuple(  # files with a Transformer module's max_seq_length, by the model's age
    f"sentence_{kind}_config.json" for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta")
)


@dataclass(frozen=True, slots=True)
class Module:
    """One step of a model: `type` is the class that runs it, `folder` holds its files, `listed` is the file
    that names it."""

    type: str
    folder: Path
    listed: Path

    @property
    def kind(self) -> str:
        """The class without its package, as in "Pooling"."""
        return self.type.rpartition(".")[2]


def read_modules(folder: Path) -> list[Module]:
    """Return the steps of the model in a folder, in order; a folder of transformers alone is one Transformer.

    Raises ModelDamaged when the folder holds no model or a module lies outside it, ModelUnsupported when the model does
    not give a single vector for a text.
    """
    listed = folder / "modules.json"
    if not listed.is_file():
        read_json(folder / "config.json")  # every model's folder has one
        return [Module("sentence_transformers.models.Transformer", folder, folder / "config.json")]
    entries = parse_json(listed)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    model_type = read_json(folder / SETTINGS, optional=True).get("model_type", "SentenceTransformer")
    if model_type != "SentenceTransformer":
        raise ModelUnsupported(f"{folder / SETTINGS}: model_type is {model_type!r}, expected 'SentenceTransformer'")
    return [module_at(folder, listed, entry.get("type"), entry.get("path")) for entry in entries]


def with_routes(modules: Sequence[Module]) -> Iterator[Module]:
    """Yield the modules and those inside them: a Router (once called Asym) has others for queries than documents."""
    for module in modules:
        yield module
        if module.kind in ("Router", "Asym"):
            yield from with_routes(_routes(module.folder))


def _routes(folder: Path) -> list[Module]:
    listed = next((path for path in (folder / "router_config.json", folder / "config.json") if path.is_file()), None)
    types = read_json(listed).get("types") if listed else None
    if not listed or not isinstance(types, dict) or not all(Path(path).parts for path in types):  # "": itself
        raise ModelDamaged(f"{folder} names no modules to choose from: expected types in router_config.json")
    return [module_at(folder, listed, kind, path) for path, kind in types.items()]


def module_at(folder: Path, listed: Path, kind: Any, path: Any) -> Module:
    """Return a module that the file `listed` names; raises ModelDamaged for an invalid entry."""
    if not isinstance(kind, str) or not isinstance(path, str):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ModelDamaged(f"{listed}: the module folder {path!r} lies outside of the model's")
    return Module(kind, folder / path, listed)


def stated_dim(modules: Sequence[Module]) -> int | None:
    """Return the length of a vector according to the modules' files, before it is truncated."""
    dim: int | None = None
    for module in modules:
        path = module.folder / "config.json"
        config = read_json(path, optional=True)
        match module.kind:
            case "Transformer":
                dim = positive_int(path, config, "hidden_size") if "hidden_size" in config else None
            case "Pooling":
                dim = _pooled(path, config)
            case "Dense":
                dim = positive_int(path, config, "out_features")
            case kind if kind not in _WIDTH_KEPT:
                return None
    return dim


def _pooled(path: Path, config: dict[str, Any]) -> int:
    """The width after a Pooling: several modes are concatenated."""
    width = positive_int(path, config, "embedding_dimension" if "embedding_dimension" in config else _OLD_WIDTH)
    if "pooling_mode" in config:  # sentence-transformers 5.2 and later write the modes' names
        modes = config["pooling_mode"]
        return width * (len(modes) if isinstance(modes, list) else 1)
    return width * (sum(bool(value) for key, value in config.items() if key.startswith("pooling_mode_")) or 1)


def stated_limit(modules: Sequence[Module]) -> int | None:
    """Return the tokens of a text that are read, special ones counted, as sentence-transformers reads the files."""
    first = modules[0]
    for path in (first.folder / name for name in _LIMITS):
        own = read_json(path, optional=True)
        if own.get("max_seq_length") is not None:
            return positive_int(path, own, "max_seq_length")
    positions = read_json(first.folder / "config.json", optional=True).get("max_position_embeddings")
    limit = read_json(first.folder / "tokenizer_config.json", optional=True).get("model_max_length")
    if isinstance(positions, int) and positions > 0 and isinstance(limit, int | float) and limit >= 1:
        return int(min(positions, limit))  # no limit is written as 1e30
    return None


def truncated_dim(folder: Path) -> int | None:
    """Return the number of dimensions to which the model cuts its vectors itself; None when it keeps them all."""
    settings = read_json(folder / SETTINGS, optional=True)
    return None if settings.get("truncate_dim") is None else positive_int(folder / SETTINGS, settings, "truncate_dim")
