"""Whether the roots of an index that was found are followed: a stranger's may name any folder of the user's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .common import index_was_named

if TYPE_CHECKING:
    from vecsearch import Index


def check_roots(index: Index) -> None:
    """Raise ConsentMissing when an index that was found would read what lies outside of the folder that it is in.

    Not for what the user has named before. An index in a repository from the network must not collect private files.
    """
    if index_was_named() or os.environ.get("VECSEARCH_INDEX"):
        return
    from vecsearch import ConsentMissing
    from vecsearch.trust import knows_root

    for root in index.roots():
        path = Path(root.path)
        if root.exists and _is_outside(index, path) and not knows_root(index.path, path):
            raise ConsentMissing(
                f"{index.path} was found here and follows {path}, which is outside of {index.path.parent} and was not "
                f"indexed by you on this machine: if you want that, run vecsearch index {path} once; if not, vecsearch "
                f"prune {path}"
            )


def remember_roots(index: Index, paths: Sequence[Path]) -> None:
    """Note which paths outside of the folder of the index the user has named."""
    from vecsearch.trust import remember_root

    for path in paths:
        if _is_outside(index, path):
            remember_root(index.path, path)


def _is_outside(index: Index, path: Path) -> bool:
    return not path.resolve().is_relative_to(index.path.resolve().parent)
