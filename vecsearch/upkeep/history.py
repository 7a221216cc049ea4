"""The versions of an index: what each changed, which have names, and going back to one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from vecsearch import files
from vecsearch.errors import FormatTooNew, IndexDamaged, IndexNotFound, InvalidOption
from vecsearch.reports import Version
from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, is_plain, now, written_by
from vecsearch.storage.store import Store

_NUMBER = re.compile(r"[0-9]{1,8}")


def log(store: Store) -> list[Version]:
    """The versions that are kept, the newest first."""
    return list(_kept(store))


def discard_if_empty(store: Store) -> bool:
    """There is no index any more where nothing was committed since it was made; whether that was so.

    Its folder goes where `store` has made it; one that was there before is empty again. Raises IndexNotFound.
    """
    store.manifest()  # a lock makes the folder that it lies in
    with store.locked():
        if store.versions() != [1] or store.manifest().segments or store.tags():
            return False
        collect(store)  # what was written for a commit that failed
        store.manifest_path(1).unlink()
        store.unmake()
    if store.made:
        files.remove_folder(store.path)  # again: on Windows the lock's file is there as long as it is locked
    return True


def numbered(store: Store, version: int | str) -> int:
    """The number of a version that is named by its number or a tag; raises IndexNotFound for no index or such tag."""
    if not store.exists():
        store.manifest()  # says that there is no index
    if isinstance(version, int):
        return version
    if _NUMBER.fullmatch(version):
        return int(version)
    tags = store.tags()
    if version not in tags:
        raise IndexNotFound(f"no tag {version!r} at {store.path}: it has {', '.join(tags) or 'none'}")
    return tags[version]


def restore(store: Store, version: int) -> None:
    """A new version holds what `version` held; nothing is rewritten. The lock is held.

    How many versions are kept stays as it is now. Works also when the current version is damaged. Raises
    IndexNotFound when the version is not kept any more, and IndexDamaged when its files are not there.
    """
    past = store.snapshot(version).manifest
    kept = past.keep_versions
    with suppress(IndexDamaged, FormatTooNew):  # one flipped bit makes the number of a format another
        kept = store.manifest().keep_versions
    commit_as(store, replace(past, keep_versions=kept, change={"restored": version}))


def tag(store: Store, name: str, version: int) -> None:
    """The version has the name, and is kept as long as it has one. The lock is held."""
    if not is_plain(name) or name.isdigit():
        raise InvalidOption(f"{name!r} is not a name for a version: letters, digits, '.', '-' and '_', not all digits")
    store.manifest(version)
    store.tag(name, version)


def untag(store: Store, name: str) -> None:
    """The version has the name no more, and is kept no longer than others. The lock is held."""
    if not is_plain(name) or not store.untag(name):
        raise IndexNotFound(f"no tag {name!r} at {store.path}: it has {', '.join(store.tags()) or 'none'}")
    collect(store)


def keep(store: Store, versions: int) -> None:
    """From now on the newest `versions` are kept. The lock is held."""
    versions = checked_keep(versions)
    if versions != store.manifest().keep_versions:
        commit_as(store, replace(store.manifest(), keep_versions=versions, change={}))


def checked_keep(versions: int) -> int:
    """The number, known to be whole and at least 1."""
    if type(versions) is not int or versions < 1:
        raise InvalidOption(f"keep_versions is {versions!r}; a whole number, at least 1")
    return versions


def commit_as(store: Store, manifest: Manifest) -> None:
    """Publishes what a manifest holds as the next version. The lock is held."""
    with Commit(store) as commit:
        number = store.versions()[-1] + 1
        commit.publish(replace(manifest, version=number, created=now(), written_by=written_by()))
    collect(store)


def _kept(store: Store) -> Iterator[Version]:
    tags = store.tags()
    for number in reversed(store.versions()):
        with suppress(IndexNotFound):  # a writer has just removed it
            manifest = store.manifest(number)
            yield _version(manifest, tuple(name for name, tagged in tags.items() if tagged == number))


def _version(manifest: Manifest, tags: tuple[str, ...]) -> Version:
    sizes = [file.size for entry in manifest.segments for file in entry.files.values()]
    return Version(
        number=manifest.version,
        created=manifest.created,
        documents=manifest.documents,
        chunks=manifest.chunks,
        segments=len(manifest.segments),
        bytes=sum(sizes),
        change=dict(manifest.change),
        tags=tags,
    )
