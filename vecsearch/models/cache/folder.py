"""The user's cache folder, and what its files take on disk. Knows nothing of what is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

DERIVED = "models"  # below the cache folder: files derived from models


def cache_folder() -> Path:
    """Where derived files are kept: `$VECSEARCH_CACHE`, else the user's cache folder of the operating system."""
    named = os.environ.get("VECSEARCH_CACHE")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("vecsearch", appauthor=False)


def bytes_of(paths: Iterable[Path]) -> int:
    """The sum of the files' sizes; folders, links, and what vanishes meanwhile, count nothing."""
    return sum(map(_size, paths))


def _size(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
