"""One writer at a time: a lock of the operating system on a file of the index, freed when its process dies."""

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
def writing(path: Path, wait: float) -> Iterator[None]:
    """Only this process holds the lock file `path` until the block ends.

    Raises IndexLocked when another one still does after `wait` seconds: wait longer, or stop that process, which
    frees the lock however it ends. The file says who holds it, for people; nothing depends on what it says.
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
        _note(path, _ourselves())
        yield
    finally:
        try:
            if lock.is_locked:
                _note(path, "")
        finally:
            lock.release()


def _ourselves() -> str:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})


def _note(path: Path, text: str) -> None:
    """The file says it; one that was removed meanwhile is not made again."""
    with suppress(OSError), open(path, "r+", encoding="utf-8") as stream:
        stream.write(text)
        stream.truncate()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
