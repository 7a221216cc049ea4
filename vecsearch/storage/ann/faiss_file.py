"""FAISS's files: written through Python's streams, opened mapped, their failures told as ours."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import faiss as faiss_library

from vecsearch.errors import IndexDamaged

faiss: Any = faiss_library  # its type stubs know the C++ signatures, not those that its Python layer adds


def write_index(path: Path, index: Any) -> None:
    """Writes an index to a file that plain faiss can open; raises OSError."""
    try:
        with open(path, "wb") as stream:  # FAISS's own files say nothing when the disk is full as they are closed
            faiss.write_index(index, faiss.PyCallbackIOWriter(stream.write))
    except RuntimeError as error:
        raise OSError(errno.EIO, _reason(error), str(path)) from None


def open_index(path: Path) -> Any:
    """The index in a file, mapped where FAISS and the system can; raises IndexDamaged."""
    try:
        try:
            return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError:
            return faiss.read_index(os.fspath(path))  # where files cannot be mapped
    except (RuntimeError, MemoryError) as error:
        raise IndexDamaged(f"{path} cannot be read as a FAISS index: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """FAISS's message without the C++ function and file it begins with."""
    return str(error).splitlines()[-1].rpartition("Error: ")[2].strip() if str(error) else type(error).__name__
