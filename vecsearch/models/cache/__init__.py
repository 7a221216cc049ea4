"""Vectors kept by what they were made from: (model fingerprint, role, text) -> vector, for all indexes of a user.

One SQLite file: several processes may read and write it at once, a killed one leaves it whole. It is a cache and
no record: it may be deleted at any time, and what is damaged in it is dropped and encoded again, never believed.
It takes no more than a size that is set; beyond that, what was used least recently goes. Here is what the cache
promises and what happens when its file fails; the SQL is in `tables.py`, the bytes of a vector in `entries.py`.
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

from vecsearch.errors import CacheUnusable, InvalidOption
from vecsearch.models.cache import tables
from vecsearch.models.cache.connections import Connections, files_of
from vecsearch.models.cache.entries import entries_of, keys_of, vector_of
from vecsearch.models.cache.folder import DERIVED, bytes_of, cache_folder
from vecsearch.models.cache.options import CacheOptions, bytes_in, options_of
from vecsearch.reports import CachedModel, CacheInfo
from vecsearch.types import FloatArray, Role

__all__ = ["Cache", "cache_folder", "shared_cache"]

_FILE = "vectors-2.sqlite"  # the number is that of its format: two releases with different ones disturb no one
_KEPT = 0.95  # of its size stays when there is no more room, so that not every write has to make some
_USE_NOTED = 6 * 3600  # seconds after which a use is noted again; so a read hardly ever writes
_DAY = 24 * 3600
_FAULTS = (OSError, sqlite3.Error, ValueError, TypeError, LookupError, ArithmeticError, MemoryError)
_Result = TypeVar("_Result")


class Cache:
    """The vectors in `folder`, by default the user's; its file is made at the first write.

    `size` is what the file may take, in bytes or as "500MB", by default `$VECSEARCH_CACHE_SIZE`, else 10 GB; with 0
    nothing is read or kept. `precision` "float16" keeps half the bytes and is by default `$VECSEARCH_CACHE_PRECISION`,
    else float32; what is there already can be read with either. `clock` gives seconds since 1970.
    Any number of threads and processes may use it at once, also after a fork. Raises InvalidOption.
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
        """Whether vectors are kept: False after a failure that get() and put() have warned of."""
        return self._connections.usable

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        """The vectors that are known, float32 (dim,), by their text; a damaged one is not known."""
        if not texts or not self._options.size or not self._connections.exists():
            return {}
        keys = dict(zip(keys_of(fingerprint, role, dim, texts), texts, strict=True))
        return self._guarded(lambda db: self._read(db, keys, dim), {})

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray, model: str = "") -> None:
        """Makes `vectors[i]` the vector of `texts[i]`, in one transaction: all of them are kept or none.

        `model` is the model's name, for people.
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
        """What is kept, of which models, and what that takes on disk. Raises CacheUnusable."""
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
        """Removes all vectors, or those of a model, by its name or the start of its fingerprint; how many went.

        Raises InvalidOption when nothing is kept of such a model, CacheUnusable.
        """
        if model is None:
            return self._removed(tables.clear)
        held = self._held()
        meant = [row for row in held if row.name == model or (model and row.fingerprint.startswith(model))]
        if not meant:
            known = ", ".join(f"{row.name} ({row.fingerprint[:12]})" for row in held) or "none"
            raise InvalidOption(f"{self.path} holds nothing of a model {model!r}; the models it knows: {known}")
        return self._removed(lambda db: sum(tables.drop(db, "model = ?", (row.number,)) for row in meant))

    def prune(self, *, older_than: float | None = None, max_size: int | str | None = None) -> int:
        """Removes what was not used for so many days, then the least recently used beyond a size; how many went.

        The size is by default the cache's own. A use is known to six hours. Raises InvalidOption, CacheUnusable.
        """
        if older_than is not None and not older_than >= 0:
            raise InvalidOption(f"older_than is {older_than}; it is a number of days, 0 or more")
        size = self._options.size if max_size is None else bytes_in(max_size)

        def drop(db: sqlite3.Connection) -> int:
            unused = 0
            if older_than is not None:
                unused = tables.drop(db, "used <= ?", (self._clock() - older_than * _DAY,))
            return unused + tables.make_room(db, size, size)

        return self._removed(drop)

    def clear_derived(self) -> int:
        """Removes the files derived from models, which are made again when they are needed; how many bytes."""
        place = self._folder / DERIVED
        taken = bytes_of(place.rglob("*"))
        if place.exists():
            shutil.rmtree(place)
        return taken

    def close(self) -> None:
        """Close the file, also for others that share this cache; the next use opens it again."""
        self._connections.close()

    def _read(self, db: sqlite3.Connection, keys: dict[bytes, str], dim: int) -> dict[str, FloatArray]:
        now = int(self._clock())
        found: dict[str, FloatArray] = {}
        unnoted: set[int] = set()
        for key, checksum, stored, batch, used in tables.read(db, keys):
            vector = vector_of(key, checksum, stored, dim)
            if vector is None:
                continue
            found[keys[key]] = vector
            if used is not None and used <= now - _USE_NOTED:
                unnoted.add(batch)
        if unnoted:
            tables.note_use(db, unnoted, now)
        return found

    def _held(self) -> list[tables.Held]:
        nothing: list[tables.Held] = []
        return self._demanded(tables.held, nothing)

    def _removed(self, drop: Callable[[sqlite3.Connection], int]) -> int:
        """How many vectors `drop` removed; the disk has their bytes again."""

        def give_back(db: sqlite3.Connection) -> int:
            dropped = drop(db)
            tables.shrink(db, 0)
            tables.empty_log(db)
            return dropped

        return self._demanded(give_back, 0, writing=True)

    def _guarded(
        self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result, *, writing: bool = False
    ) -> _Result:
        """What `action` returns; `otherwise` when the cache cannot be used, which is no error here but a warning.

        A damaged file is replaced by a new one. What fails in another way, as a full disk, is warned of once, and then
        this cache is left alone.
        """
        connections = self._connections
        if not connections.usable:
            return otherwise
        generation = connections.generation
        try:
            with connections.lend(writing=writing) as db:
                return action(db)
        except _FAULTS as error:
            if _is_damage(error):
                self._replace(generation, error)
            elif connections.retire():
                self._warn(f"works without its cache of vectors, {self.path}: {error}")
        return otherwise

    def _demanded(
        self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result, *, writing: bool = False
    ) -> _Result:
        """What `action` returns; `otherwise` when there is no file or a damaged one. Raises CacheUnusable."""
        connections = self._connections
        if not connections.exists():
            return otherwise
        generation = connections.generation
        try:
            with connections.lend(writing=writing) as db:
                return action(db)
        except _FAULTS as error:
            if not _is_damage(error):
                raise CacheUnusable(
                    f"the cache {self.path} cannot be read or changed: {error}; "
                    "try again when no other process uses it, or see to its permissions"
                ) from error
            self._replace(generation, error)
        return otherwise

    def _replace(self, generation: int, error: Exception) -> None:
        if self._connections.replace(generation):
            self._warn(f"found its cache of vectors damaged and starts a new one, {self.path}: {error}")

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
    place = os.path.abspath(folder or cache_folder())  # Path.resolve() follows links
    with _sharing:
        cache = _shared.get((place, options))
        if cache is None or not cache.usable:
            cache = Cache(Path(place), size=options.size, precision=options.precision)
            _shared[place, options] = cache
        return cache


def _forget_lock() -> None:
    """In a child of a fork: no thread of the parent gives the lock back."""
    global _sharing
    _sharing = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


def _is_damage(error: Exception) -> bool:
    """Whether the file is to blame; not when it was locked too long, may not be written, or the disk is full.

    A table that is not as we made it is SQLITE_ERROR; changed bytes may also come out as another type or encoding.
    """
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR"  # said since Python 3.11
    return not isinstance(error, OSError)
