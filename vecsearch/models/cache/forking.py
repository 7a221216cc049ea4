"""Forks and SQLite: a fork waits until no thread is inside SQLite, whose locks nobody would free in the child.

Knows no connections. Source: pthread_atfork(3), whose three handlers do the same for the locks of a C library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

_PATIENCE = 10.0  # seconds that a fork waits; a write may wait a minute for another process


class Forks:
    """The threads that are inside SQLite, and whether this process was forked in spite of one."""

    def __init__(self, in_child: Callable[[], None]) -> None:
        """Call `in_child` in each child, before anything else runs there."""
        self._in_child = in_child
        self._inside = 0
        self._idle = Condition()  # reentrant: garbage collection may close a connection within any line here
        self._safe = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before, after_in_parent=self._after_in_parent, after_in_child=self._after_in_child
            )

    def check_safe(self) -> None:
        """Raise OSError in a process that was forked while another thread of its parent was inside SQLite."""
        if not self._safe:
            raise OSError("this process was forked while another thread used the cache: start it by spawn instead")

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """No fork happens within, unless that takes longer than a fork waits."""
        with self._idle:
            self._inside += 1
        try:
            yield
        finally:
            with self._idle:
                self._inside -= 1
                self._idle.notify_all()

    def _before(self) -> None:
        self._idle.acquire()  # until after the fork, so that no thread comes in
        self._idle.wait_for(lambda: not self._inside, timeout=_PATIENCE)

    def _after_in_parent(self) -> None:
        self._idle.release()

    def _after_in_child(self) -> None:
        self._safe = self._safe and not self._inside
        self._inside, self._idle = 0, Condition()
        self._in_child()
