"""FAISS's files: written through Python's streams, mapped for reading, errors raised as ours."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import faiss as faiss_library

from vecsearch.errors import IndexDamaged

faiss: Any = faiss_library  # its type stubs know the C++ signatures, not those that its Python layer adds


def write_index(path: Path, index: Any) -> None:
    """Write an index to a file that plain faiss can open; raises OSError."""
    try:
        with open(path, "wb") as stream:  # FAISS itself ignores a disk that is full when it closes a file
            faiss.write_index(index, faiss.PyCallbackIOWriter(stream.write))
    except RuntimeError as error:
        raise OSError(errno.EIO, _reason(error), str(path)) from None


def opened(path: Path, content: bytes | None = None) -> BinaryIO:
    """Open a file, or `content` in its place, to look at its numbers before FAISS does; raises OSError."""
    return open(path, "rb") if content is None else io.BytesIO(content)


def size_of(stream: BinaryIO) -> int:
    """Return the number of bytes in a stream, which is then at its end."""
    return stream.seek(0, io.SEEK_END)


def open_index(path: Path, content: bytes | None = None) -> Any:
    """Open the index in a file, mapped where the system can, or in `content` in its place, copied.

    Holds no descriptor. Raises IndexDamaged.
    """
    try:
        if content is not None:
            return faiss.read_index(faiss.PyCallbackIOReader(io.BytesIO(content).read))
        try:
            return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError:
            return faiss.read_index(os.fspath(path))  # where files cannot be mapped
    except (RuntimeError, MemoryError) as error:
        raise IndexDamaged(f"{path} cannot be read as a FAISS index: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """FAISS's message without the leading C++ function and file."""
    return str(error).splitlines()[-1].rpartition("Error: ")[2].strip() if str(error) else type(error).__name__
