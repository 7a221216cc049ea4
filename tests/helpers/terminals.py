"""The command as a process on a terminal."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.commands import COMMAND

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals or SIGINT to a process")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;;[^\x1b]*\x1b\\")


@contextmanager
def on_terminal(
    environment: dict[str, str], *arguments: str, columns: int = 80, rows: int = 30, folder: Path | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command on a terminal of that size, and the descriptor at which one reads what it shows."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment, cwd=folder
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def read(terminal: int, until: str | None = None) -> str:
    """What the terminal shows, to the end or until a pattern is seen."""
    shown = b""
    while until is None or not re.search(until, shown.decode(errors="replace")):
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so that the other side is closed
            piece = b""
        if not piece:
            break
        shown += piece
    return shown.decode()
