"""A library that is not installed, as far as a test can tell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

import pytest


class _Nowhere(MetaPathFinder):
    """Finds nothing where the library would be."""

    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        if name == self._library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def uninstall(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test an import of the library fails as if it had never been installed."""
    forget(library, monkeypatch)
    monkeypatch.setattr(sys, "meta_path", [_Nowhere(library), *sys.meta_path])


def forget(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test the library is as if it had not been imported yet."""
    for name in [name for name in sys.modules if name == library or name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
