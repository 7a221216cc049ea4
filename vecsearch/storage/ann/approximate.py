"""The ANN index of a segment: codes find rows, the mapped vectors score them.

Derived from the vectors and rebuilt from them at any time. Deleted rows and filters are not known here: the caller
drops such rows from the results and fetches more.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from vecsearch.storage.ann.calibration import DEAREST, calibrate
from vecsearch.storage.ann.codes import make_codes, open_codes, search_codes
from vecsearch.storage.ann.entry import PQ4, AnnEntry
from vecsearch.storage.ann.faiss_file import write_index
from vecsearch.storage.ann.flat import Flat, Neighbours
from vecsearch.types import FloatArray

FEWEST = 8192  # rows; fewer are scanned in half a millisecond
FEWEST_DIMENSIONS = 32  # vectors of fewer are about as fast to scan as codes, which hardly tell them apart
_CODES = 32  # codes that are read in the time that scoring a row takes, at least


def write_approximate(
    path: Path, vectors: FloatArray, floor: float, queries: FloatArray | None = None
) -> AnnEntry | None:
    """Write codes of unit vectors, float32 (n, dim), calibrated to find at least the share `floor` of the nearest rows.

    Returns None, and writes no file, when exact search is as fast: for few rows or dimensions, for a floor of 1, and
    when the floor takes too many rows. `queries` are unit vectors of users' queries, (m, dim). Raises OSError; the
    caller then removes the file.
    """
    n, dim = vectors.shape
    if n < FEWEST or dim < FEWEST_DIMENSIONS or floor >= 1:
        return None
    index = make_codes(vectors)
    measured = calibrate(vectors, lambda some, k: search_codes(index, some, k), floor, queries)
    if measured is None:
        return None
    write_index(path, index)
    return AnnEntry(kind=PQ4, floor=float(floor), **measured._asdict())


def write_codes(path: Path, vectors: FloatArray) -> None:
    """Write the codes of unit vectors, float32 (n, dim), without calibration; raises OSError."""
    write_index(path, make_codes(vectors))


class Approximate:
    """Search for the nearest rows of a segment by codes, with exact scores.

    Any number of threads may search at once: no setting of the shared FAISS index changes.
    """

    def __init__(self, path: Path, flat: Flat, entry: AnnEntry, content: bytes | None = None) -> None:
        """Open the file, or `content` in its place; raises IndexDamaged when it holds no codes of these vectors."""
        self.entry = entry
        self._flat = flat
        self._rows, dim = flat.vectors.shape
        self._index = open_codes(path, self._rows, dim, content)
        self._candidates = cache(entry.candidates)

    def saves(self, fetch: int, live: int) -> bool:
        """Whether finding `fetch` rows costs less than scoring all `live` rows."""
        candidates = self._candidates(fetch)
        return candidates is not None and candidates * DEAREST + self._rows // _CODES <= live

    def search(self, queries: FloatArray, fetch: int) -> list[Neighbours]:
        """Return `fetch` rows for each query, float32 (q, dim), among them the measured share of the nearest.

        Exact when `fetch` is so large that the codes save nothing.
        """
        candidates = self._candidates(fetch)
        if candidates is None or not self.saves(fetch, self._rows):
            return self._flat.scan(queries, fetch)
        rows_of = np.sort(search_codes(self._index, queries, candidates), axis=1)  # read in the order of the file
        return [self._flat.among(query, rows[rows >= 0], fetch) for query, rows in zip(queries, rows_of, strict=True)]
