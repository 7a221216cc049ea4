"""The bytes of a file, to read from: copied into memory when they are few, mapped otherwise.

No descriptor stays open either way, so that a process may hold any number of segments. Python's own `mmap` keeps one
before Python 3.13; Arrow's does not. Memory and mapping are freed with the last array that uses them, and stay
readable when the file is removed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

IN_MEMORY = 65_536  # bytes up to which reading a whole file is faster than mapping it and touching its pages


def open_buffer(path: Path) -> Any:
    """Return the file's bytes as a read-only Arrow buffer; raises OSError."""
    import pyarrow as pa

    if path.stat().st_size <= IN_MEMORY:
        return pa.py_buffer(path.read_bytes())
    with pa.memory_map(str(path)) as mapped:
        return mapped.read_buffer()
