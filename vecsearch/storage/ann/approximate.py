"""The approximate structure of a segment: codes find rows, the mapped vectors score them.

Derived from the vectors and made again from them at any time. What is deleted or left out by a condition is not
known here: who asks takes those out, and asks for more.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from vecsearch.storage.ann.calibration import DEAREST, calibrate
from vecsearch.storage.ann.codes import make_codes, nearest_by_code, open_codes
from vecsearch.storage.ann.entry import PQ4, AnnEntry
from vecsearch.storage.ann.faiss_file import write_index
from vecsearch.storage.ann.flat import Flat, Found
from vecsearch.types import FloatArray

FEWEST = 8192  # rows; fewer are scanned in half a millisecond
FEWEST_DIMENSIONS = 32  # vectors of fewer are about as fast to scan as codes, which hardly tell them apart
_CODES = 32  # codes that are read in the time of a row, or more


def write_approximate(
    path: Path, vectors: FloatArray, floor: float, asked: FloatArray | None = None
) -> AnnEntry | None:
    """Writes codes of unit vectors, float32 (n, dim), which find at least the share `floor` of the nearest rows.

    None, and no file, when exact search is as fast: for few rows or dimensions, for a floor of 1, and where the floor
    takes too many rows. `asked` are unit vectors of what users have asked, (m, dim). Raises OSError; what was written
    until then is for the caller to remove.
    """
    n, dim = vectors.shape
    if n < FEWEST or dim < FEWEST_DIMENSIONS or floor >= 1:
        return None
    index = make_codes(vectors)
    measured = calibrate(vectors, lambda queries, k: nearest_by_code(index, queries, k), floor, asked)
    if measured is None:
        return None
    write_index(path, index)
    return AnnEntry(kind=PQ4, floor=float(floor), **measured._asdict())


def write_codes(path: Path, vectors: FloatArray) -> None:
    """Writes the codes of unit vectors, float32 (n, dim), without measuring anything; raises OSError."""
    write_index(path, make_codes(vectors))


class Approximate:
    """Nearest rows of a segment, found by codes and scored exactly; for any number of threads at once.

    Nothing is set on the FAISS index that they share.
    """

    def __init__(self, path: Path, flat: Flat, entry: AnnEntry) -> None:
        """Opens the file; raises IndexDamaged when it does not hold codes of these vectors."""
        self.entry = entry
        self._flat = flat
        self._rows, dim = flat.vectors.shape
        self._index = open_codes(path, self._rows, dim)
        self._candidates = cache(entry.candidates)

    def saves(self, fetch: int, live: int) -> bool:
        """Whether finding `fetch` rows costs less than scoring the `live` ones that are there."""
        candidates = self._candidates(fetch)
        return candidates is not None and candidates * DEAREST + self._rows // _CODES <= live

    def search(self, queries: FloatArray, fetch: int) -> list[Found]:
        """For each of the queries, float32 (q, dim), `fetch` rows, of the nearest the share that was measured.

        Exact where so many are asked for that codes save nothing.
        """
        candidates = self._candidates(fetch)
        if candidates is None or not self.saves(fetch, self._rows):
            return self._flat.scan(queries, fetch)
        found = np.sort(nearest_by_code(self._index, queries, candidates), axis=1)  # read in the order of the file
        return [self._flat.among(query, rows[rows >= 0], fetch) for query, rows in zip(queries, found, strict=True)]
