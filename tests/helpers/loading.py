"""Which encoder an index loads by name: a test's own in place of the real one."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

_MODULE = "vecsearch.searching"  # where an index finds load_encoder()


def set_loader(load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """Have every index load its encoder by `load`: until the test ends, or in this whole process."""
    module = import_module(_MODULE)
    if monkeypatch is None:
        module.load_encoder = load  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr(module, "load_encoder", load)
