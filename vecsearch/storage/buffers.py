"""The bytes of a file, to read from: copied into memory when they are few, mapped otherwise.

No descriptor stays open either way, so that a process may hold any number of segments. Python's own `mmap` keeps one
before Python 3.13; Arrow's does not. Memory and mapping are freed with the last array that uses them, and stay
readable when the file is removed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from vecsearch.errors import IndexDamaged
from vecsearch.storage.real import read_file

IN_MEMORY = 65_536  # bytes up to which reading a whole file is faster than mapping it and touching its pages


def checked_content(path: Path, size: int, sha256: str) -> bytes:
    """Return all bytes of a file, copied into memory; raises IndexDamaged unless size and SHA-256 are as expected.

    Nobody can change them any more, whatever becomes of the file.
    """
    try:
        content = read_file(path, size)
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}: run vecsearch verify") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IndexDamaged(f"{path} does not match its checksum: run vecsearch verify --repair")
    return content


def open_buffer(path: Path, content: bytes | None = None) -> Any:
    """Return the file's bytes, or `content` in their place, as a read-only Arrow buffer; raises OSError."""
    import pyarrow as pa

    if content is not None:
        return pa.py_buffer(content)
    if path.stat().st_size <= IN_MEMORY:
        return pa.py_buffer(path.read_bytes())
    with pa.memory_map(str(path)) as mapped:
        return mapped.read_buffer()
