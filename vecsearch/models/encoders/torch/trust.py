"""What in a model's folder would run as code when it is opened, and whether the user trusts it: nothing is imported.

Code of a model on the hub is trusted by its name and commit, so that what was looked at is what runs; a folder's only
by whoever opens that folder. A path is never taken for a name.

Versions of sentence-transformers before 6 import what a local folder names without asking, so it is checked here,
before they see it. Pickled weights are code too: unpickling runs what the file says.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import parse_json, read_json
from vecsearch.models.encoders.hub_cache import commit_of
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import Module, with_routes

_OURS = "sentence_transformers."
_ACTIVATIONS = "torch.nn."  # the only place a Dense's activation_function comes from
_AUTO_MAPS = (  # files in which transformers looks for classes of the model's own
    "config.json",
    "tokenizer_config.json",
    "processor_config.json",
    "preprocessor_config.json",
)
_INDEX = "model.safetensors.index.json"
_VARIABLE = "VECSEARCH_TRUST_REMOTE_CODE"  # "owner/name@commit", separated by commas
_COMMIT = re.compile(r"[0-9a-f]{40}")


def trusted_code(repository: str) -> list[str]:
    """Return the commits at which the user trusts the code of "owner/name", by the environment."""
    listed = (entry.strip().rpartition("@") for entry in os.environ.get(_VARIABLE, "").split(","))
    return [commit for name, _, commit in listed if name == repository and _COMMIT.fullmatch(commit)]


def runs_code(model: ModelFolder, modules: Sequence[Module], *, asked: bool, named: str | None = None) -> bool:
    """Whether opening the model runs code of its own, which the user trusts; `asked` is trust_remote_code.

    `named` is a clause on code that the modules do not show. Raises ModelUnsupported for code that is not trusted: by a
    name without a commit only what has no code is.
    """
    clause = needed_code(modules) or named
    if clause is None:
        return False
    if model.repository is None:
        if not asked:
            raise ModelUnsupported(
                f"{clause}, which is code of the model's own; if you trust this folder, allow it with trust_remote_code"
            )
    elif not _is_trusted(model, asked=asked):
        pinned = f"{model.repository}@{model.revision}"
        raise ModelUnsupported(
            f"{clause}, which is code of the model's own; if you have read it and trust it, name the commit: "
            f"load {pinned} with trust_remote_code, or add {pinned} to ${_VARIABLE}"
        )
    _check_foreign(modules)
    return True


def _is_trusted(model: ModelFolder, *, asked: bool) -> bool:
    """Whether a hub's model was named with its commit, by who opens it or in the environment."""
    if model.repository is None or model.revision is None or not _COMMIT.fullmatch(model.revision):
        return False
    return (asked and model.name.endswith(f"@{model.revision}")) or model.revision in trusted_code(model.repository)


def _check_foreign(modules: Sequence[Module]) -> None:
    """Raise ModelUnsupported for code of other models, in the commit that would run, unless each is trusted itself."""
    for module in with_routes(modules):
        for path in (module.folder / name for name in _AUTO_MAPS):
            for repository in _foreign(read_json(path, optional=True).get("auto_map")):
                commit = commit_of(repository)
                if commit not in trusted_code(repository):
                    raise ModelUnsupported(
                        f"{path} names code of {repository}; if you have read it and trust it, add "
                        f"{repository}@{commit or 'COMMIT'} to ${_VARIABLE}"
                    )


def _foreign(classes: Any) -> Iterator[str]:
    """The other models whose code an auto_map names, as in "owner/name--module.Class"."""
    if isinstance(classes, dict | list):
        for entry in classes.values() if isinstance(classes, dict) else classes:
            yield from _foreign(entry)
    elif isinstance(classes, str) and "--" in classes:
        yield classes.partition("--")[0]


def needed_code(modules: Sequence[Module]) -> str | None:
    """Return which file names code outside sentence-transformers and transformers, and what it names, as a clause.

    None when the model's files are data only.
    """
    return next((clause for module in with_routes(modules) for clause in _named_code(module)), None)


def _named_code(module: Module) -> Iterator[str]:
    if not module.type.startswith(_OURS):
        yield f"{module.listed} names {module.type}"
    config = read_json(module.folder / "config.json", optional=True)
    activation = config.get("activation_function")  # transformers' own are called without a dot, as in "gelu_new"
    if isinstance(activation, str) and "." in activation and not activation.startswith(_ACTIVATIONS):
        yield f"{module.folder / 'config.json'} names {activation}"
    words = read_json(module.folder / "wordembedding_config.json", optional=True).get("tokenizer_class")
    if words is not None and not str(words).startswith(_OURS):
        yield f"{module.folder / 'wordembedding_config.json'} names {words}"
    if not _comes_with_transformers(config.get("model_type")):
        for name in _AUTO_MAPS:
            if (classes := read_json(module.folder / name, optional=True).get("auto_map")) is not None:
                yield f"{module.folder / name} names {_first_class(classes)}"


def _first_class(classes: Any) -> str:
    """One of the classes of an auto_map; a tokenizer has two in a list, of which one may be null."""
    while isinstance(classes, dict | list):
        values = classes.values() if isinstance(classes, dict) else classes
        classes = next((entry for entry in values if entry), None)
    return str(classes)


def _comes_with_transformers(model_type: Any) -> bool:
    """Whether transformers has an architecture with that name, which it prefers to the model's own code."""
    spec = importlib.util.find_spec("transformers")  # looks the package up, does not import it
    if spec is None:
        return True  # nothing can run, and opening the model reports what is missing
    if not isinstance(model_type, str) or not model_type.replace("-", "_").isidentifier():
        return False
    folders = spec.submodule_search_locations or ()
    return any(Path(folder, "models", model_type.replace("-", "_")).is_dir() for folder in folders)


def check_weights(modules: Sequence[Module]) -> None:
    """Check that the model's weights are safetensors files and complete.

    Raises ModelUnsupported for pickled weights and for an adapter without its base model, ModelDamaged when a file of
    weights is missing.
    """
    folders = list(dict.fromkeys(module.folder for module in with_routes(modules)))
    for folder in folders:
        pickled = sorted(folder.glob("pytorch_model*.bin"))
        if pickled and not any(folder.glob("*.safetensors")):
            raise ModelUnsupported(
                f"{pickled[0]} is a pickle, which can run any code when it is read, without a safetensors file beside "
                "it; save the model again with safe_serialization=True, or take a revision that has model.safetensors"
            )
        if (adapter := folder / "adapter_config.json").is_file():
            raise ModelUnsupported(f"{adapter}: an adapter is not a whole model; merge it into its base model first")
        for shard in _shards(folder / _INDEX):
            if not (folder / shard).is_file():
                raise ModelDamaged(f"{folder / shard} is missing, which {_INDEX} names: download the model again")
    if not any(path for folder in folders for path in folder.glob("*.safetensors")):
        raise ModelDamaged(f"{modules[0].folder} holds no weights: expected model.safetensors")


def _shards(index: Path) -> list[str]:
    """The files that an index of weights names."""
    if not index.is_file():
        return []
    content = parse_json(index)
    files = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(files, dict) or not all(_is_file_name(name) for name in files.values()):
        raise ModelDamaged(f"{index} has no weight_map from names to files of its folder")
    return sorted(set(files.values()))


def _is_file_name(name: Any) -> bool:
    return isinstance(name, str) and name not in ("", "..") and "/" not in name and "\\" not in name
