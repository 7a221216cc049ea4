"""What a sync has to do: compare the files below the roots with what the index knows of them. No file is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from vecsearch.documents import RecordFields, Skip, SourceFile
from vecsearch.documents.scanning import Scan
from vecsearch.ingest.choosing import Choice, with_unreached
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.duplicates import Deduplication, TextOwners
from vecsearch.ingest.sync_options import SyncOptions, stamp_of
from vecsearch.ingest.tally import Tally
from vecsearch.storage.file_stamps import Stamp, inodes_last
from vecsearch.storage.roots import StoredRoot
from vecsearch.storage.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do: files to read and files that are gone, by what the index calls them."""

    choice: Choice
    files: Mapping[str, SourceFile]  # all that the roots hold now
    unread: Mapping[str, SourceFile]
    gone: Sequence[str]
    held: Mapping[str, int]  # documents of each file before the run
    unmounted: AbstractSet[Path]  # folders that were on another file system, which is not mounted there now
    roots: tuple[StoredRoot, ...]  # of the index after the run
    record_files: AbstractSet[str]  # the files whose documents in the index are records
    deduplication: Deduplication | None

    @property
    def released(self) -> AbstractSet[str]:
        """The files to read and those that are gone: their documents may have moved to other files."""
        return {*self.unread, *self.gone}

    @property
    def text_owners(self) -> TextOwners | None:
        """What counts chunks that repeat one of another document, where near-duplicates are looked for."""
        return self.deduplication.owners if self.deduplication else None

    def options(self, file: SourceFile) -> SyncOptions:
        """How a file is read: as its root is."""
        return self.choice.places[file.root].options

    def must_hold_records(self, key: str, file: SourceFile) -> bool:
        """Whether the user said that the file holds records; a table found in a folder may be anything."""
        return file.named or key in self.record_files or self.options(file).fields != RecordFields()


def make_plan(store: Store, draft: Draft, choice: Choice, tally: Tally, *, force: bool = False) -> Plan:
    """Compare the files of the chosen roots with what the index knows of them.

    With `force` every file is to be read. Raises PathNotFound when a root has just vanished.
    """
    choice, scan, scanned, unknown = _scanned(choice, tally)
    files = {store.key(file.path): file for file in scanned}
    held = draft.documents_by_path()
    same = set() if force else _unchanged(files, held, draft, choice)
    tally.counts["unchanged"] += sum(held[key] for key in same)
    unread = {key: file for key, file in files.items() if key not in same}
    tally.bytes_total = sum(file.size for file in unread.values())
    unmounted = _unmounted(store, draft, choice, scan)
    gone, is_followed = [], choice.followed()
    for key in sorted({*held, *draft.stamps} - files.keys()):
        path = store.resolve(key)
        if is_followed(path) and not _is_in(path, unknown) and not _is_in(path, unmounted):
            gone.append(key)
    deduplication = _deduplication(draft, choice, {*unread, *gone})
    roots = _next_roots(store, draft, choice, scan, held.keys() - set(gone) if unmounted else ())
    record_files = _record_files(unread, held, draft)
    return Plan(choice, files, unread, gone, held, unmounted, roots, record_files, deduplication)


def _scanned(choice: Choice, tally: Tally) -> tuple[Choice, Scan, list[SourceFile], set[Path]]:
    """The scan, the files that it finds, and the paths of which it could not find out what is there."""
    while True:
        scan = choice.scan()
        results = list(scan.files())
        wider = with_unreached(choice, scan)
        if wider is None:
            break
        choice = wider
    given = {path for place in choice.places for path in place.only}
    scanned: list[SourceFile] = []
    unknown = set()
    for result in results:
        if isinstance(result, SourceFile):
            scanned.append(replace(result, named=True) if result.path in given else result)
        elif isinstance(result, Skip):
            tally.skipped.append(result)
        else:
            tally.failed.append(result)
            unknown.add(Path(result.source))
    return choice, scan, scanned, unknown


def _unchanged(
    files: Mapping[str, SourceFile], held: Mapping[str, int], draft: Draft, choice: Choice
) -> AbstractSet[str]:
    """The files that are, by their stamps, as they were when they were read."""
    marks = [place.options.mark for place in choice.places]
    pairs: dict[str, tuple[Stamp, Stamp]] = {}
    for key, file in files.items():
        known = draft.stamps.get(key)
        if known and known.fits(now := stamp_of(file, marks[file.root], held[key]), trust_inodes=False):
            pairs[key] = (known, now)
    trust = inodes_last(pairs.values())
    return {key for key, (known, now) in pairs.items() if known.fits(now, trust_inodes=trust)}


def _unmounted(store: Store, draft: Draft, choice: Choice, scan: Scan) -> set[Path]:
    """The folders of this run's roots at which a file system was mounted before, and none is now."""
    followed = {place.path for place in choice.places}
    known = [store.resolve(key) for root in draft.roots if store.resolve(root.key) in followed for key in root.mounts]
    return set(known) - set(map(Path, scan.mounts))


def _next_roots(
    store: Store, draft: Draft, choice: Choice, scan: Scan, kept: Collection[str]
) -> tuple[StoredRoot, ...]:
    """The roots of the index after the run: the new ones added, those without a use of their own left out.

    `kept` are the files of which the index goes on to hold documents, where a file system is not mounted any more.
    """
    files = {store.resolve(key) for key in kept}
    roots = {store.resolve(root.key): root for root in draft.roots}
    whole = {place.path: place for place in choice.places if not place.only}
    for path, place in whole.items():
        known = {store.resolve(key) for key in roots[path].mounts} if path in roots else set()
        still = {mount for mount in known if any(file.is_relative_to(mount) for file in files)}
        mounts = {mount for mount in map(Path, scan.mounts) if _is_in(mount, {path})} | still
        roots[path] = StoredRoot(store.key(path), place.options.flags, tuple(sorted(map(store.key, mounts))))
    for path in choice.dropped:
        del roots[path]
    for path in whole:
        around = next((parent for parent in path.parents if parent in roots), None)
        if around in whole and str(path) in scan.covered and roots[path].flags == roots[around].flags:
            del roots[path]
    return tuple(roots.values())


def _deduplication(draft: Draft, choice: Choice, except_files: AbstractSet[str]) -> Deduplication | None:
    """What finds near-duplicates, where a root asks for it."""
    if not any(place.options.dedupe for place in choice.places):
        return None
    deduplication = Deduplication()
    deduplication.begin(draft.base.parts, except_files)
    return deduplication


def _record_files(unread: Mapping[str, SourceFile], held: Mapping[str, int], draft: Draft) -> set[str]:
    """The files that gave records: the index does not hold them as one document with the file's own id."""
    known = {key for key in unread if held.get(key)}
    return known - draft.find([key for key in known if held[key] == 1]).keys()


def _is_in(path: Path, folders: AbstractSet[Path]) -> bool:
    return bool(folders) and any(around in folders for around in (path, *path.parents))
