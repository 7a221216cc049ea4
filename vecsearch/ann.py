"""Vectors in FAISS files, and the search in them. The only file that imports faiss.

Rows are numbered from 0 in the order they were written. FAISS's padding (-1) never leaves this file.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NamedTuple

import faiss as faiss_library
import numpy as np

from vecsearch.errors import IndexDamaged
from vecsearch.types import BoolArray, FloatArray, IntArray

faiss: Any = faiss_library  # its type stubs know the C++ signatures, not those that its Python layer adds
_SCORES_AT_ONCE = 32_000_000  # 128 MB


class Found(NamedTuple):
    """The rows nearest to one query: int64 (m,), best first, and their float32 (m,) inner products with it."""

    rows: IntArray
    scores: FloatArray


class Flat:
    """Unit vectors that are searched exactly, mapped from the file and not read into memory."""

    def __init__(self, path: Path) -> None:
        """Opens the file; raises IndexDamaged when FAISS cannot read it as a flat inner-product index."""
        self._index = _open(path)
        if not isinstance(self._index, faiss.IndexFlat) or self._index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise IndexDamaged(f"{path} holds {type(self._index).__name__}, expected IndexFlatIP")

    @property
    def vectors(self) -> FloatArray:
        """Every row, float32 (n, dim), without a copy; read only."""
        return np.asarray(_Mapped(self._index))

    def search(self, queries: FloatArray, k: int, allowed: BoolArray | None = None) -> list[Found]:
        """For each of the queries, float32 (q, dim), the k rows with the highest inner product.

        Only rows where `allowed`, bool (n,), is true; fewer than k only when fewer are allowed.
        """
        parameters = None if allowed is None else faiss.SearchParameters(sel=_selector(allowed))
        scores, rows = self._index.search(queries, min(k, self._index.ntotal), params=parameters)
        return [Found(ids[ids >= 0], values[ids >= 0]) for ids, values in zip(rows, scores, strict=True)]

    def scan(
        self, queries: FloatArray, k: int, allowed: BoolArray | None = None, scale: FloatArray | None = None
    ) -> list[Found]:
        """As `search`, by scoring every row: cheaper for a large k. `scale`, float32 (n,), multiplies the scores."""
        vectors = self.vectors
        found: list[Found] = []
        step = max(1, _SCORES_AT_ONCE // max(1, len(vectors)))
        for first in range(0, len(queries), step):
            scores = queries[first : first + step] @ vectors.T  # (step, n)
            if scale is not None:
                scores *= scale
            if allowed is not None:
                scores[:, ~allowed] = -np.inf
            found += [_best(row, k) for row in scores]
        return found


class _Mapped:
    """What numpy makes an array of: the rows of a FAISS index, which stays mapped as long as the array is used."""

    def __init__(self, index: Any) -> None:
        self._index = index
        rows = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d).reshape(index.ntotal, index.d)
        self.__array_interface__ = {**rows.__array_interface__, "data": (rows.ctypes.data, True)}  # True: read only


def write_flat(path: Path, vectors: FloatArray) -> None:
    """Writes unit vectors, float32 (n, dim), to a file that plain faiss can open; raises OSError."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    try:
        with open(path, "wb") as stream:  # FAISS's own files say nothing when the disk is full as they are closed
            faiss.write_index(index, faiss.PyCallbackIOWriter(stream.write))
    except RuntimeError as error:
        raise OSError(errno.EIO, _reason(error), str(path)) from None


def _best(scores: FloatArray, k: int) -> Found:
    """The k highest finite scores, best first."""
    rows = np.argpartition(scores, -k)[-k:] if k < len(scores) else np.arange(len(scores))
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    rows = rows[np.isfinite(scores[rows])]
    return Found(rows, scores[rows])


def _open(path: Path) -> Any:
    try:
        try:
            return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError:
            return faiss.read_index(os.fspath(path))  # where files cannot be mapped
    except (RuntimeError, MemoryError) as error:
        raise IndexDamaged(f"{path} cannot be read as a FAISS index: {_reason(error)}") from None


def _selector(allowed: BoolArray) -> Any:
    return faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))


def _reason(error: Exception) -> str:
    """FAISS's message without the C++ function and file it begins with."""
    return str(error).splitlines()[-1].rpartition("Error: ")[2].strip()
