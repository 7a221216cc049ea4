"""The file that holds a segment's postings, mapped: opening it reads its header, a search what it asks for.

    header    see _HEADER
    terms     uint64 (m,)
    starts    int64 (m + 1,)
    rows      uint32 (p,)
    lengths   uint32 (n,)
    counts    uint8, uint16 or uint32 (p,)

Little-endian, one after the other; what they mean is said in postings.py. Derived from the texts of a segment's rows:
the same texts give the same bytes as long as the rules of terms.py and the version of the stemmers are the same.
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
    rules: bytes  # what made the terms: see terms.py
    n: int  # rows of the segment
    m: int  # terms
    p: int  # postings
    total: int  # the sum of the lengths

    @property
    def size(self) -> int:
        """What the whole file has, in bytes."""
        return _HEADER.size + 8 * self.m + 8 * (self.m + 1) + 4 * self.p + 4 * self.n + self.width * self.p


def write_postings(path: Path, postings: Postings) -> None:
    """Writes postings to a file; raises OSError."""
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


def open_postings(path: Path) -> Postings:
    """The postings of a file, mapped from it; raises IndexDamaged when it cannot be one, FormatTooNew."""
    try:
        content = np.frombuffer(open_buffer(path), np.uint8)
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
    header = _checked_header(path, content)
    place = _HEADER.size

    def taken(count: int, kind: str) -> Any:
        nonlocal place
        first, place = place, place + count * np.dtype(kind).itemsize
        return content[first:place].view(kind)

    return Postings(
        terms=taken(header.m, "<u8"),
        starts=taken(header.m + 1, "<i8"),
        rows=taken(header.p, "<u4"),
        lengths=taken(header.n, "<u4"),
        counts=taken(header.p, f"<u{header.width}"),
        total=header.total,
        rules=header.rules.rstrip(b"\0").decode("ascii", "replace"),
        name=str(path),
    )


def _checked_header(path: Path, content: Any) -> _Header:
    """The header, known to be of a file of this size."""
    if len(content) < _HEADER.size or content[: len(_MAGIC)].tobytes() != _MAGIC:
        raise IndexDamaged(f"{path} holds no postings: run vecsearch verify")
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
