"""Upkeep of an index: versions and tags, compaction, verification and repair, export and import.

Here are the two that work on an index which is too damaged to be opened.
"""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from vecsearch.reports import Info, Verification
from vecsearch.storage.store import Store
from vecsearch.upkeep import history
from vecsearch.upkeep.repair import repair as repair_files
from vecsearch.upkeep.summary import describe
from vecsearch.upkeep.verify import verify as verify_files


def verify_index(path: str | PathLike[str], *, repair: bool = False, wait: float = 0.0) -> Verification:
    """What is wrong with the files of an index, after all of them were read; it need not be whole enough to open.

    With `repair`, what is derived is made anew where it is damaged. Nothing else is changed or dropped. Raises
    IndexNotFound, and IndexLocked when another process still writes after `wait` seconds.
    """
    return verified(Store(Path(path)), repair=repair, wait=wait)


def restore_version(path: str | PathLike[str], version: int | str, *, wait: float = 0.0) -> Info:
    """What an index holds after it went back to a version or tag; its current version need not be whole.

    Raises IndexNotFound for a version that is not kept, IndexDamaged for one whose files are not there.
    """
    store = Store(Path(path))
    number = history.numbered(store, version)
    with store.locked(wait):
        history.restore(store, number)
    return describe(store, store.manifest())


def verified(store: Store, *, repair: bool, wait: float) -> Verification:
    """What `verify_index` returns, for an open store."""
    found = verify_files(store)
    if not repair or found.ok:
        return found
    with store.locked(wait):
        repaired = repair_files(store, verify_files(store).problems)  # anew: another process may have written
    return replace(verify_files(store), repaired=repaired)
