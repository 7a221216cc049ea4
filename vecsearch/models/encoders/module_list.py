"""The modules of a sentence-transformers folder, and what their small files say. Opens no weights, imports nothing.

Files and keys are those that sentence-transformers 3 to 6 write: modules.json, Pooling's and Dense's config.json,
sentence_bert_config.json, config_sentence_transformers.json beside transformers' config.json. What they do not say
is None here; an opened model knows it.
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
_LIMITS = tuple(  # where a Transformer module says max_seq_length, by the age of the model
    f"sentence_{kind}_config.json" for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta")
)


@dataclass(frozen=True, slots=True)
class Module:
    """One step of a model: `type` is the class that runs it, `folder` holds its files, `listed` is what names it."""

    type: str
    folder: Path
    listed: Path

    @property
    def kind(self) -> str:
        """The class without where it is from, as in "Pooling"."""
        return self.type.rpartition(".")[2]


def read_modules(folder: Path) -> list[Module]:
    """The steps of the model in a folder, in their order; a folder of transformers alone is one Transformer.

    Raises ModelDamaged when it is no model's folder or a module lies outside of it, ModelUnsupported when the model
    gives no single vector for a text.
    """
    listed = folder / "modules.json"
    if not listed.is_file():
        read_json(folder / "config.json")  # what makes a folder a model's
        return [Module("sentence_transformers.models.Transformer", folder, folder / "config.json")]
    entries = parse_json(listed)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    made = read_json(folder / SETTINGS, optional=True).get("model_type", "SentenceTransformer")
    if made != "SentenceTransformer":
        raise ModelUnsupported(f"{folder / SETTINGS}: model_type is {made!r}, expected 'SentenceTransformer'")
    return [module_at(folder, listed, entry.get("type"), entry.get("path")) for entry in entries]


def with_routes(modules: Sequence[Module]) -> Iterator[Module]:
    """The modules and those inside of them: a Router (once called Asym) has others for queries than for documents."""
    for module in modules:
        yield module
        if module.kind in ("Router", "Asym"):
            yield from with_routes(_routes(module.folder))


def _routes(folder: Path) -> list[Module]:
    listed = next((path for path in (folder / "router_config.json", folder / "config.json") if path.is_file()), None)
    types = read_json(listed).get("types") if listed else None
    if not listed or not isinstance(types, dict) or not all(Path(place).parts for place in types):  # "" is itself
        raise ModelDamaged(f"{folder} names no modules to choose from: expected types in router_config.json")
    return [module_at(folder, listed, kind, place) for place, kind in types.items()]


def module_at(folder: Path, listed: Path, kind: Any, place: Any) -> Module:
    """One module of those that the file `listed` names; raises ModelDamaged for what is none."""
    if not isinstance(kind, str) or not isinstance(place, str):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    if Path(place).is_absolute() or ".." in Path(place).parts:
        raise ModelDamaged(f"{listed}: the module folder {place!r} lies outside of the model's")
    return Module(kind, folder / place, listed)


def stated_dim(modules: Sequence[Module]) -> int | None:
    """The length of a vector as the modules' files say it, before it is shortened."""
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
    """The width behind a Pooling: several modes are laid side by side."""
    width = positive_int(path, config, "embedding_dimension" if "embedding_dimension" in config else _OLD_WIDTH)
    if "pooling_mode" in config:  # sentence-transformers 5.2 and later write the modes' names
        named = config["pooling_mode"]
        return width * (len(named) if isinstance(named, list) else 1)
    return width * (sum(bool(value) for key, value in config.items() if key.startswith("pooling_mode_")) or 1)


def stated_limit(modules: Sequence[Module]) -> int | None:
    """The tokens of a text that are read, special ones counted, as sentence-transformers takes it from the files."""
    first = modules[0]
    for path in (first.folder / name for name in _LIMITS):
        own = read_json(path, optional=True)
        if own.get("max_seq_length") is not None:
            return positive_int(path, own, "max_seq_length")
    positions = read_json(first.folder / "config.json", optional=True).get("max_position_embeddings")
    said = read_json(first.folder / "tokenizer_config.json", optional=True).get("model_max_length")
    if isinstance(positions, int) and positions > 0 and isinstance(said, int | float) and said >= 1:
        return int(min(positions, said))  # no limit is written as 1e30
    return None


def truncated_dim(folder: Path) -> int | None:
    """To how many numbers the model cuts its vectors by itself (truncate_dim); None when it keeps them all."""
    settings = read_json(folder / SETTINGS, optional=True)
    return None if settings.get("truncate_dim") is None else positive_int(folder / SETTINGS, settings, "truncate_dim")
