"""Which roots a run follows: those of the index, or the paths that are given, each with its flags.

A path that is given becomes a root. One that lies in a root, and has the same flags or no flags at all, is a part of
that root. A file in several roots belongs to the innermost, with the flags of that. Reads no file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from vecsearch.documents.outcomes import printable
from vecsearch.documents.scanning import Scan, ScanRoot
from vecsearch.errors import InvalidOption, PathNotFound
from vecsearch.ingest.sync_options import SyncOptions
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """A root that a run follows; with `only`, just these paths in it."""

    path: Path
    options: SyncOptions
    only: tuple[Path, ...] = ()

    def scans(self, path: Path) -> bool:
        """Whether a path in this root is in the part that the run follows."""
        return not self.only or any(path.is_relative_to(part) for part in self.only)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run follows; `elsewhere` are the other roots, and `dropped` what is a root no longer."""

    places: tuple[Place, ...]
    elsewhere: AbstractSet[Path] = frozenset()
    dropped: AbstractSet[Path] = frozenset()

    def scan(self) -> Scan:
        """The scan of the places; raises PathNotFound when one has just vanished."""
        roots = [ScanRoot(place.path, place.options.selection, place.only) for place in self.places]
        return Scan(roots, self.elsewhere)

    def followed(self) -> Callable[[Path], bool]:
        """A function that says whether this run follows a file: the innermost root around it decides."""
        places = {place.path: place for place in self.places}

        def is_followed(path: Path) -> bool:
            for around in (path, *path.parents):
                if around in places or around in self.elsewhere:
                    return around in places and places[around].scans(path)
            return False

        return is_followed


def choose_all(store: Store, stored: Sequence[StoredRoot]) -> Choice:
    """Follow every root of the index that exists; raises InvalidOption when it has no roots."""
    if not stored:
        raise InvalidOption(
            f"{store.name} has no roots to follow: name the files and folders to index once; they are "
            "followed from then on"
        )
    roots = {store.resolve(root.key): root for root in stored}
    there = {path: root for path, root in roots.items() if exists(path)}
    gone = roots.keys() - there.keys()
    dropped = {path for path in gone if (around := _around(path, there)) and same_flags(roots[path], there[around])}
    places = [Place(path, SyncOptions.of_flags(root.flags)) for path, root in there.items()]
    return Choice(tuple(places), gone - dropped, dropped)


def choose_given(store: Store, stored: Sequence[StoredRoot], paths: Sequence[Path], options: SyncOptions) -> Choice:
    """Follow these paths; raises PathNotFound when one does not exist."""
    roots = {store.resolve(root.key): root for root in stored}
    flags = options.flags
    whole: dict[Path, SyncOptions] = {}
    parts: dict[Path, list[Path]] = {}
    for path in paths:
        resolved = path.resolve()
        if not exists(resolved):
            raise PathNotFound(_not_found(path, resolved, roots))
        around = None if resolved in roots else _around(resolved, roots)
        if around is None or (flags and flags != roots[around].flags):
            whole[resolved] = options
        else:
            parts.setdefault(around, []).append(resolved)
    whole.update({path: options for root in whole.keys() & parts.keys() for path in parts.pop(root)})
    inner = {path for path in roots if path not in whole and path not in parts and _around(path, whole)}
    inner = {path for path in inner if roots[path].flags == flags and _innermost_is(path, whole, roots)}
    dropped = {path for path in inner if not exists(path)}
    whole.update(dict.fromkeys(inner - dropped, options))
    places = [Place(path, each) for path, each in whole.items()]
    places += [Place(path, SyncOptions.of_flags(roots[path].flags), tuple(only)) for path, only in parts.items()]
    return Choice(tuple(places), roots.keys() - whole.keys() - parts.keys() - dropped, dropped)


def with_unreached(choice: Choice, scan: Scan) -> Choice | None:
    """The choice with roots of their own for the parts of roots that a scan passed by, such as hidden folders.

    None when there are no such parts.
    """
    places: list[Place] = []
    for place in choice.places:
        unreached = [path for path in place.only if not scan.reached(path)]
        rest = tuple(path for path in place.only if path not in unreached)
        places += [Place(path, place.options) for path in unreached]
        places += [Place(place.path, place.options, rest)] if rest or not place.only else []
    if len(places) == len(choice.places) and all(map(_is_same, places, choice.places)):
        return None
    left = {place.path for place in choice.places} - {place.path for place in places}
    return Choice(tuple(places), choice.elsewhere | left, choice.dropped)


def exists(path: Path) -> bool:
    """Whether there is a file or folder; True when that cannot be found out."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def same_flags(one: StoredRoot, other: StoredRoot) -> bool:
    """Whether files are read the same way in two roots."""
    return one.flags == other.flags


def _around(path: Path, roots: Mapping[Path, object]) -> Path | None:
    """The innermost of the roots that contain `path`."""
    return next((parent for parent in path.parents if parent in roots), None)


def _innermost_is(path: Path, whole: Mapping[Path, object], roots: Mapping[Path, object]) -> bool:
    """Whether the next root around `path` is one of those that are followed as a whole."""
    return next((parent in whole for parent in path.parents if parent in whole or parent in roots), False)


def _is_same(one: Place, other: Place) -> bool:
    return one is other or (one.path, one.only) == (other.path, other.only)


def _not_found(path: Path, resolved: Path, roots: Mapping[Path, object]) -> str:
    if resolved not in roots:
        return f"no file or folder at {printable(path)}: check the path"
    return (
        f"no file or folder at {printable(path)}, which this index follows: if it was moved, index the new path; if it "
        f"is gone for good, vecsearch prune {printable(path)} removes its documents"
    )
