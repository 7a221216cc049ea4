"""Operations of the operating system that fail on demand: the i-th call of those that write raises."""

from __future__ import annotations

import builtins
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest

WRITING = ("fsync", "link", "rename", "replace", "open", "mkdir", "unlink")
_OPENING = ("vecsearch.files", "vecsearch.storage.ann.faiss_file")  # modules that open() files to write


class Failing:
    """Counts the calls of `names` in `os`, and of open() where files are written, and makes call number `at` raise.

    It raises an OSError with `code`, or, when that is None, what Ctrl-C does.
    """

    def __init__(self, at: int, names: tuple[str, ...] = WRITING, code: int | None = errno.EIO) -> None:
        self.at, self.names, self.code = at, names, code
        self.calls = 0
        self.failed: str | None = None
        self._lock = Lock()  # some calls come from several threads at once

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            with self._lock:
                number, self.calls = self.calls, self.calls + 1
            if number == self.at:
                self.failed = name
                if self.code is None:
                    raise KeyboardInterrupt
                raise OSError(self.code, os.strerror(self.code), f"made to fail: {name}")
            return real(*args, **options)

        return call

    def _open(self, file: Any, mode: str = "r", **options: Any) -> Any:
        """open() that counts when it is to write; what cannot be read is damage, which is for tests of verify."""
        return (builtins.open if mode in ("r", "rb") else self.wrap("open", builtins.open))(file, mode, **options)

    @contextmanager
    def installed(self) -> Iterator[Failing]:
        with pytest.MonkeyPatch.context() as patch:
            for name in self.names:
                patch.setattr(os, name, self.wrap(name, getattr(os, name)))
            if "open" in self.names:
                for module in _OPENING:
                    patch.setattr(f"{module}.open", self._open, raising=False)
            yield self
