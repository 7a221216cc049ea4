"""The roots of an index as people see them: what each holds, when it was read last, and whether it is still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from vecsearch.errors import PathNotFound
from vecsearch.ingest.choosing import choose_all, exists
from vecsearch.ingest.draft import Draft
from vecsearch.reports import FlagChange, MissingRoot, Root
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.store import Store
from vecsearch.storage.synced import read_synced


def roots_of(store: Store, draft: Draft) -> list[Root]:
    """The roots in the order in which they were added."""
    times = read_synced(store.path)
    paths = {store.resolve(root.key): root for root in draft.roots}
    counts = _documents_in(store, draft.documents_by_path(), paths.keys())
    return [
        Root(str(path), dict(root.flags), counts[path], times.get(root.key), exists(path))
        for path, root in paths.items()
    ]


def existing_roots(store: Store) -> list[Path]:
    """The roots that are on the disk; raises InvalidOption when there are no roots, PathNotFound when none is there."""
    stored = store.read_roots(store.manifest())
    places = choose_all(store, stored).places
    if not places:
        raise PathNotFound(f"no root of {store.name} is on the disk: vecsearch roots lists them")
    return [place.path for place in places]


def flag_changes(store: Store, before: Sequence[StoredRoot], after: Sequence[StoredRoot]) -> tuple[FlagChange, ...]:
    """The roots whose flags are others after a run than before."""
    known = {root.key: root.flags for root in before}
    return tuple(
        FlagChange(str(store.resolve(root.key)), known[root.key], root.flags)
        for root in after
        if known.get(root.key, root.flags) != root.flags
    )


def missing_roots(store: Store, draft: Draft, unmounted: AbstractSet[Path]) -> tuple[MissingRoot, ...]:
    """The roots that are not found on the disk, and folders in others at which a file system is not mounted now.

    Of the latter only those of which the index holds documents.
    """
    roots = {store.resolve(root.key) for root in draft.roots}
    gone = {path for path in roots if path not in unmounted and not exists(path)}
    if not gone and not unmounted:
        return ()
    counts = _documents_in(store, draft.documents_by_path(), roots | unmounted)
    missing = [MissingRoot(str(path), counts[path], mounted=True) for path in sorted(gone)]
    missing += [MissingRoot(str(path), counts[path], mounted=False) for path in sorted(unmounted) if counts[path]]
    return tuple(missing)


def root_of(path: Path, roots: Collection[Path]) -> Path | None:
    """The innermost root that a file is in, or is."""
    return next((around for around in (path, *path.parents) if around in roots), None)


def without_mounts_in(root: StoredRoot, keys: Iterable[str]) -> StoredRoot:
    """The root without these mounts."""
    return StoredRoot(root.key, root.flags, tuple(mount for mount in root.mounts if mount not in set(keys)))


def _documents_in(store: Store, held: Mapping[str, int], roots: Collection[Path]) -> Counter[Path | None]:
    """The number of documents by root."""
    keys = {store.key(root): root for root in roots}
    steps = {root: key.split("/") for key, root in keys.items()}
    above = sorted((len(names) * (names != ["."]), root) for root, names in steps.items() if {*names} <= {".", ".."})
    counts: Counter[Path | None] = Counter()
    for key, documents in held.items():
        counts[_root_of_key(key, keys, above)] += documents
    return counts


def _root_of_key(key: str, keys: Mapping[str, Path], above: Sequence[tuple[int, Path]]) -> Path | None:
    """What `root_of` returns for the path of a key; `above` are the roots around the index, by steps upwards.

    Works on the text: with many files, paths would take most of the time.
    """
    around = key
    while around and around.rpartition("/")[2] != "..":
        if around in keys:
            return keys[around]
        around = around.rpartition("/")[0]
    if key.startswith("/") or key[1:2] == ":":  # on another drive
        return None
    steps = key.split("/").count("..")
    return next((root for n, root in above if n >= steps), None)
