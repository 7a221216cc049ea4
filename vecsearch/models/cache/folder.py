"""The user's cache folder, and the size of its files. Knows nothing of their content."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

DERIVED = "models"  # below the cache folder: files derived from models


def cache_folder() -> Path:
    """Return the folder of derived files: `$VECSEARCH_CACHE`, else the operating system's cache folder of the user."""
    folder = os.environ.get("VECSEARCH_CACHE")
    if folder:
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("vecsearch", appauthor=False)


def bytes_of(paths: Iterable[Path]) -> int:
    """Return the sum of the files' sizes; folders, links and files that vanish meanwhile count 0."""
    return sum(map(_size, paths))


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
