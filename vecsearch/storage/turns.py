"""Writers of one process take turns, first come, first served; what keeps other processes out is in `lock.py`.

Only one thread of a process tries for the lock of the operating system at a time. So threads never starve one another,
however long the queue is, and a process with many writers competes for that lock like a process with one.
"""

from __future__ import annotations

import os
from collections import deque
from threading import TIMEOUT_MAX, Lock, get_ident
from weakref import WeakValueDictionary


class _Waiting:
    """A thread in the queue; `come` is locked until its turn comes."""

    def __init__(self) -> None:
        self.thread = get_ident()
        self.come = Lock()
        self.come.acquire()


class Turns:
    """The queue for one lock file, in one process."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._queue: deque[_Waiting] = deque()
        self._writer: int | None = None  # the thread whose turn it is

    @property
    def is_mine(self) -> bool:
        """Whether it is this thread's turn already: waiting for it would never end."""
        return self._writer == get_ident()

    def take(self, seconds: float) -> bool:
        """Wait for this thread's turn; return whether it has come by then."""
        with self._guard:
            if self._writer is None:
                self._writer = get_ident()
                return True
            if seconds <= 0:
                return False
            waiting = _Waiting()
            self._queue.append(waiting)
        try:
            if waiting.come.acquire(timeout=min(seconds, TIMEOUT_MAX)):
                return True
        except BaseException:
            if not self._leave(waiting):
                self.pass_on()
            raise
        return not self._leave(waiting)  # it may have come after the time was up

    def pass_on(self) -> None:
        """End the turn: it goes to the thread that has waited longest."""
        with self._guard:
            self._writer = None
            if self._queue:
                following = self._queue.popleft()
                self._writer = following.thread
                following.come.release()

    def _leave(self, waiting: _Waiting) -> bool:
        """Leave the queue; return False when the turn has come meanwhile."""
        with self._guard:
            if self._writer == waiting.thread:
                return False
            self._queue.remove(waiting)
            return True


_turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()
_lock = Lock()


def turns_for(path: str | os.PathLike[str]) -> Turns:
    """Return the queue for this lock file, kept as long as somebody waits in it or has the turn."""
    with _lock:
        return _turns.setdefault(os.path.realpath(path), Turns())


def _forget() -> None:
    """In a forked child: the threads that wait or write are the parent's; the file's lock still keeps it out."""
    global _turns, _lock
    _turns, _lock = WeakValueDictionary(), Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
