"""Recognise by their contents files that were moved, with their folders or alone, to where a run has found them.

Files that are gone from the roots of a run are deleted anyway. This is about the others: those of a root that was
renamed, or of one that this run does not follow. Such a file is taken for moved when it is not on the disk any more and

- it is gone alone, and a new file holds what it held; or
- a folder above it is gone, and of the files that the index knows there, more than half have a new file with the same
  contents, or the same size and time, at the same place below one other folder.

What is not found again stays, whatever the reason: its disk may not be mounted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vecsearch.ingest.choosing import exists
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.planning import Plan
from vecsearch.ingest.run import FileRead
from vecsearch.reports import FlagChange, Move
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.store import Part, Store


@dataclass(frozen=True, slots=True)
class _Released:
    """The files whose documents may be taken over by others: those of a plan, and all that are not on the disk."""

    store: Store
    plan: Collection[str]

    def __contains__(self, key: object) -> bool:
        return key in self.plan or (isinstance(key, str) and not exists(self.store.resolve(key)))


class Moves:
    """What a run finds out about moved files, document by document."""

    def __init__(self, store: Store, draft: Draft, plan: Plan) -> None:
        self._store = store
        self._draft = draft
        self._plan = plan
        self._outside = plan.held.keys() - plan.files.keys() - set(plan.gone)
        self._new = plan.unread.keys() - draft.stamps.keys()
        self._found: defaultdict[bytes, list[str]] = defaultdict(list)  # new files by the digest of a document
        self._moved: dict[str, Move] = {}
        self.changed_flags: list[FlagChange] = []
        self.released = _Released(store, plan.released)

    def note(self, key: str | None, content: bytes) -> None:
        """Note that a file holds a document with this digest."""
        if self._outside and key in self._new and key is not None:
            self._found[content].append(key)

    def known(self, contents: Collection[bytes]) -> Mapping[bytes, tuple[Part, int]]:
        """Documents of the index with these digests, each by its part and first row: their vectors are known."""
        if not (contents and (self._outside or self._plan.gone)):
            return {}
        return {content: (part, first) for _, content, part, first in self._draft.with_content(contents)}

    def gone(self) -> Iterator[FileRead]:
        """Yield the files that were moved away, for the run to delete what they held."""
        trees: defaultdict[Path, dict[Path, set[Path]]] = defaultdict(dict)  # by the top of what is gone
        for old, new in self._pairs().items():
            if not exists(old) and not any(old.is_relative_to(mount) for mount in self._plan.unmounted):
                trees[_top_of_gone(old)][old] = new
        for top, pairs in trees.items():
            yield from self._gone_from(top, pairs)
        self._forget_roots()

    @property
    def found(self) -> tuple[Move, ...]:
        """What was moved, when `gone` is exhausted."""
        return tuple(self._moved.values())

    def _pairs(self) -> dict[Path, set[Path]]:
        """The files outside this run's roots that a new file repeats for the most part, with the new ones."""
        if not (self._outside and self._new):
            return {}
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for old, content, _, _ in self._draft.with_content(self._found) if self._found else ():
            if old in self._outside and old is not None:
                counts[old].update(set(self._found[content]))
        held = self._plan.held
        pairs = {
            old: {new for new, count in repeats.items() if 2 * count > held[old]} for old, repeats in counts.items()
        }
        for old, new in self._same_stamps():
            pairs.setdefault(old, set()).add(new)
        resolve = self._store.resolve
        return {resolve(old): {resolve(new) for new in repeats} for old, repeats in pairs.items()}

    def _same_stamps(self) -> Iterator[tuple[str, str]]:
        """Yield old and new files of one size and time that are the same file, or have the same name.

        These are known although other flags make other documents of them.
        """
        by_stamp: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        for key in self._new:
            by_stamp[self._plan.files[key].size, self._plan.files[key].mtime_ns].append(key)
        for old in self._outside:
            stamp = self._draft.stamps.get(old)
            if stamp is None:
                continue
            for new in by_stamp.get((stamp.size, stamp.mtime_ns), ()):
                same_file = stamp.inode is not None and stamp.inode == self._plan.files[new].inode
                if same_file or (PurePosixPath(old).name == PurePosixPath(new).name and self._is_in_gone_folder(old)):
                    yield old, new

    def _is_in_gone_folder(self, key: str) -> bool:
        return not exists(self._store.resolve(key).parent)

    def _gone_from(self, top: Path, pairs: Mapping[Path, set[Path]]) -> Iterator[FileRead]:
        """Yield the files below `top` that are to be found below the place to which it was moved."""
        below = [self._store.key(top)] if top in pairs else [*filter(self._is_below(top), self._outside)]
        places = Counter(place for old, new in pairs.items() for place in _places(old.relative_to(top), new))
        target, votes = max(places.items(), key=lambda entry: (entry[1], str(entry[0])), default=(top, 0))
        if 2 * votes <= len(below):
            return
        documents = 0
        for key in below:
            if self._store.key(target / self._store.resolve(key).relative_to(top)) in self._plan.files:
                documents += self._plan.held[key]
                self._outside.discard(key)
                yield FileRead(key, None)
        self._moved[str(top)] = Move(str(top), str(target), documents)

    def _is_below(self, top: Path) -> Callable[[str], bool]:
        return lambda key: self._store.resolve(key).is_relative_to(top)

    def _forget_roots(self) -> None:
        """Forget the roots that are not on the disk and of which the run has left nothing behind."""
        roots = {self._store.resolve(root.key): root for root in self._draft.roots}
        gone = {path for path in roots if path in self._plan.choice.elsewhere and not exists(path)}
        if not gone:
            return
        left = {self._store.resolve(key) for key in self._outside & self._draft.documents_by_path().keys()}
        before = {self._store.resolve(key) for key in self._plan.held}
        for path in gone:
            if _any_in(path, before) and not _any_in(path, left):
                self._compare_flags(roots.pop(path), path, roots)
        self._draft.set_roots(tuple(roots.values()))

    def _compare_flags(self, old: StoredRoot, path: Path, roots: Mapping[Path, StoredRoot]) -> None:
        """Note that a root that was moved has other flags at its new place."""
        for move in self._moved.values():
            if path.is_relative_to(move.source):
                new = Path(move.target) / path.relative_to(move.source)
                if new in roots and roots[new].flags != old.flags:
                    self.changed_flags.append(FlagChange(str(new), old.flags, roots[new].flags))


def _any_in(folder: Path, files: Collection[Path]) -> bool:
    return any(file.is_relative_to(folder) for file in files)


def _places(relative: Path, new: Collection[Path]) -> set[Path]:
    """The folders below which one of the new files has the same place; a file that was gone alone: the new ones."""
    names = relative.parts
    places = {path for path in new if not names or path.parts[-len(names) :] == names}
    return {path.parents[len(names) - 1] if names else path for path in places}


def _top_of_gone(path: Path) -> Path:
    """The highest folder above a file that does not exist, or the file when its folder does."""
    while not exists(path.parent) and path.parent != path:
        path = path.parent
    return path
