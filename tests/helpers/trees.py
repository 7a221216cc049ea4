"""Short ways to make a tree of files and to say what a scan finds in it."""

from __future__ import annotations

import os
from pathlib import Path

from vecsearch.documents import Selection, SourceFile, scan


def make(root: Path, *files: str) -> None:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def found(*roots: Path, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    """The files of a scan, relative to the first root; nothing else may come."""
    results = list(scan(roots, Selection(include=include, exclude=exclude)))
    assert all(isinstance(result, SourceFile) for result in results), results
    return [os.path.relpath(result.path, roots[0]).replace(os.sep, "/") for result in results]  # type: ignore[union-attr]


def denied(*_: object, **__: object) -> bytes:
    """Stands in for a call of the system that is refused."""
    raise PermissionError(13, "Permission denied")
