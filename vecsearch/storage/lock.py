"""One writer at a time: an operating system lock on a file of the index, freed when its process dies."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from vecsearch.errors import IndexLocked


@contextmanager
def hold_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock file `path` in the block.

    Raises IndexLocked when another process still holds it after `wait` seconds: wait longer, or stop that process,
    which frees the lock however it ends. The file names its holder for people; nothing depends on that text.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, is_singleton=False)
    try:
        try:
            lock.acquire(timeout=max(0.0, wait))
        except Timeout:
            waited = f" after {wait:g} s" if wait else ""
            raise IndexLocked(
                f"{path.parent} is being written{waited} by {_holder(path)}: try again when it is done, or wait for it "
                "(--wait SECONDS)"
            ) from None
        _write_note(path, _this_process())
        yield
    finally:
        try:
            if lock.is_locked:
                _write_note(path, "")
        finally:
            lock.release()


def _this_process() -> str:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})


def _write_note(path: Path, text: str) -> None:
    """Write a text to the lock file, unless it has been removed meanwhile."""
    with suppress(OSError), open(path, "r+", encoding="utf-8") as stream:
        stream.write(text)
        stream.truncate()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
