"""A code of few bits for each vector: rows are found by reading all codes, fast and not quite right.

Product quantization (Jégou, Douze and Schmid 2011) as FAISS scans it in registers (André, Kermarrec and Le Scouarnec
2017): each few values of a vector become one of sixteen means. Nothing points from one row to another, so a damaged
code costs a row its rank and nothing else, and the same vectors give the same bytes on any number of cores.
"""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.faiss_file import faiss, open_index
from vecsearch.types import FloatArray, IntArray

_BITS = 4
_MEANS = 1 << _BITS
_TRAINED_ON = 16_384  # rows; FAISS takes 256 for each mean, 4,096, and draws those from what it is given
_AT_ONCE = 65_536  # rows that are copied to be coded
_SEED = 0
_FRONT = struct.Struct("<4siqqq?iqqqq")  # kind, d, n, two that are not used, trained, metric; d, M, bits, means
_MIDDLE = struct.Struct("<iiiqqq")  # how to scan, rows in a block, how to scan queries; n and M, padded; bytes of codes
_BLOCK = 32  # rows whose codes stand together


def make_codes(vectors: FloatArray) -> Any:
    """A FAISS index with a code for each of the unit vectors, float32 (n, dim), which it does not hold itself.

    Means are found by one thread, whose setting is its own: they are so few that several threads mostly wait for one
    another, ten times as long as the work takes where other processes are busy.
    """
    n, dim = vectors.shape
    index = faiss.IndexPQFastScan(dim, dim // _span(dim), _BITS, faiss.METRIC_INNER_PRODUCT)
    drawn = np.random.default_rng(_SEED).choice(n, min(n, _TRAINED_ON), replace=False)
    with ThreadPoolExecutor(1, initializer=faiss.omp_set_num_threads, initargs=(1,)) as alone:
        alone.submit(index.train, vectors[np.sort(drawn)]).result()
    for first in range(0, n, _AT_ONCE):
        index.add(np.array(vectors[first : first + _AT_ONCE]))
    return index


def open_codes(path: Path, n: int, dim: int) -> Any:
    """The index that `make_codes` made of so many vectors; raises IndexDamaged for any other file.

    FAISS trusts the numbers in a file, and reading one that ends early ends the process. What they have to be is
    known, so they are compared before it reads any; what remains are means and codes, of which every value is one.
    """
    size = _check_numbers(path, n, dim)
    if path.stat().st_size != size:
        raise IndexDamaged(f"{path} has {path.stat().st_size} bytes, expected {size}: run vecsearch verify")
    return open_index(path)


def nearest_by_code(index: Any, queries: FloatArray, k: int) -> IntArray:
    """The k rows nearest to each query by their codes, int64 (q, k), best first, k no more than there are rows."""
    rows: IntArray = index.search(queries, k)[1]
    return rows


def _span(dim: int) -> int:
    """How many values of a vector are one code: two where they can be paired.

    With four, codes are half as long and are read in half the time, but of a million rows so many have to be scored
    that it saves for few hits only: docs/approximate.md.
    """
    return 1 if dim % 2 else 2


def _check_numbers(path: Path, n: int, dim: int) -> int:
    """The bytes the file has to have; raises IndexDamaged when its numbers are not those of so many vectors."""
    subspaces = dim // _span(dim)
    blocks, paired = -(-n // _BLOCK) * _BLOCK, subspaces + subspaces % 2  # what is padded
    codes = blocks * paired * _BITS // 8
    front = (b"IPfs", dim, n, True, faiss.METRIC_INNER_PRODUCT, dim, subspaces, _BITS, _MEANS * dim)
    middle = (0, _BLOCK, 0, blocks, paired, codes)
    after_means = _FRONT.size + _MEANS * dim * 4
    try:
        with open(path, "rb") as stream:
            begins = _numbers(stream, _FRONT, 0)
            goes_on = _numbers(stream, _MIDDLE, after_means)
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}: run vecsearch verify") from None
    found = (*begins[:3], *begins[5:], *goes_on)
    if found != (*front, *middle):
        raise IndexDamaged(
            f"{path} holds codes of the form {found}, expected {(*front, *middle)}: run vecsearch verify"
        )
    return after_means + _MIDDLE.size + codes


def _numbers(stream: BinaryIO, form: struct.Struct, place: int) -> tuple[Any, ...]:
    stream.seek(place)
    return form.unpack(stream.read(form.size).ljust(form.size, b"\0"))
