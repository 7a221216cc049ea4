"""Optional packages: imported where they are used, and named with the command that installs them when missing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from types import ModuleType

from vecsearch.errors import ExtraMissing


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
