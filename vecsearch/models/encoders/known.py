"""A model's name to what is known of it, and whether it is on this machine. Asks no hub, opens no model.

The hub's cache is read as it lies on disk (models--owner--name/snapshots/<commit>/, huggingface.co/docs/huggingface_hub
"Understand caching"), so that the answer does not need the hub's library.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vecsearch.choices import Choice
from vecsearch.models.encoders.folder import DEFAULT_OWNER, carried_model
from vecsearch.models.encoders.known_models import KNOWN_MODELS, KnownModel, ModelKind

_REPOSITORY = "models--"  # how a model's folder in the hub's cache begins
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_WEIGHTS = ("*.safetensors", "*/*.safetensors", "onnx/model.onnx")  # what can be opened without unpickling


class Place(Choice):
    """Where a model is, that no network is needed to have it."""

    FOLDER = "folder"
    PACKAGE = "package"
    HUB_CACHE = "hub cache"
    KEY = "key set"  # to ask an endpoint with; the network is needed then


def known(name: str) -> KnownModel | None:
    """The model that `name` means: its full or short name, with a revision or without, or the folder it is in.

    A folder's name says which model it holds, in the hub's cache that of the repository. Another owner's model of the
    same short name is another model.
    """
    folder = folder_named(name)
    wanted = (repository_of(folder) or folder.name) if folder else name.partition("@")[0]
    found = next((model for model in KNOWN_MODELS if wanted in (model.name, model.short_name)), None)
    if found is not None and found.kind is ModelKind.ENDPOINT and wanted != name:
        return None  # openai:MODEL@URL is what that server calls so
    return found


def prompts_for(name: str) -> tuple[str, str]:
    """What the model's card puts before a query and before a document; empty where it puts nothing or is not known.

    For models whose own files say nothing of prompts; where they do, they are right.
    """
    model = known(name)
    return (model.query, model.document) if model else ("", "")


def full_name(name: str) -> str:
    """The name to look for on the hub: of a known model of another owner than the default one with its owner's name."""
    model = known(name)
    if model is None or "/" in name or model.kind is ModelKind.ENDPOINT or model.name.startswith(f"{DEFAULT_OWNER}/"):
        return name
    _, at, revision = name.partition("@")
    return f"{model.name}{at}{revision}"


def is_here(model: KnownModel) -> Place | None:
    """Where the model is on this machine; None for one that would have to be fetched."""
    if model.kind is ModelKind.ENDPOINT:
        return Place.KEY if os.environ.get("OPENAI_API_KEY") else None
    if carried_model(model.name):
        return Place.PACKAGE
    return Place.HUB_CACHE if cached_snapshot(model.name) else None


def hub_cache() -> Path:
    """The folder of the hub's cache, from the variables that the hub's library reads."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if named := os.environ.get(variable):
            return Path(named).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def cached_snapshot(repository: str, revision: str = "") -> Path | None:
    """The folder of a snapshot of "owner/name" that has weights: that of `revision`, else of branch main, else any."""
    if not _HUB_NAME.fullmatch(repository):
        return None
    folder = hub_cache() / f"{_REPOSITORY}{repository.replace('/', '--')}"
    commit = _commit(folder, revision or "main")
    snapshots = sorted(_subfolders(folder / "snapshots"), key=lambda snapshot: (snapshot.name != commit, snapshot.name))
    fitting = (snapshot for snapshot in snapshots if not revision or snapshot.name == commit)
    return next((snapshot for snapshot in fitting if _has_weights(snapshot)), None)


def _commit(folder: Path, revision: str) -> str:
    """The commit that a branch, a tag or a commit means."""
    named = folder / "refs" / revision
    try:
        return named.read_text(encoding="ascii").strip() if ".." not in named.parts else revision
    except (OSError, ValueError):
        return revision


def cached_models() -> list[str]:
    """The models for embeddings in the hub's cache, as "owner/name": those that list modules, with weights."""
    found = (_repository(folder) for folder in _subfolders(hub_cache()))
    snapshots = ((name, cached_snapshot(name)) for name in found if name)
    return sorted(name for name, snapshot in snapshots if snapshot and (snapshot / "modules.json").is_file())


def repository_of(snapshot: Path) -> str | None:
    """The "owner/name" whose snapshot in the hub's cache a folder is; None for a folder elsewhere."""
    return _repository(snapshot.parent.parent) if snapshot.parent.name == "snapshots" else None


def _repository(folder: Path) -> str | None:
    return folder.name[len(_REPOSITORY) :].replace("--", "/") if folder.name.startswith(_REPOSITORY) else None


def folder_named(name: str) -> Path | None:
    """The folder that `name` is the path of; None when there is none."""
    try:
        path = Path(name).expanduser().absolute()
    except RuntimeError:  # "~name" of nobody
        return None
    return path if name and path.is_dir() else None


def _subfolders(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if path.is_dir())
    except OSError:  # not there, or not ours to read
        return


def _has_weights(snapshot: Path) -> bool:
    """Whether a file of weights is there; a link whose file was never fetched is none."""
    return any(path.is_file() for pattern in _WEIGHTS for path in snapshot.glob(pattern))
