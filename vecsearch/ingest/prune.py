"""Delete the documents of roots that are gone for good, and forget those roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from vecsearch.documents.outcomes import printable
from vecsearch.errors import InvalidOption
from vecsearch.ingest.choosing import exists
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.followed import root_of, without_mounts_in
from vecsearch.reports import Pruned
from vecsearch.storage.store import Store


def prune(store: Store, paths: Sequence[Path] | None, *, dry_run: bool = False) -> Pruned:
    """Delete what came from roots that are not on the disk any more, or from `paths`; report both.

    A path that is a root, or has roots below it, is forgotten with all documents, whether it exists or not. Of any
    other path those documents go whose files do not exist. The caller has locked the store, unless it is a `dry_run`.
    Raises InvalidOption for a path that the index does not know, and for one that still exists.
    """
    draft = Draft(store)
    roots = {store.resolve(root.key): root for root in draft.roots}
    held = {store.resolve(key): key for key in draft.documents_by_path().keys() | draft.stamps.keys()}
    if paths is None:
        forgotten = {path for path in roots if not exists(path)}
        gone = {path for path in held if (root := root_of(path, roots)) in forgotten or (not root and not exists(path))}
    else:
        forgotten, gone = set(), set()
        for path in paths:
            some_roots, some_files = _at(path, path.resolve(), roots.keys(), held)
            forgotten |= some_roots
            gone |= some_files
    keys = [held[path] for path in sorted(gone)]
    deleted = draft.drop_unseen(keys)
    for key in keys:
        draft.stamp(key, None)
    left = [root for path, root in roots.items() if path not in forgotten]
    kept = [path for path in held if path not in gone]
    draft.set_roots([without_mounts_in(root, _empty(store, root.mounts, kept)) for root in left])
    if not dry_run:
        draft.commit(final=True)
    return Pruned(deleted, tuple(sorted(map(str, forgotten))))


def _at(path: Path, resolved: Path, roots: AbstractSet[Path], held: Mapping[Path, str]) -> tuple[set[Path], set[Path]]:
    """The roots at and below a path, and the files to forget."""
    forgotten = {root for root in roots if root.is_relative_to(resolved)}
    below = {file for file in held if file.is_relative_to(resolved)}
    gone = {file for file in below if root_of(file, roots) in forgotten or not exists(file)}
    if not forgotten and not below:
        raise InvalidOption(
            f"{printable(path)} is not a root of this index, and no document is from there: "
            "vecsearch roots lists the roots"
        )
    if not forgotten and not gone:
        raise InvalidOption(
            f"{printable(path)} exists and is part of a root, which would add it again: --exclude it there, or prune "
            "the root"
        )
    return forgotten, gone


def _empty(store: Store, mounts: Sequence[str], kept: Sequence[Path]) -> list[str]:
    """The mounts below which no document is kept."""
    return [key for key in mounts if not any(path.is_relative_to(store.resolve(key)) for path in kept)]
