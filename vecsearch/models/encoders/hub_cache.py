"""The Hugging Face hub's cache on this machine: which models it holds, and in which folders. Uses no network.

It is read as it lies on disk (models--owner--name/snapshots/<commit>/, huggingface.co/docs/huggingface_hub,
"Understand caching"), so that listing models does not need the hub's library.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_REPOSITORY = "models--"  # prefix of a model's folder
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_WEIGHTS = ("*.safetensors", "*/*.safetensors", "onnx/model.onnx")  # what can be opened without unpickling


def hub_cache_folder() -> Path:
    """Return the folder of the hub's cache, from the variables that the hub's library reads."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if folder := os.environ.get(variable):
            return Path(folder).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def cached_models() -> list[str]:
    """Return the embedding models in the cache, as "owner/name": those with a list of modules and weights."""
    repositories = (_repository(folder) for folder in _subfolders(hub_cache_folder()))
    snapshots = ((name, cached_snapshot(name)) for name in repositories if name)
    return sorted(name for name, snapshot in snapshots if snapshot and (snapshot / "modules.json").is_file())


def cached_snapshot(repository: str, revision: str = "") -> Path | None:
    """Return the folder of a snapshot of "owner/name" with weights: of `revision`, else of branch main, else any."""
    if not _HUB_NAME.fullmatch(repository):
        return None
    folder = hub_cache_folder() / f"{_REPOSITORY}{repository.replace('/', '--')}"
    commit = _commit(folder, revision or "main")
    snapshots = sorted(_subfolders(folder / "snapshots"), key=lambda snapshot: (snapshot.name != commit, snapshot.name))
    fitting = (snapshot for snapshot in snapshots if not revision or snapshot.name == commit)
    return next((snapshot for snapshot in fitting if _has_weights(snapshot)), None)


def commit_of(repository: str) -> str | None:
    """Return the commit of "owner/name" that the cache has as its branch main; None without one."""
    if not _HUB_NAME.fullmatch(repository):
        return None
    commit = _commit(hub_cache_folder() / f"{_REPOSITORY}{repository.replace('/', '--')}", "main")
    return None if commit == "main" else commit


def repository_of(snapshot: Path) -> str | None:
    """Return the "owner/name" whose snapshot in the cache a folder is; None for a folder elsewhere."""
    return _repository(snapshot.parent.parent) if snapshot.parent.name == "snapshots" else None


def _repository(folder: Path) -> str | None:
    return folder.name[len(_REPOSITORY) :].replace("--", "/") if folder.name.startswith(_REPOSITORY) else None


def _commit(folder: Path, revision: str) -> str:
    """The commit that a branch, a tag or a commit means."""
    ref = folder / "refs" / revision
    try:
        return ref.read_text(encoding="ascii").strip() if ".." not in ref.parts else revision
    except (OSError, ValueError):
        return revision


def _subfolders(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if path.is_dir())
    except OSError:  # missing, or not ours to read
        return


def _has_weights(snapshot: Path) -> bool:
    """Whether a file of weights exists; a link to a file that was never fetched does not count."""
    return any(path.is_file() for pattern in _WEIGHTS for path in snapshot.glob(pattern))
