"""Cache of vectors by their origin: (model fingerprint, role, text) -> vector, for all indexes of a user.

One SQLite file: several processes may read and write it at once, and a killed one leaves it whole. It is a cache, not
a record: it may be deleted at any time, and damaged entries are dropped and encoded again. Beyond its size, what was
used least recently is dropped. Here is what the cache promises, and what happens when its file fails; the SQL is in
`tables`, the connections of threads are in `connections`, the bytes of a vector in `entries`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from time import time
from typing import TypeVar
from weakref import WeakValueDictionary

from vecsearch.checks import check_number
from vecsearch.errors import CacheUnusable, InvalidOption
from vecsearch.models.cache import tables
from vecsearch.models.cache.connections import Connections, files_of
from vecsearch.models.cache.entries import entries_of, keys_of, vector_of
from vecsearch.models.cache.folder import DERIVED, bytes_of, cache_folder
from vecsearch.models.cache.options import CacheOptions, bytes_in, options_of
from vecsearch.reports import CachedModel, CacheInfo
from vecsearch.types import FloatArray, Role

__all__ = ["Cache", "cache_folder", "shared_cache"]

_FILE = "vectors-2.sqlite"  # the number is its format's: releases with different formats do not share a file
_KEPT = 0.95  # share of the size that stays when room is made, so that not every write has to make some
_USE_NOTED = 6 * 3600  # seconds after which a use is noted again, so that a read hardly ever writes
_DAY = 24 * 3600
_FAULTS = (OSError, sqlite3.Error, ValueError, TypeError, LookupError, ArithmeticError, MemoryError)
_Result = TypeVar("_Result")


class Cache:
    """The cache in `folder`, by default the user's; its file is created by the first write.

    `size` is the most that the file takes, in bytes or as "500MB", by default `$VECSEARCH_CACHE_SIZE`, else 10 GB; with
    0 nothing is read or stored. `precision` is "float32" or "float16", which halves the bytes, by default
    `$VECSEARCH_CACHE_PRECISION`, else float32; stored vectors can be read with either. `clock` returns seconds since
    1970. Any number of threads and processes may use it at once, also after a fork. Raises InvalidOption.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        size: int | str | None = None,
        precision: str | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._folder = folder or cache_folder()
        self._options = options_of(size, precision)
        self._clock = clock
        self._connections = Connections(self.path)

    @property
    def path(self) -> Path:
        """The file of vectors."""
        return self._folder / _FILE

    @property
    def usable(self) -> bool:
        """Whether get() and put() work: False once they have warned of a failure."""
        return self._connections.writable

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """Return the vectors in the cache, float32 (dim,), by their text; damaged ones are left out."""
        if not texts or not self._options.size or not self._connections.exists():
            return {}
        keys = dict(zip(keys_of(fingerprint, role, dim, texts), texts, strict=True))
        return self._guarded(lambda db: self._read(db, keys, dim), {})

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray, model: str = "") -> None:
        """Store `vectors[i]` as the vector of `texts[i]`, all of them or none.

        `model` is the name to show for the model.
        """
        size = self._options.size
        if not texts or not size:
            return
        entries = entries_of(keys_of(fingerprint, role, vectors.shape[1], texts), vectors, self._options.precision)

        def write(db: sqlite3.Connection) -> None:
            tables.write(db, fingerprint, model, entries, int(self._clock()))
            tables.make_room(db, size, int(_KEPT * size))
            tables.shrink(db, size)

        self._guarded(write, None, writing=True)

    def info(self) -> CacheInfo:
        """Describe what is stored, of which models, and how much disk it takes. Raises CacheUnusable."""
        held = self._held()
        models = [CachedModel(row.name, row.fingerprint, row.vectors, row.bytes, row.newest_use) for row in held]
        return CacheInfo(
            path=str(self.path),
            bytes=bytes_of(files_of(self.path)),
            size=self._options.size,
            vectors=sum(model.vectors for model in models),
            oldest_use=min((row.oldest_use for row in held), default=None),
            models=tuple(models),
            derived_bytes=bytes_of((self._folder / DERIVED).rglob("*")),
        )

    def clear(self, model: str | None = None) -> int:
        """Remove all vectors, or those of a model, by its name or the start of its fingerprint; return how many.

        Raises InvalidOption when no such model has vectors, CacheUnusable.
        """
        if model is None:
            return self._removed(tables.clear)
        held = self._held()
        chosen = [row for row in held if row.name == model or (model and row.fingerprint.startswith(model))]
        if not chosen:
            models = ", ".join(f"{row.name} ({row.fingerprint[:12]})" for row in held) or "none"
            raise InvalidOption(f"{self.path} has no vectors of model {model!r}; its models: {models}")
        return self._removed(lambda db: sum(tables.drop(db, "model = ?", (row.number,)) for row in chosen))

    def prune(self, *, older_than: float | None = None, max_size: int | str | None = None) -> int:
        """Remove vectors unused for `older_than` days, then the least recently used beyond `max_size`; return how many.

        `max_size` is by default the cache's own. A use is known to six hours. Raises InvalidOption, CacheUnusable.
        """
        days = None if older_than is None else check_number("older_than", older_than, 0)
        size = self._options.size if max_size is None else bytes_in(max_size)

        def drop(db: sqlite3.Connection) -> int:
            unused = 0
            if days is not None:
                unused = tables.drop(db, "used <= ?", (self._clock() - days * _DAY,))
            return unused + tables.make_room(db, size, size)

        return self._removed(drop)

    def clear_derived(self) -> int:
        """Remove the files derived from models, which are made again when needed; return how many bytes."""
        folder = self._folder / DERIVED
        freed = bytes_of(folder.rglob("*"))
        if folder.exists():
            shutil.rmtree(folder)
        return freed

    def close(self) -> None:
        """Close the file, also for others that share this cache; the next use opens it again."""
        self._connections.close()

    def _read(self, db: sqlite3.Connection, keys: dict[bytes, str], dim: int) -> dict[str, FloatArray]:
        now = int(self._clock())
        vectors: dict[str, FloatArray] = {}
        unnoted: set[int] = set()
        for key, checksum, stored, batch, used in tables.read(db, keys):
            vector = vector_of(key, checksum, stored, dim)
            if vector is None:
                continue
            vectors[keys[key]] = vector
            if used is not None and used <= now - _USE_NOTED:
                unnoted.add(batch)
        if unnoted:
            tables.note_use(db, unnoted, now)
        return vectors

    def _held(self) -> list[tables.Held]:
        nothing: list[tables.Held] = []
        return self._required(tables.held, nothing)

    def _removed(self, drop: Callable[[sqlite3.Connection], int]) -> int:
        """How many vectors `drop` removed; their disk space is freed."""

        def drop_and_free(db: sqlite3.Connection) -> int:
            dropped = drop(db)
            tables.shrink(db, 0)
            tables.empty_log(db)
            return dropped

        return self._required(drop_and_free, 0, writing=True)

    def _guarded(
        self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result, *, writing: bool = False
    ) -> _Result:
        """Return what `action` returns, or `otherwise` when it fails, with a warning.

        A corrupt file is recreated. After any other failed write, to a full disk, without permission, or while another
        process holds the file, this cache is only read; after a failed read it is not used again.
        """
        connections = self._connections
        if not (connections.writable if writing else connections.usable):
            return otherwise
        generation = connections.generation
        try:
            return connections.run(action, writing=writing)
        except _FAULTS as error:
            if _is_damage(error):
                self._replace(generation, error)
            elif writing and self.path.is_file():
                if connections.stop_writing():
                    self._warn(f"keeps no new vectors in its cache, {self.path}: {error}")
            elif connections.retire():
                self._warn(f"works without its cache of vectors, {self.path}: {error}")
        return otherwise

    def _required(
        self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result, *, writing: bool = False
    ) -> _Result:
        """Return what `action` returns, or `otherwise` without a file or with a corrupt one. Raises CacheUnusable."""
        connections = self._connections
        if not connections.exists():
            return otherwise
        generation = connections.generation
        try:
            return connections.run(action, writing=writing)
        except _FAULTS as error:
            if not _is_damage(error):
                raise CacheUnusable(
                    f"the cache {self.path} cannot be read or changed: {error}; "
                    "try again when no other process uses it, or check its permissions"
                ) from error
            self._replace(generation, error)
        return otherwise

    def _replace(self, generation: int, error: Exception) -> None:
        if self._connections.replace(generation):
            self._warn(f"found a damaged cache of vectors and starts a new one, {self.path}: {error}")

    def _warn(self, message: str) -> None:
        warnings.warn(f"vecsearch {message}", RuntimeWarning, stacklevel=5)


_shared: WeakValueDictionary[tuple[str, CacheOptions], Cache] = WeakValueDictionary()
_sharing = Lock()


def shared_cache(folder: Path | None = None, *, size: int | str | None = None, precision: str | None = None) -> Cache:
    """Return the one Cache of this process for a folder and options, by default those of the environment now.

    A thousand indexes that hold it take the file descriptors of one. Hold it as long as it is used and let go of it
    without close(): its file is closed when nobody holds it. A cache that has failed is not given to new holders, who
    try again with one of their own. Raises InvalidOption.
    """
    options = options_of(size, precision)
    location = os.path.abspath(folder or cache_folder())  # Path.resolve() follows links
    with _sharing:
        cache = _shared.get((location, options))
        if cache is None or not cache.usable:
            cache = Cache(Path(location), size=options.size, precision=options.precision)
            _shared[location, options] = cache
        return cache


def _forget_lock() -> None:
    """After a fork, in the child: a thread that held the lock does not exist there."""
    global _sharing
    _sharing = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


def _is_damage(error: Exception) -> bool:
    """Whether the file is corrupt, and not just locked too long, without permission, or on a full disk.

    A table that is not as we made it is SQLITE_ERROR; changed bytes may also read as another type or encoding.
    """
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR"  # since Python 3.11
    return not isinstance(error, OSError)
