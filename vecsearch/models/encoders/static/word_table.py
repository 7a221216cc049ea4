"""Words and their vectors, parsed once from a file of word vectors, then mapped from the cache folder.

The cached file: SHA-256 of the small parts, three numbers (n, dim, bytes of the words), the matrix, the mean of its
rows, the words. The matrix is not part of the digest: checking it would read all of it, a gigabyte for a query of three
words. It is complete when the file has its length, as it was flushed before the file got its name.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from vecsearch.files import replacing
from vecsearch.models.cache.folder import check_own, make_folder
from vecsearch.models.encoders.derived_files import model_cache
from vecsearch.models.encoders.fingerprint import file_hash
from vecsearch.models.encoders.static.word_vector_file import WordFile, read_blocks
from vecsearch.types import FloatArray

_Bytes: TypeAlias = npt.NDArray[np.uint8]

_VERSION = 1  # part of a cached table's name: count up when its layout or the reading of files changes
_DIGEST_BYTES = hashlib.sha256().digest_size
_NUMBERS = struct.Struct("<QQQ")
_MATRIX_START = 64  # the digest, the numbers, and zeros up to here, so that the matrix is aligned


@dataclass(frozen=True, slots=True)
class WordTable:
    """`vectors[rows[word]]` is the vector of a word, float32 (n, dim); `mean` float32 (dim,) that of all of them."""

    rows: Mapping[str, int]
    vectors: FloatArray
    mean: FloatArray


def load_table(file: WordFile) -> WordTable:
    """Return the table of a file, mapped from the cache or parsed; a word that occurs twice keeps its first vector.

    Raises ModelDamaged as read_blocks() does. A cache folder that cannot be written costs time and memory only.
    """
    path = model_cache() / f"{file_hash(file.path)}.{_VERSION}.words"
    return _mapped(path) or _written(path, file) or _parsed(file)


def _mapped(path: Path) -> WordTable | None:
    """The table in a cached file; None when it is missing, unreadable or altered."""
    try:
        check_own(path)
        return _table(np.memmap(path, np.uint8, "r"))
    except (OSError, ValueError):  # the latter also from numpy, which maps no empty file
        return None


def _written(path: Path, file: WordFile) -> WordTable | None:
    """The table of a file, written to `path` and mapped from there; None when that cannot be written."""
    try:
        make_folder(path.parent)
        check_own(path)
        with replacing(path, private=True) as stream:
            _write(stream, file)
    except OSError:  # disk full, no permission; on Windows also: another process has the file open
        return None
    return _mapped(path)


def _parsed(file: WordFile) -> WordTable:
    """The table of a file, in memory."""
    stream = io.BytesIO()
    _write(stream, file)
    return _table(np.frombuffer(stream.getbuffer(), np.uint8))


def _table(content: _Bytes) -> WordTable:
    """The table in a file's content, not copied; raises ValueError for altered content."""
    if len(content) < _MATRIX_START:
        raise ValueError(f"{len(content)} bytes")
    n, dim, word_bytes = _NUMBERS.unpack_from(content.data, _DIGEST_BYTES)
    matrix_end = _MATRIX_START + 4 * n * dim
    if len(content) != matrix_end + 4 * dim + word_bytes:
        raise ValueError(f"{len(content)} bytes for {n} words of {dim} numbers")
    numbers, small = content[_DIGEST_BYTES:_MATRIX_START].tobytes(), content[matrix_end:].tobytes()
    if hashlib.sha256(numbers + small).digest() != content[:_DIGEST_BYTES].tobytes():
        raise ValueError("another digest")
    words = small[4 * dim :].decode().split("\n")
    vectors = np.asarray(content[_MATRIX_START:matrix_end]).view("<f4").reshape(n, dim)
    mean = np.frombuffer(small, "<f4", dim)
    return WordTable(dict(zip(words, range(n), strict=True)), _native(vectors), _native(mean))


def _native(numbers: npt.NDArray[Any]) -> FloatArray:
    return numbers.astype(np.float32, copy=False)


def _write(stream: BinaryIO, file: WordFile) -> None:
    words: dict[str, None] = {}
    total = np.zeros(file.dim)
    stream.write(bytes(_MATRIX_START))
    for block, vectors in read_blocks(file):
        new_rows = []
        for row, word in enumerate(block):
            if (word := word.replace("\n", " ")) not in words:
                words[word] = None
                new_rows.append(row)
        kept = vectors[new_rows]
        total += kept.sum(axis=0, dtype=np.float64)
        stream.write(kept.astype("<f4", copy=False).data)
    small = (total / len(words)).astype("<f4").tobytes() + "\n".join(words).encode()
    stream.write(small)
    numbers = _NUMBERS.pack(len(words), file.dim, len(small) - 4 * file.dim)
    numbers += bytes(_MATRIX_START - _DIGEST_BYTES - len(numbers))
    stream.seek(0)
    stream.write(hashlib.sha256(numbers + small).digest() + numbers)
