"""Which versions an index keeps, and removing every file that none of them names.

The newest versions are kept, their number set by the current manifest, and every version with a tag.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from vecsearch import files
from vecsearch.errors import VecsearchError
from vecsearch.storage.store import FOLDERS, MANIFESTS, SEGMENTS, SOURCES, TAGS, TOMBSTONES, Store

_UNIQUE = re.compile("[0-9a-f]{32}")
_FORMS = {
    MANIFESTS: re.compile(r"[0-9]{8}\.json"),
    SEGMENTS: _UNIQUE,
    TOMBSTONES: _UNIQUE,
    SOURCES: _UNIQUE,
}


def collect(store: Store) -> None:
    """Remove versions that are no longer kept, then files that no kept version names. The caller holds the lock.

    Nothing is removed while a manifest or tag cannot be read, because it may name files; `verify` reports it. The
    preceding commit has landed, so nothing is raised: the next collection tries again.
    """
    with suppress(VecsearchError, OSError):
        kept = kept_versions(store)
        named = _named_files(store, kept)
        named[MANIFESTS] = {store.manifest_path(number).name for number in kept}
        named[TAGS] = set(store.tags())
        for folder in FOLDERS:
            extra = [path.name for path in unnamed(store.path / folder, named[folder])]
            files.remove_from(store.path / folder, [name for name in extra if is_ours(folder, name)])
        temporary = [path.name for path in store.path.glob(f"{files.TEMPORARY}*")]
        files.remove_from(store.path.resolve(), temporary)


def is_ours(folder: str, name: str) -> bool:
    """Whether a file of this name in a folder of an index was made by an index: anything else is never deleted."""
    return name.startswith(files.TEMPORARY) or (folder in _FORMS and bool(_FORMS[folder].fullmatch(name)))


def kept_versions(store: Store) -> list[int]:
    """Return the numbers of the versions to keep, ascending."""
    versions = store.versions()
    newest = versions[-store.manifest().keep_versions :]
    return sorted({*newest, *(number for number in store.tags().values() if number in versions)})


def _named_files(store: Store, versions: list[int]) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {SEGMENTS: set(), TOMBSTONES: set(), SOURCES: set()}
    for number in versions:
        manifest = store.manifest(number)
        named[SEGMENTS] |= {entry.id for entry in manifest.segments}
        named[TOMBSTONES] |= {entry.tombstones.id for entry in manifest.segments if entry.tombstones}
        named[SOURCES] |= {manifest.sources.id} if manifest.sources else set()
    return named


def unnamed(folder: Path, named: set[str]) -> list[Path]:
    """Return what is in the folder besides these names."""
    try:
        return sorted(folder / name for name in os.listdir(folder) if name not in named)
    except (FileNotFoundError, NotADirectoryError):
        return []
