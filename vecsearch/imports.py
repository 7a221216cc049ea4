"""Imports that happen late: public names of a package on first use, and optional packages where they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from vecsearch.errors import ExtraMissing


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package (PEP 562) whose public names are defined in other modules.

    `homes` maps each name to its module.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    def names() -> list[str]:
        return sorted(homes)

    return get, names


def require(module: str, extra: str, purpose: str, package: str | None = None, parts: Iterable[str] = ()) -> ModuleType:
    """Import a module of an optional package.

    `package` is its name on PyPI, by default that of the module; `parts` are other modules that the same extra brings.
    Raises ExtraMissing when one of them is not installed; any other import that fails inside them raises its own error.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {module.partition(".")[0], *parts}:
            raise
        raise ExtraMissing.of(package or module, extra, purpose) from None
