"""The versions of an index: what each changed, which have a tag, and going back to one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from vecsearch import files
from vecsearch.checks import check_whole
from vecsearch.errors import FormatTooNew, IndexDamaged, IndexNotFound, InvalidOption
from vecsearch.reports import Version, VersionLog
from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, is_plain
from vecsearch.storage.store import Store
from vecsearch.upkeep.summary import bytes_in

_NUMBER = re.compile(r"[0-9]{1,8}")


def log(store: Store) -> list[Version]:
    """List the versions that are kept, newest first; raises IndexDamaged for a tag that cannot be read."""
    return _kept(store, store.tags())


def salvaged_log(store: Store) -> VersionLog:
    """List all that can be read of the versions and tags, and what cannot; raises IndexNotFound."""
    tags, problems = {}, []
    for name in store.tag_names():
        try:
            tags[name] = store.tagged(name)
        except (IndexDamaged, OSError) as error:
            problems.append(str(error))
    versions = _kept(store, tags)
    if not versions:
        store.manifest()  # raises IndexNotFound
    return VersionLog(tuple(versions), tuple(problems), bytes_in(store.path))


def discard_if_empty(store: Store) -> bool:
    """Remove an index to which nothing was committed since it was created; return whether it was removed.

    The folder is removed if `store` created it; one that existed before is left empty. Raises IndexNotFound.
    """
    store.manifest()  # taking the lock would create the folder
    with store.locked():
        if store.versions() != [1] or store.manifest().segments or store.tags():
            return False
        collect(store)  # files of a commit that failed
        store.manifest_path(1).unlink()
        store.remove_empty_folders()
    if store.created_folder:
        files.remove_folder(store.path)  # again: Windows keeps the lock's file while it is locked
    return True


def find_version(store: Store, version: int | str) -> int:
    """Return the number of a version given by number or tag; raises IndexNotFound for an unknown tag or no index."""
    if not store.exists():
        store.manifest()  # raises IndexNotFound
    if isinstance(version, int):
        return version
    if _NUMBER.fullmatch(version):
        return int(version)
    tags = store.tags()
    if version not in tags:
        raise IndexNotFound(f"no tag {version!r} at {store.path}: it has {', '.join(tags) or 'none'}")
    return tags[version]


def restore(store: Store, version: int) -> None:
    """Publish a new version with the content of `version`; nothing is rewritten. The caller holds the lock.

    The number of versions to keep stays as it is now. The current version may be damaged. Raises IndexNotFound when
    `version` is no longer kept, IndexDamaged when files of it are missing.
    """
    past = store.snapshot(version).manifest
    keep = past.keep_versions
    with suppress(IndexDamaged, FormatTooNew):  # one flipped bit turns a format's number into another
        keep = store.manifest().keep_versions
    newest = replace(past, version=store.versions()[-1])
    _publish(store, newest.next(keep_versions=keep, change={"restored": version}))


def tag(store: Store, name: str, version: int) -> None:
    """Give a version a tag, which keeps it on disk. The caller holds the lock."""
    if not is_plain(name) or name.isdigit():
        raise InvalidOption(f"{name!r} cannot be a tag: use letters, digits, '.', '-' and '_', and not digits alone")
    store.manifest(version)
    store.tag(name, version)


def untag(store: Store, name: str) -> None:
    """Remove a tag; its version is then kept no longer than others. The caller holds the lock."""
    if not is_plain(name) or not store.untag(name):
        raise IndexNotFound(f"no tag {name!r} at {store.path}: it has {', '.join(store.tags()) or 'none'}")
    collect(store)


def keep_newest(store: Store, n: int) -> None:
    """Keep the newest `n` versions from now on. The caller holds the lock."""
    n = check_keep_versions(n)
    manifest = store.manifest()
    if n != manifest.keep_versions:
        _publish(store, manifest.next(keep_versions=n, change={}))


def check_keep_versions(n: int) -> int:
    """Return `n`, checked to be a whole number of at least 1; raises InvalidOption."""
    return check_whole("keep_versions", n, 1)


def _publish(store: Store, manifest: Manifest) -> None:
    with Commit(store) as commit:
        commit.publish(manifest)
    collect(store)


def _kept(store: Store, tags: Mapping[str, int]) -> list[Version]:
    versions = []
    for number in reversed(store.versions()):
        named = tuple(name for name, tagged in tags.items() if tagged == number)
        try:
            versions.append(_version(store.manifest(number), named))
        except IndexNotFound:  # a writer has just removed the version
            continue
        except (IndexDamaged, FormatTooNew, OSError) as error:
            versions.append(Version(number, "", 0, 0, 0, 0, {}, named, problem=str(error)))
    return versions


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
