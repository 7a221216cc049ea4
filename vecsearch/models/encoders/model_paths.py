"""When a model's name is a path. A working folder may hold anything, so only what is written as a path is one.

A path begins with ./ or ../ or ~, is absolute, or has a separator. "owner/name" has one too, but is a name on the hub
wherever the owner is known for models, or the hub's cache has it. A bare name is never a path. Opens no file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from vecsearch.models.encoders.hub_cache import cached_snapshot
from vecsearch.models.encoders.model_table import KNOWN_MODELS

_HUB_FORM = re.compile(r"[\w-][\w.-]*/[\w.-]+(@[\w./-]+)?")
_ENDPOINT = "openai:"  # a name with an address
_OWNERS = {"cross-encoder", *(model.name.partition("/")[0] for model in KNOWN_MODELS if "/" in model.name)}


def path_named(name: str) -> Path | None:
    """Return the path that `name` is written as, whether or not it exists; None for a bare name or one on the hub.

    A name that has the form of one on the hub is a path when something has that path here.
    """
    if not is_path(name):
        return None
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # "~name" of an unknown user
        path = Path(name)
    return path if not _HUB_FORM.fullmatch(name) or path.exists() else None


def folder_named(name: str) -> Path | None:
    """Return the folder that `name` is the path of, absolute; None without one."""
    path = path_named(name)
    return path.absolute() if path and path.is_dir() else None


def is_path(name: str) -> bool:
    """Whether `name` is written as a path, and cannot be a known name on the hub."""
    if name.lower().startswith(_ENDPOINT):
        return False
    if name in (".", "..") or name.startswith("~") or "\\" in name or os.path.splitdrive(name)[0]:
        return True
    if not _HUB_FORM.fullmatch(name):
        return "/" in name
    repository, _, revision = name.partition("@")
    return not (name.partition("/")[0] in _OWNERS or cached_snapshot(repository, revision))


def absolute_name(name: str) -> str:
    """Return the name with which a model is found from every working folder: a path becomes absolute."""
    path = path_named(name)
    return str(path.absolute()) if path and path.exists() else name


def is_anywhere(name: str) -> bool:
    """Whether a name is that of no path of the working folder or of another machine."""
    path = path_named(name)
    return path is None or (path.is_absolute() and not name.startswith(("//", "\\\\")))
