"""Where the index is when its folder is not named: the nearest `.vecsearch` upwards, no further than a project goes.

The search ends at the root of a repository and at the home folder: an index above is of something else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NEARBY = ".vecsearch"  # the name of an index that is found from its own folder and all folders below


class Upwards(NamedTuple):
    """What a search upwards came to: the index `found`, or where it ended and why, and an index `above` that."""

    found: Path | None
    end: Path
    reason: str = ""
    above: Path | None = None

    @property
    def note(self) -> str:
        """Why no index was found, and how to use one further up; empty when the search ended nowhere in particular."""
        if self.found or not self.reason:
            return ""
        ended = f"the search upwards ended at {self.end}, {self.reason}"
        return f"{ended}; there is one above it: -i {self.above}" if self.above else ended


def find_upwards(here: Path) -> Upwards:
    """Look for an index in a folder and the folders above it, up to the root of a repository or the home folder."""
    folders = iter((here, *here.parents))
    end, reason = here, ""
    for folder in folders:
        if (folder / NEARBY).is_dir():
            return Upwards(folder / NEARBY, folder)
        end, reason = folder, _boundary(folder)
        if reason:
            break
    return Upwards(None, end, reason, next(_indexes(folders), None))


def find_inside(named: Path) -> Path | None:
    """Return the index in a folder that was named and is no index itself; None when it has none."""
    inside = named / NEARBY
    return inside if _is_index(inside) and not _is_index(named) else None


def _boundary(folder: Path) -> str:
    if os.path.lexists(folder / ".git"):
        return "the root of a repository"
    return "your home folder" if os.path.normcase(folder) in _homes() else ""


def _homes() -> set[str]:
    """The user's home folder, as it is written and without links; none where it is the root of the disk."""
    home = os.path.expanduser("~")
    return {os.path.normcase(path) for path in (home, os.path.realpath(home)) if path not in ("~", os.path.sep)}


def _indexes(folders: Iterator[Path]) -> Iterator[Path]:
    return (folder / NEARBY for folder in folders if _is_index(folder / NEARBY))


def _is_index(folder: Path) -> bool:
    return os.path.isdir(folder / "manifests")
