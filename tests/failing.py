"""Operations of the operating system that fail on demand: the i-th call of those that write raises OSError."""

from __future__ import annotations

import builtins
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WRITING = ("fsync", "link", "rename", "replace", "open", "mkdir", "unlink")


class Failing:
    """Counts the calls of `names` in `os`, and of open() in vecsearch.files, and makes call number `at` raise."""

    def __init__(self, at: int, names: tuple[str, ...] = WRITING, code: int = errno.EIO) -> None:
        self.at, self.names, self.code = at, names, code
        self.calls = 0
        self.failed: str | None = None

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls - 1 == self.at:
                self.failed = name
                raise OSError(self.code, os.strerror(self.code), f"made to fail: {name}")
            return real(*args, **options)

        return call

    @contextmanager
    def installed(self) -> Iterator[Failing]:
        with pytest.MonkeyPatch.context() as patch:
            for name in self.names:
                patch.setattr(os, name, self.wrap(name, getattr(os, name)))
            if "open" in self.names:
                patch.setattr("vecsearch.files.open", self.wrap("open", builtins.open), raising=False)
            yield self
