"""Which encoder an index loads by name: a test's own in place of the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import pytest

from vecsearch.models import sharing


def set_loader(load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """Have every index load its encoder by `load`: until the test ends, or in this whole process.

    What indexes of other tests share is not shared with those of this one.
    """
    patch = pytest.MonkeyPatch() if monkeypatch is None else monkeypatch
    patch.setattr(sharing, "load_encoder", load)
    patch.setattr(sharing, "_shared", WeakValueDictionary())
