"""Processes whose parent has died, seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

# A process that reads a file for ever, prints the id of the process that it reads it with, and waits.
_PARENT = """
import os, sys, threading
from pathlib import Path
from vecsearch.documents import Reader, RecordFields
from vecsearch.documents import reader as module
module._CODE = module._CODE.replace("main(parent)", "") + sys.argv[2]
reader = Reader()
def read():
    for _ in reader.load(Path(sys.argv[1]), "x", RecordFields(), expect_records=False): pass
process, _ = reader._running()
print(process.pid, flush=True)
read()
"""


def start_parent(path: Path, program: str) -> tuple[subprocess.Popen[str], int]:
    """Start a process that reads `path` in a child that runs `program`; return it and the id of its child."""
    paths = os.pathsep.join(filter(None, sys.path))
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(path), program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def ends(process: int, seconds: float = 30) -> bool:
    """Whether the process ends within that time; a zombie has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _runs(process):
            return True
        time.sleep(0.02)
    return False


def is_busy(process: int, ticks: int = 20) -> bool:
    """Wait until the process has used some processor time, so that it is past its start; False when it has ended."""
    while _runs(process):
        fields = _stat(process)
        if int(fields[11]) + int(fields[12]) > ticks:
            return True
        time.sleep(0.02)
    return False


def _runs(process: int) -> bool:
    try:
        return _stat(process)[0] not in "ZX"
    except FileNotFoundError:
        return False


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
