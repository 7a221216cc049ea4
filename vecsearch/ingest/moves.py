"""Recognise by their contents files that were moved, with their folders or alone, to where a run has found them.

Files that are gone from the roots of a run are deleted anyway. This is about the others: those of a root that was
renamed, or of one that this run does not follow. Such a file is taken for moved when it is not on the disk any more and

- it is gone alone, and a new file holds what it held; or
- a folder above it is gone, and of the files that the index knows there, more than half have a new file with the same
  contents at the same place below one other folder.

What is not found again stays, whatever the reason: its disk may not be mounted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vecsearch.ingest.choosing import exists
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.planning import Plan
from vecsearch.ingest.run import FileRead
from vecsearch.reports import Move
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
        if not self._found:
            return {}
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for old, content, _, _ in self._draft.with_content(self._found):
            if old in self._outside and old is not None:
                counts[old].update(set(self._found[content]))
        resolve, held = self._store.resolve, self._plan.held
        return {
            resolve(old): {resolve(new) for new, count in repeats.items() if 2 * count > held[old]}
            for old, repeats in counts.items()
        }

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
                del roots[path]
        self._draft.set_roots(tuple(roots.values()))


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
