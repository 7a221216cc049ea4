"""The file that holds a segment's postings: opening reads the header, a search only the postings it needs.

    header    see _HEADER
    terms     uint64 (m,)
    starts    int64 (m + 1,)
    rows      uint32 (p,)
    lengths   uint32 (n,)
    counts    uint8, uint16 or uint32 (p,)

Little-endian, without gaps; postings.py explains the arrays. Derived from the texts of a segment's rows: the same
texts give the same bytes as long as the rules of terms.py and the version of the stemmers are the same.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vecsearch.errors import FormatTooNew, IndexDamaged
from vecsearch.storage.buffers import open_buffer
from vecsearch.storage.lexical.postings import Postings

_MAGIC, _FORMAT = b"VECPOST\0", 1
_HEADER = struct.Struct("<8sHH20sQQQQ")  # 64 bytes: see _Header
_WIDTHS = (1, 2, 4)


class _Header(NamedTuple):
    magic: bytes
    format: int
    width: int  # bytes of a count
    rules: bytes  # what the terms depend on: see terms.py
    n: int  # rows of the segment
    m: int  # terms
    p: int  # postings
    total: int  # the sum of the lengths

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""
        return _HEADER.size + 8 * self.m + 8 * (self.m + 1) + 4 * self.p + 4 * self.n + self.width * self.p


def write_postings(path: Path, postings: Postings) -> None:
    """Write postings to a file; raises OSError."""
    n, m, p = len(postings.lengths), len(postings.terms), len(postings.rows)
    width = postings.counts.itemsize
    header = _Header(_MAGIC, _FORMAT, width, postings.rules.encode(), n, m, p, postings.total)
    with open(path, "wb") as stream:
        stream.write(_HEADER.pack(*header))
        for array, kind in (
            (postings.terms, "<u8"),
            (postings.starts, "<i8"),
            (postings.rows, "<u4"),
            (postings.lengths, "<u4"),
            (postings.counts, f"<u{width}"),
        ):
            stream.write(np.ascontiguousarray(array, kind).data)


def open_postings(path: Path, whole: bytes | None = None) -> Postings:
    """Open the postings in a file, or in `whole` in its place; raises IndexDamaged, FormatTooNew."""
    try:
        buffer = open_buffer(path, whole)
        content = np.frombuffer(buffer, np.uint8)
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
    header = _read_header(path, content)
    position = _HEADER.size

    def read(count: int, kind: str) -> Any:
        nonlocal position
        first, position = position, position + count * np.dtype(kind).itemsize
        return content[first:position].view(kind)

    return Postings(
        terms=read(header.m, "<u8"),
        starts=read(header.m + 1, "<i8"),
        rows=read(header.p, "<u4"),
        lengths=read(header.n, "<u4"),
        counts=read(header.p, f"<u{header.width}"),
        total=header.total,
        rules=header.rules.rstrip(b"\0").decode("ascii", "replace"),
        name=str(path),
        content=memoryview(buffer),
    )


def _read_header(path: Path, content: Any) -> _Header:
    """Return the header, checked against the size of the file."""
    if len(content) < _HEADER.size or content[: len(_MAGIC)].tobytes() != _MAGIC:
        raise IndexDamaged(f"{path} is not a file of postings: run vecsearch verify")
    header = _Header(*_HEADER.unpack(content[: _HEADER.size].tobytes()))
    if header.format > _FORMAT:
        raise FormatTooNew(
            f"{path} has format {header.format}, this vecsearch reads up to {_FORMAT}: pip install --upgrade vecsearch"
        )
    if header.format != _FORMAT or header.width not in _WIDTHS or header.size != len(content):
        raise IndexDamaged(
            f"{path} has {len(content)} bytes, expected {header.size} for its {header.n} rows: run vecsearch verify"
        )
    if not header.m <= header.p <= header.total:
        raise IndexDamaged(
            f"{path} counts {header.m} terms, {header.p} postings and {header.total} words in all: run vecsearch verify"
        )
    return header
