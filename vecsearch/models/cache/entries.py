"""One stored vector: a key made from its origin, its bytes, and a checksum over both. No I/O.

A vector is stored as float32, bit by bit, or as float16 where that moves it by less than a thousandth of its length:
rounding moves it by at most 2^-11 unless a value is above 65504, where float16 ends, or next to zero, where it grows
coarse. The number of bytes tells the two apart, since the number of dimensions is part of the key.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vecsearch.models.cache.options import StoredPrecision
from vecsearch.types import BoolArray, FloatArray, Role

KEY_BYTES = 16  # two of a billion texts share a key with a chance of about 1e-21
_FLOAT32, _FLOAT16 = np.dtype("<f4"), np.dtype("<f2")
_MOST_MOVED = 1e-3  # of its length, by rounding to float16


class Entry(NamedTuple):
    """A stored vector."""

    key: bytes
    checksum: int
    vector: bytes


def keys_of(fingerprint: str, role: Role, dim: int, texts: Sequence[str]) -> list[bytes]:
    """Return the key of each text's vector."""
    model = hashlib.blake2b(f"{fingerprint}\0{role.value}\0{dim}\0".encode(), digest_size=KEY_BYTES)
    keys = []
    for text in texts:
        digest = model.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        keys.append(digest.digest())
    return keys


def entries_of(keys: Sequence[bytes], vectors: FloatArray, precision: StoredPrecision) -> list[Entry]:
    """Return the entries that store `vectors[i]`, float32 (n, dim), under `keys[i]`."""
    exact = vectors.astype(_FLOAT32)
    stored = [vector.tobytes() for vector in exact]
    if precision is StoredPrecision.FLOAT16:
        half, faithful = _halved(exact)
        for row in np.flatnonzero(faithful):
            stored[row] = half[row].tobytes()
    return [Entry(key, _checksum(key, vector), vector) for key, vector in zip(keys, stored, strict=True)]


def _halved(exact: FloatArray) -> tuple[npt.NDArray[np.float16], BoolArray]:
    """The vectors in float16, and which of them differ only by rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        half = exact.astype(_FLOAT16)
        moved = np.linalg.norm(half.astype(np.float32) - exact, axis=1)
        return half, moved < _MOST_MOVED * np.linalg.norm(exact, axis=1)  # False where a value is not finite


def vector_of(key: bytes, checksum: int, vector: bytes, dim: int) -> FloatArray | None:
    """Return the vector, float32 (dim,); None when the bytes are not those that were stored, or not a vector's.

    A checksum keeps damage out, and not what another program has written: so no number is believed that no encoder may
    give.
    """
    dtype = _FLOAT32 if len(vector) == 4 * dim else _FLOAT16 if len(vector) == 2 * dim else None
    if dtype is None or checksum != _checksum(key, vector):
        return None
    values = np.frombuffer(vector, dtype).astype(np.float32, copy=False)
    return values if _is_vector(values) else None


def _is_vector(values: FloatArray) -> bool:
    """Whether all numbers are finite and some are not zero."""
    with np.errstate(over="ignore", invalid="ignore"):
        square = float(np.dot(values, values))  # a fraction of what a look at each number costs
    if 0 < square < inf:
        return True
    return bool(np.isfinite(values).all() and values.any())


def _checksum(key: bytes, vector: bytes) -> int:
    return zlib.crc32(vector, zlib.crc32(key))
