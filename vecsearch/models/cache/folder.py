"""The user's cache folder, whose it is, and the size of its files. Knows nothing of their content.

Vectors tell much about the texts they were made from, and a cache that another user can write answers with vectors of
theirs. So what is created here is the user's alone, and what is another user's is not used unless the user trusts that
folder (`vecsearch trust`). A folder that others may write because its owner has made it so is left as it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vecsearch.errors import VecsearchError
from vecsearch.owners import other_owner, user_name
from vecsearch.trust import trusts_folder

DERIVED = "models"  # below the cache folder: files derived from models


def cache_folder() -> Path:
    """Return the folder of derived files: `$VECSEARCH_CACHE`, else the operating system's cache folder of the user."""
    folder = os.environ.get("VECSEARCH_CACHE")
    return Path(folder) if folder else _own_folder()


def _own_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("vecsearch", appauthor=False)


def make_folder(folder: Path) -> None:
    """Create a folder that only the user may look into, and those above it; one that exists stays as it is.

    The operating system's cache folder for this program, if an earlier release made it, becomes the user's alone.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    elif os.name != "nt" and folder == _own_folder() and folder.stat().st_mode & 0o077:
        with suppress(OSError):
            folder.chmod(0o700)


def check_own(path: Path) -> None:
    """Raise PermissionError for a file, or a folder around it, that belongs to another user whom this one may not know.

    A link is its owner's, wherever it leads; root's files are no stranger's.
    """
    for place in (path.parent, path):
        owner = other_owner(place, root=True)
        if owner is not None and not _trusted(path.parent):
            raise PermissionError(
                f"{place} belongs to {user_name(owner)}, not to you; to use it: vecsearch trust {path.parent}"
            )


def _trusted(folder: Path) -> bool:
    try:
        return trusts_folder(folder)
    except VecsearchError:  # a broken list, which is reported where it is read for its own sake
        return False


def open_private(path: Path) -> None:
    """Create a database's folder and file, readable by the user alone where the folder is not shared; check the owner.

    What SQLite writes beside the file gets the same mode. Raises OSError.
    """
    make_folder(path.parent)
    for place in (path, *(Path(f"{path}{suffix}") for suffix in ("-wal", "-shm"))):
        check_own(place)
    if path.exists() or os.name == "nt":
        return
    shared = path.parent.stat().st_mode & stat.S_IWGRP
    with suppress(OSError):  # a folder that cannot be written: SQLite says so
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o666 if shared else 0o600))


def bytes_of(paths: Iterable[Path]) -> int:
    """Return the sum of the files' sizes; folders, links and files that vanish meanwhile count 0."""
    return sum(map(_size, paths))


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
