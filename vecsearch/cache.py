"""Vectors kept by what they were made from: (model fingerprint, role, text) -> vector, for all indexes of a user.

One SQLite file: several processes may read and write it at once, a killed one leaves it whole. It is a cache and
no record: it may be deleted at any time, and what is damaged in it is dropped and encoded again, never believed.
Sources: SQLite's write-ahead log (sqlite.org/wal.html) for the concurrency, its pragma documentation for the rest.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np

from vecsearch.types import FloatArray, Role

_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL)"
_ASKED_AT_ONCE = 500  # below SQLite's oldest limit of 999 parameters in a statement
_BUSY_SECONDS = 60.0  # how long another process's write is waited for
_Result = TypeVar("_Result")


def cache_folder() -> Path:
    """Where derived files are kept: `$VECSEARCH_CACHE`, else the user's cache folder of the operating system."""
    named = os.environ.get("VECSEARCH_CACHE")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("vecsearch", appauthor=False)


class Cache:
    """The vectors in `folder`, made at the first write. If it cannot be used, work goes on without, with a warning."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "vectors.sqlite"
        self._connection: sqlite3.Connection | None = None
        self._usable = True
        self._lock = Lock()  # threads share the connection, and with it the transaction

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """The vectors that are known, float32 (dim,), by their text; a damaged one is not known."""
        keys = {_key(fingerprint, role, text): text for text in texts}
        if not keys or not (self._connection or self.path.exists()):
            return {}
        return self._guarded(lambda db: dict(_read(db, keys, dim)), {})

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray) -> None:
        """Makes `vectors[i]` the vector of `texts[i]`, in one transaction: all of them are kept or none."""
        rows = []
        for text, vector in zip(texts, vectors, strict=True):
            key, blob = _key(fingerprint, role, text), vector.astype("<f4").tobytes()
            rows.append((key, blob, _checksum(key, blob)))
        self._guarded(lambda db: _write(db, rows), None)

    def close(self) -> None:
        """Lets go of the file; the next use opens it again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _guarded(self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result) -> _Result:
        """What `action` gives; a damaged file is set up anew and said, an unusable one is said once and left alone."""
        with self._lock:
            if not self._usable:
                return otherwise
            try:
                return action(self._open())
            except (OSError, sqlite3.Error, ValueError, TypeError, LookupError, MemoryError) as error:
                if _is_damage(error):
                    self._discard()
                    self._warn(f"found its cache of vectors damaged and starts a new one, {self.path}: {error}")
                else:
                    self._usable = False
                    self.close()
                    self._warn(f"works without its cache of vectors, {self.path}: {error}")
            return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last writes, not the file
            connection.execute(_SCHEMA)
        return self._connection

    def _discard(self) -> None:
        """Moves the damaged file out of the way; another process that has it open keeps what it has."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self.path}{suffix}").unlink()

    def _warn(self, message: str) -> None:
        warnings.warn(f"vecsearch {message}", RuntimeWarning, stacklevel=4)


def _is_damage(error: Exception) -> bool:
    """Whether the file is to blame; not when it was locked too long, may not be written, or the disk is full.

    A table that is not as we made it is SQLITE_ERROR; changed bytes may also come out as another type or encoding.
    """
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR"  # said since Python 3.11
    return not isinstance(error, OSError)


def _read(db: sqlite3.Connection, keys: dict[bytes, str], dim: int) -> Iterator[tuple[str, FloatArray]]:
    wanted = list(keys)
    for first in range(0, len(wanted), _ASKED_AT_ONCE):
        asked = wanted[first : first + _ASKED_AT_ONCE]
        marks = ",".join("?" * len(asked))
        rows = db.execute(f"SELECT key, vector, checksum FROM vectors WHERE key IN ({marks})", asked)  # noqa: S608
        for key, blob, checksum in rows:
            if len(blob) == 4 * dim and checksum == _checksum(key, blob):
                yield keys[key], np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)


def _write(db: sqlite3.Connection, rows: list[tuple[bytes, bytes, int]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _key(fingerprint: str, role: Role, text: str) -> bytes:
    """128 bits: two of a billion texts share a key with a chance of about 1e-21."""
    digest = hashlib.blake2b(f"{fingerprint}\0{role.value}\0".encode(), digest_size=16)
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


def _checksum(key: bytes, blob: bytes) -> int:
    return zlib.crc32(blob, zlib.crc32(key))
