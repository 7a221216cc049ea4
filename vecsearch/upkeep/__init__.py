"""Upkeep of an index: versions and tags, compaction, verification and repair, export and import.

    versions    the log, tags, and going back to a version; start here
    compaction  all live rows in one segment
    verify      checking every byte of an index
    repair      rebuilding damaged files from others
    exporting   an index as one Parquet file
    importing   an index from such a file
    summary     what an index holds, for people

`verify_index`, `list_versions` and `restore_version` also work on an index that is too damaged to open.
"""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from vecsearch.reports import Info, Verification, VersionLog
from vecsearch.storage.lock import WAIT
from vecsearch.storage.store import Store
from vecsearch.upkeep import versions
from vecsearch.upkeep.repair import repair as repair_files
from vecsearch.upkeep.summary import describe
from vecsearch.upkeep.verify import verify as verify_files


def verify_index(path: str | PathLike[str], *, repair: bool = False, wait: float = WAIT) -> Verification:
    """Read every file of an index and report all problems; the index may be too damaged to open.

    With `repair`, damaged files that are derived from others are rebuilt; nothing else is changed or dropped. Raises
    IndexNotFound, and IndexLocked when another process still writes after `wait` seconds.
    """
    return verified(Store(Path(path)), repair=repair, wait=wait)


def list_versions(path: str | PathLike[str]) -> VersionLog:
    """List the versions of an index that are kept, the newest first; the current version may be damaged.

    Raises IndexNotFound, and IndexDamaged for an index with links inside.
    """
    return versions.salvaged_log(Store(Path(path)))


def restore_version(path: str | PathLike[str], version: int | str, *, wait: float = WAIT) -> Info:
    """Go back to a version or tag and return what the index then holds; the current version may be damaged.

    Raises IndexNotFound for a version that is not kept, IndexDamaged for one whose files are missing.
    """
    store = Store(Path(path))
    number = versions.find_version(store, version)
    with store.locked(wait):
        versions.restore(store, number)
    return describe(store, store.manifest())


def verified(store: Store, *, repair: bool, wait: float) -> Verification:
    """Verify, and on request repair, an open store: see `verify_index`."""
    verification = verify_files(store)
    if not repair or verification.ok:
        return verification
    with store.locked(wait):
        repaired = repair_files(store, verify_files(store).problems)  # again: another process may have written
    return replace(verify_files(store), repaired=repaired)
