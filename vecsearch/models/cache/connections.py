"""A pool of connections to one SQLite file, each lent to one thread at a time, closed with the pool.

A thread borrows a connection for one action. Reads run beside each other and beside a write; writes queue here, so
that threads of one process never run into SQLite's timeout. Knows nothing of the content of the file.

Sources: sqlite.org/howtocorrupt.html, 2.6, for why a child leaves the connections of its parent alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TypeVar
from weakref import WeakSet, finalize

from vecsearch.models.cache.folder import open_private
from vecsearch.models.cache.forking import ForkGuard
from vecsearch.models.cache.tables import connect

_Result = TypeVar("_Result")
_MOST = 4  # open connections, of two file descriptors each; more threads than that wait


class Connections:
    """The open connections to the file at `path`; safe for any number of threads, and after a fork.

    All are closed when this object is garbage. They share a *generation*: replace() and close() begin a new one, and
    what is still lent of an old one is closed when it comes back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: set[sqlite3.Connection] = set()
        self._idle: list[sqlite3.Connection] = []
        self._retired = self._read_only = False
        self.generation = 0
        self._make_locks()
        _pools.add(self)
        finalize(self, _close_all, self._open)

    @property
    def usable(self) -> bool:
        """Whether retire() was never called."""
        return not self._retired

    @property
    def writable(self) -> bool:
        """Whether neither retire() nor stop_writing() was ever called."""
        return not (self._retired or self._read_only)

    def exists(self) -> bool:
        """Whether the file exists, or is still open after it was removed."""
        return bool(self._open) or self._path.exists()

    def run(self, action: Callable[[sqlite3.Connection], _Result], *, writing: bool = False) -> _Result:
        """Return what `action` returns, called with a connection that this thread has alone.

        The file is created if missing. One thread at a time is `writing`. A connection on which an action failed is
        closed. Raises OSError, sqlite3.Error.
        """
        _forks.check_safe()
        with self._write_lock if writing else nullcontext():
            self._slots.get()
            try:
                with _forks:
                    return self._lend(action)
            finally:
                self._slots.put(None)

    def close(self) -> None:
        """Close every connection, those in use as soon as they come back; the next action opens the file again."""
        with _forks, self._lock:
            self._begin_generation()

    def retire(self) -> bool:
        """Close for good; False if that was done before."""
        with _forks, self._lock:
            first, self._retired = not self._retired, True
            self._begin_generation()
        return first

    def stop_writing(self) -> bool:
        """Only read from now on; False if that was said before."""
        with self._lock:
            first, self._read_only = not self._read_only, True
        return first

    def replace(self, generation: int) -> bool:
        """Remove the file, found corrupt by a connection of this generation; False if that was done before.

        A process or thread that has it open keeps the removed one.
        """
        with _forks, self._lock:
            if generation != self.generation:
                return False
            self._begin_generation()
            for path in files_of(self._path):
                with suppress(OSError):
                    path.unlink()
        return True

    def _lend(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        db, generation = self._take()
        try:
            result = action(db)
        except BaseException:
            self._close(db)
            raise
        self._give_back(db, generation)
        return result

    def _take(self) -> tuple[sqlite3.Connection, int]:
        with self._lock:  # opening too: two threads would make the same new file, or open one that is being removed
            if self._idle:
                return self._idle.pop(), self.generation
            open_private(self._path)
            db = connect(self._path)
            self._open.add(db)
            return db, self.generation

    def _give_back(self, db: sqlite3.Connection, generation: int) -> None:
        with self._lock:
            if generation == self.generation:
                self._idle.append(db)
                return
        self._close(db)

    def _close(self, db: sqlite3.Connection) -> None:
        self._open.discard(db)
        db.close()

    def _begin_generation(self) -> None:
        self.generation += 1
        while self._idle:
            self._close(self._idle.pop())

    def _make_locks(self) -> None:
        self._lock = Lock()
        self._write_lock = Lock()
        self._slots: SimpleQueue[None] = SimpleQueue()  # a semaphore, ten times as fast
        for _ in range(_MOST):
            self._slots.put(None)

    def _leave_to_parent(self) -> None:
        """In a child: forget what the parent has open, without closing it, and locks that its threads may hold."""
        _of_parent.extend(self._open)
        self._open.clear()
        self._idle.clear()
        self._make_locks()


def files_of(path: Path) -> list[Path]:
    """Return the files of a database: itself, its log and the index of the log."""
    return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")]


def _close_all(connections: set[sqlite3.Connection]) -> None:
    if connections:
        with _forks:
            while connections:
                connections.pop().close()


_pools: WeakSet[Connections] = WeakSet()
_of_parent: list[sqlite3.Connection] = []  # kept so that a child never closes them


def _leave_all_to_parent() -> None:
    for pool in list(_pools):
        pool._leave_to_parent()


_forks = ForkGuard(in_child=_leave_all_to_parent)
