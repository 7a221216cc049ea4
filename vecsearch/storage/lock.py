"""One writer at a time: an operating system lock on a file of the index, freed when its process dies.

Threads of one process queue for it, see `turns.py`. Processes try for it again and again, and a writer that was waited
for leaves a gap after its turn that is longer than what lies between two tries; so no process starves another.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from vecsearch.errors import IndexDamaged, IndexLocked
from vecsearch.storage.real import check_lock, open_in_place
from vecsearch.storage.turns import turns_for

if TYPE_CHECKING:
    from filelock import FileLock

WAIT = 30.0  # seconds that a write waits for other writers, unless the caller says otherwise
_PAUSE = 0.01  # seconds between two tries
_LONGEST_NOTE = 1000  # bytes that are read of what the lock file says
_GAP = 2 * _PAUSE
_log = logging.getLogger(__name__)


@contextmanager
def hold_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock file `path` in the block.

    Raises IndexDamaged for a link or what is no file; IndexLocked when another writer still holds it after `wait`
    seconds, and at once when that is this thread itself: wait longer, or stop that process, which frees the lock
    however it ends. The file names its holder for people; nothing depends on that text.
    """
    check_lock(path)
    deadline = monotonic() + wait
    turns = turns_for(path)
    if turns.is_mine:
        raise IndexLocked(f"{path.parent} is being written by this thread of process {os.getpid()}: finish that first")
    if not turns.take(0):
        _log.info("%s: waiting for %s", path.parent, _holder(path))
        if not turns.take(wait):
            raise IndexLocked.of(str(path.parent), _holder(path), wait)
    try:
        with _locked(path, wait, deadline):
            yield
    finally:
        turns.pass_on()


@contextmanager
def _locked(path: Path, wait: float, deadline: float) -> Iterator[None]:
    """Keep other processes out, and leave them a gap afterwards when one has waited."""
    from filelock import FileLock

    lock = FileLock(path, is_singleton=False)
    awaited = False
    try:
        if not _acquired(lock, path, deadline):
            raise IndexLocked.of(str(path.parent), _holder(path), wait)
        _write_note(path, _this_process())
        written = _touched(path)
        yield
        awaited = _touched(path) != written
    finally:
        try:
            if lock.is_locked:
                _write_note(path, "")
        finally:
            lock.release()
    if awaited:
        sleep(_GAP)


def _acquired(lock: FileLock, path: Path, deadline: float) -> bool:
    """Try for the lock until the deadline, and show who holds it that somebody waits: by the time of the file."""
    from filelock import Timeout

    waiting = False
    while True:
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return True
        left = deadline - monotonic()
        if left <= 0:
            return False
        if not waiting:
            _log.info("%s: waiting for %s", path.parent, _holder(path))
            waiting = True
        with suppress(OSError):
            os.utime(path, follow_symlinks=os.utime not in os.supports_follow_symlinks)
        sleep(min(_PAUSE, left))


def _touched(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _this_process() -> str:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})


def _write_note(path: Path, text: str) -> None:
    """Write a text to the lock file, unless it has been removed meanwhile."""
    with suppress(OSError, IndexDamaged), os.fdopen(open_in_place(path), "r+b") as stream:
        stream.write(text.encode())
        stream.truncate()


def _holder(path: Path) -> str:
    try:
        with os.fdopen(open_in_place(path), "rb") as stream:
            holder = json.loads(stream.read(_LONGEST_NOTE))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, IndexDamaged, ValueError, KeyError, TypeError, RecursionError):
        return "another process"
