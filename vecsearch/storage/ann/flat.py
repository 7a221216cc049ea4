"""The vectors of a segment in a FAISS file, and the exact search in them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.faiss_file import faiss, open_index, opened, size_of, write_index
from vecsearch.types import BoolArray, FloatArray, IntArray

SCORES_AT_ONCE = 32_000_000  # 128 MB
_FLAT = b"IxFI"
_HEADER = struct.Struct("<4siqqq?iq")  # kind, dim, n, two unused, trained, metric; number of values
_BLOCK = 1 << 18  # values of rows that are copied at a time: 1 MB, which a core's cache holds


class Neighbours(NamedTuple):
    """The rows nearest to one query: int64 (m,), best first, and their float32 (m,) inner products with it."""

    rows: IntArray
    scores: FloatArray


class Flat:
    """Unit vectors, mapped from the file and searched exactly.

    Any number of threads may search at once: no setting of the shared FAISS index changes.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        """Open the file, or `content` in its place.

        Raises IndexDamaged when it is not a flat inner-product index as FAISS writes it.
        """
        self._header = _checked_header(path, content)
        self._index = open_index(path, content)

    @cached_property
    def vectors(self) -> FloatArray:
        """All rows, float32 (n, dim), mapped and read-only."""
        return np.asarray(_Mapped(self._index))

    def sha256(self) -> str:
        """Return the SHA-256 of the file, its vectors as they are mapped."""
        digest = hashlib.sha256(self._header)
        digest.update(self.vectors.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def search(self, queries: FloatArray, k: int, allowed: BoolArray | None = None) -> list[Neighbours]:
        """Return for each query, float32 (q, dim), the k rows with the highest inner product.

        Only rows where `allowed`, bool (n,), is true; fewer than k only when fewer are allowed.
        """
        parameters = None if allowed is None else faiss.SearchParameters(sel=_selector(allowed))
        with _one_thread_for(queries):
            scores, rows = self._index.search(queries, min(k, self._index.ntotal), params=parameters)
        return [Neighbours(ids[ids >= 0], values[ids >= 0]) for ids, values in zip(rows, scores, strict=True)]

    def scan(
        self, queries: FloatArray, k: int, allowed: BoolArray | None = None, scale: FloatArray | None = None
    ) -> list[Neighbours]:
        """Search by scoring every row: cheaper for a large k. `scale`, float32 (n,), multiplies the scores."""
        results: list[Neighbours] = []
        step = max(1, SCORES_AT_ONCE // max(1, self._index.ntotal))
        for first in range(0, len(queries), step):
            scores = products(queries[first : first + step], self.vectors)  # (step, n)
            if scale is not None:
                scores *= scale
            if allowed is not None:
                scores[:, ~allowed] = -np.inf
            results += [_best(row, k) for row in scores]
        return results

    def among(self, query: FloatArray, rows: IntArray, k: int) -> Neighbours:
        """Return the k of these rows, int64 (m,), with the highest inner product with one query, float32 (dim,)."""
        best = _best(products(query[None], self.vectors, rows)[0], k)
        return Neighbours(rows[best.rows], best.scores)


class _Mapped:
    """The rows of a FAISS index for numpy to wrap; the array keeps the index mapped."""

    def __init__(self, index: Any) -> None:
        self._index = index
        rows = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d).reshape(index.ntotal, index.d)
        self.__array_interface__ = {**rows.__array_interface__, "data": (rows.ctypes.data, True)}  # True: read only


def _checked_header(path: Path, content: bytes | None) -> bytes:
    """Return what precedes the vectors; raises IndexDamaged for numbers that do not fit the size of the file.

    FAISS trusts the numbers in a file: with wrong ones it reads outside of it, or takes what memory they ask for.
    """
    try:
        with opened(path, content) as stream:
            header = stream.read(_HEADER.size)
            size = size_of(stream)
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}: run vecsearch verify") from None
    kind, dim, n, _, _, trained, metric, values = _HEADER.unpack(header.ljust(_HEADER.size, b"\0"))
    if kind != _FLAT:
        raise IndexDamaged(
            f"{path} is a file of the kind {kind!r}, expected {_FLAT!r} (IndexFlatIP): run vecsearch verify"
        )
    found = (trained, metric, values, size)
    expected = (True, faiss.METRIC_INNER_PRODUCT, n * dim, _HEADER.size + 4 * n * dim)
    if dim < 1 or n < 0 or found != expected:
        raise IndexDamaged(
            f"{path} holds {n} vectors of {dim} numbers and says {found}, expected {expected}: run vecsearch verify"
        )
    return header


def write_flat(path: Path, vectors: FloatArray) -> None:
    """Write unit vectors, float32 (n, dim), to a file that plain faiss can open; raises OSError."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    write_index(path, index)


def products(queries: FloatArray, vectors: FloatArray, rows: IntArray | None = None) -> FloatArray:
    """Return the inner product of each query with each row, or with these rows, float32 (q, m).

    FAISS's header leaves mapped rows unaligned for float32, and numpy calls BLAS for aligned arrays only: without it a
    product takes some fifteen times as long. So blocks of rows are copied to aligned memory, one at a time.
    """
    m = len(vectors) if rows is None else len(rows)
    scores = np.empty((len(queries), m), np.float32)
    step = max(1, _BLOCK // vectors.shape[1])
    for first in range(0, m, step):
        block = slice(first, min(m, first + step))
        copied = vectors[block].copy() if rows is None else copy_rows(vectors, rows[block])
        np.matmul(queries, copied.T, out=scores[:, block])
    return scores


def copy_rows(vectors: FloatArray, rows: IntArray) -> FloatArray:
    """Copy rows of mapped vectors to aligned memory, float32 (m, dim).

    Rows are copied as bytes: numpy copies unaligned numbers one at a time.
    """
    n, dim = vectors.shape
    whole = vectors.view(np.dtype((np.void, dim * vectors.itemsize))).reshape(n)
    return whole.take(rows).view(np.float32).reshape(len(rows), dim)


@contextmanager
def _one_thread_for(queries: FloatArray) -> Iterator[None]:
    """Keep FAISS from starting threads for a single query, which it cannot divide among them.

    It would wait for them all the same: half a millisecond, and much longer while other processes are busy. OpenMP
    keeps this setting for each thread, so threads that search at once do not change each other's.
    """
    if len(queries) != 1:
        yield
        return
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _best(scores: FloatArray, k: int) -> Neighbours:
    """Return the k highest finite scores, best first."""
    rows = np.argpartition(scores, -k)[-k:] if k < len(scores) else np.arange(len(scores))
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    rows = rows[np.isfinite(scores[rows])]
    return Neighbours(rows, scores[rows])


def _selector(allowed: BoolArray) -> Any:
    return faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
