"""What an open index does with its own files: versions, tags, verification, export.

The base of `Index`, which adds documents and searches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path

from vecsearch.errors import IndexDamaged, InvalidOption
from vecsearch.reports import Info, Verification, Version
from vecsearch.storage.store import Store
from vecsearch.upkeep import exchange, history
from vecsearch.upkeep.repair import repair as repair_files
from vecsearch.upkeep.summary import describe
from vecsearch.upkeep.verify import verify as verify_files


class Upkeep:
    """A store, and the version of it that reads see."""

    def __init__(self, store: Store, version: int | None) -> None:
        self._store = store
        self._pinned = version
        self._snapshot = store.snapshot(version)
        self._wait = 0.0

    @property
    def path(self) -> Path:
        """The index's folder."""
        return self._store.path

    def refresh(self) -> None:
        """Reads see the current version from now on; an index opened as a version of the past stays with that."""
        if self._pinned is None:
            self._snapshot = self._store.snapshot(reuse=self._snapshot)

    def info(self) -> Info:
        """What the index holds, with which model, and how much disk it takes."""
        return describe(self._store, self._snapshot.manifest)

    def log(self) -> list[Version]:
        """The versions that are kept, the newest first."""
        return history.log(self._store)

    def restore(self, version: int | str) -> None:
        """The index holds what it held as the version, or tag, named; a new version, for which nothing is rewritten."""
        with self._writing():
            history.restore(self._store, history.numbered(self._store, version))

    def tag(self, name: str, version: int | str | None = None) -> None:
        """The version, by default the one that reads see, has this name and is kept as long as it has.

        It is named by its number or another tag. A name that another version had is taken from that.
        """
        with self._writing():
            seen = self._snapshot.manifest.version
            history.tag(self._store, name, seen if version is None else history.numbered(self._store, version))

    def untag(self, name: str) -> None:
        """No version has this name; the one that had it is kept no longer than others."""
        with self._writing():
            history.untag(self._store, name)

    def keep_versions(self, n: int) -> None:
        """From now on the newest `n` versions stay on disk, besides those with a tag."""
        with self._writing():
            history.keep(self._store, n)

    def verify(self, *, repair: bool = False) -> Verification:
        """What is wrong with the files of the index; see `verify_index`."""
        found = _verified(self._store, repair=repair, wait=self._wait)
        if found.repaired:
            with suppress(IndexDamaged):  # what is still damaged is in `found`
                self._snapshot = self._store.snapshot(self._pinned)  # nothing shared: what is open may be damaged
        return found

    def discard_if_empty(self) -> bool:
        """There is no index any more where nothing was committed since it was made; whether that was so.

        Its folder goes when this object was made by `create`, which made it; else it is left empty.
        """
        return history.discard_if_empty(self._store)

    def export(self, file: str | PathLike[str]) -> int:
        """Writes the chunks that a search can find, with vectors, to a Parquet file; how many they are."""
        return exchange.export(self._snapshot, Path(file))

    def _check_writable(self) -> None:
        if self._pinned is not None:
            raise InvalidOption(
                f"{self.path} was opened as version {self._pinned}, to read: open it without a version to write"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Only this process writes; afterwards reads see what was written."""
        self._check_writable()
        with self._store.locked(self._wait):
            yield
        self.refresh()


def verify_index(path: str | PathLike[str], *, repair: bool = False, wait: float = 0.0) -> Verification:
    """What is wrong with the files of an index, after all of them were read; it need not be whole enough to open.

    With `repair`, what is derived is made anew where it is damaged. Nothing else is changed or dropped. Raises
    IndexNotFound, and IndexLocked when another process still writes after `wait` seconds.
    """
    return _verified(Store(Path(path)), repair=repair, wait=wait)


def restore_version(path: str | PathLike[str], version: int | str, *, wait: float = 0.0) -> Info:
    """What an index holds after it went back to a version or tag; its current version need not be whole.

    Raises IndexNotFound for a version that is not kept, IndexDamaged for one whose files are not there.
    """
    store = Store(Path(path))
    number = history.numbered(store, version)
    with store.locked(wait):
        history.restore(store, number)
    return describe(store, store.manifest())


def _verified(store: Store, *, repair: bool, wait: float) -> Verification:
    found = verify_files(store)
    if not repair or found.ok:
        return found
    with store.locked(wait):
        repaired = repair_files(store, verify_files(store).problems)  # anew: another process may have written
    return replace(verify_files(store), repaired=repaired)
