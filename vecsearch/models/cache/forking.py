"""Forks and SQLite: a fork waits until no thread is inside SQLite, whose locks nobody would free in the child.

Knows no connections. Source: pthread_atfork(3), whose three handlers do the same for the locks of a C library.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import RLock
from time import monotonic, sleep

_PATIENCE = 10.0  # seconds that a fork waits; a write may wait a minute for another process
_PAUSE = 0.001  # seconds between two looks


class ForkGuard:
    """No fork happens inside `with guard`, unless that takes longer than a fork waits."""

    def __init__(self, in_child: Callable[[], None]) -> None:
        """Call `in_child` in each child, before anything else runs there."""
        self._in_child = in_child
        self._inside = 0
        self._lock = RLock()  # reentrant: garbage collection may close a connection within any line here
        self._safe = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before, after_in_parent=self._after_in_parent, after_in_child=self._after_in_child
            )

    def check_safe(self) -> None:
        """Raise OSError in a process that was forked while another thread of its parent was inside."""
        if not self._safe:
            raise OSError("this process was forked while another thread used the cache: start it by spawn instead")

    def __enter__(self) -> None:
        """Hold forks off."""
        with self._lock:
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        """Let them happen."""
        with self._lock:
            self._inside -= 1

    def _before(self) -> None:
        """Wait until nobody is inside, and keep the lock until after the fork, so that nobody enters."""
        deadline = monotonic() + _PATIENCE
        self._lock.acquire()
        while self._inside and monotonic() < deadline:
            self._lock.release()
            sleep(_PAUSE)
            self._lock.acquire()

    def _after_in_parent(self) -> None:
        self._lock.release()

    def _after_in_child(self) -> None:
        self._safe = self._safe and not self._inside
        self._inside, self._lock = 0, RLock()
        self._in_child()
