"""A code of a few bits for each vector: scanning all codes finds the nearest rows fast and approximately.

Product quantization (Jégou, Douze and Schmid 2011) as FAISS scans it in registers (André, Kermarrec and Le Scouarnec
2017): every one or two values of a vector become one of sixteen means. Nothing points from one row to another, so a
damaged code costs its row's rank at most, and the same vectors give the same bytes on any number of cores.
"""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.faiss_file import faiss, open_index, opened, size_of
from vecsearch.types import FloatArray, IntArray

_BITS = 4
_MEANS = 1 << _BITS
_TRAINED_ON = 16_384  # rows; FAISS takes 256 for each mean, 4,096, and draws those from what it is given
_AT_ONCE = 65_536  # rows that are copied to be coded
_SEED = 0
_FRONT = struct.Struct("<4siqqq?iqqqq")  # kind, d, n, two unused, trained, metric; d, M, bits, means
_MIDDLE = struct.Struct("<iiiqqq")  # how to scan, rows in a block, how to scan queries; n and M, padded; bytes of codes
_BLOCK = 32  # rows whose codes are interleaved


def make_codes(vectors: FloatArray) -> Any:
    """Build a FAISS index of codes for unit vectors, float32 (n, dim); it does not hold the vectors.

    One thread finds the means: they are so few that several threads mostly wait for one another, ten times as long as
    the work takes while other processes are busy. It is a thread of its own because OpenMP's setting is per thread.
    """
    n, dim = vectors.shape
    index = faiss.IndexPQFastScan(dim, dim // _span(dim), _BITS, faiss.METRIC_INNER_PRODUCT)
    drawn = np.random.default_rng(_SEED).choice(n, min(n, _TRAINED_ON), replace=False)
    with ThreadPoolExecutor(1, initializer=faiss.omp_set_num_threads, initargs=(1,)) as alone:
        alone.submit(index.train, vectors[np.sort(drawn)]).result()
    for first in range(0, n, _AT_ONCE):
        index.add(np.array(vectors[first : first + _AT_ONCE]))
    return index


def open_codes(path: Path, n: int, dim: int, content: bytes | None = None) -> Any:
    """Open the codes that `make_codes` made of n vectors, or `content` in their place.

    Raises IndexDamaged for any other file.

    FAISS trusts the numbers in a file, and a truncated one ends the process. Their values are known in advance, so
    they are compared before FAISS reads the file; any value is valid for the means and codes that remain.
    """
    try:
        with opened(path, content) as stream:
            expected = _check_numbers(stream, path, n, dim)
            size = size_of(stream)
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}: run vecsearch verify") from None
    if size != expected:
        raise IndexDamaged(f"{path} has {size} bytes, expected {expected}: run vecsearch verify")
    return open_index(path, content)


def search_codes(index: Any, queries: FloatArray, k: int) -> IntArray:
    """Return the k rows nearest to each query by code, int64 (q, k), best first; k is at most the number of rows."""
    rows: IntArray = index.search(queries, k)[1]
    return rows


def _span(dim: int) -> int:
    """How many values of a vector share a code: two for an even number of dimensions.

    With four, scanning takes half the time, but so large a share of a million rows must be scored that this pays for
    few hits only: docs/approximate.md.
    """
    return 1 if dim % 2 else 2


def _check_numbers(stream: BinaryIO, path: Path, n: int, dim: int) -> int:
    """Return the size the file must have; raises IndexDamaged when its numbers are not those of n vectors."""
    subspaces = dim // _span(dim)
    blocks, paired = -(-n // _BLOCK) * _BLOCK, subspaces + subspaces % 2  # padded
    codes = blocks * paired * _BITS // 8
    front = (b"IPfs", dim, n, True, faiss.METRIC_INNER_PRODUCT, dim, subspaces, _BITS, _MEANS * dim)
    middle = (0, _BLOCK, 0, blocks, paired, codes)
    after_means = _FRONT.size + _MEANS * dim * 4
    found_front = _numbers(stream, _FRONT, 0)
    found_middle = _numbers(stream, _MIDDLE, after_means)
    numbers = (*found_front[:3], *found_front[5:], *found_middle)
    if numbers != (*front, *middle):
        raise IndexDamaged(
            f"{path} holds codes of the form {numbers}, expected {(*front, *middle)}: run vecsearch verify"
        )
    return after_means + _MIDDLE.size + codes


def _numbers(stream: BinaryIO, form: struct.Struct, position: int) -> tuple[Any, ...]:
    stream.seek(position)
    return form.unpack(stream.read(form.size).ljust(form.size, b"\0"))
