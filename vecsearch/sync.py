"""From files and folders to the changes that bring an index in step with them.

Says what is new, changed and gone; reads only files whose size or time differs from the last time, and decides
nothing about documents: whether one really changed is for `ingest.py` to find out by its content.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vecsearch.documents import NoRecords, RecordFields, Selection, Skip, SourceFile, load, scan
from vecsearch.draft import Draft
from vecsearch.errors import InvalidDocument
from vecsearch.ingest import FileRead, Put
from vecsearch.sources import Stamp, is_settled
from vecsearch.store import Store
from vecsearch.tally import Tally
from vecsearch.types import Failure

_READERS = 1  # raised when loaders come to read the same file differently, so that files are read again


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do: files to read again and files that are gone, by their keys in the index."""

    waiting: Mapping[str, SourceFile]
    gone: Sequence[str]
    fields: RecordFields
    held: Mapping[str, int]  # how many documents of each file the index has

    @property
    def renewed(self) -> set[str]:
        """The files whose documents may turn up in other files in this run."""
        return {*self.waiting, *self.gone}

    def changes(self, tally: Tally) -> Iterator[Put | FileRead]:
        """The changes that bring the index in step; what is gone goes last, so that what moved is never missing."""
        for key, file in self.waiting.items():
            yield from self._read(key, file, tally)
        for key in self.gone:
            yield FileRead(key, None)

    def _read(self, key: str, file: SourceFile, tally: Tally) -> Iterator[Put | FileRead]:
        """What a file holds, as it is read, and then that it has been read."""
        read_at = time.time_ns()
        given, complete = 0, True
        try:
            for result in load(file.path, key, self.fields):
                if isinstance(result, Skip):
                    tally.skipped.append(result)
                elif isinstance(result, Failure):
                    tally.failed.append(result)
                    complete = False
                else:
                    given += 1
                    yield Put(result, key)
        except InvalidDocument as error:
            unmeant = isinstance(error, NoRecords) and not self._is_meant(key, file)
            (tally.skipped if unmeant else tally.failed).append(
                Failure(str(file.path), str(error).removeprefix(f"{file.path}: "))
            )
            complete = False
        trusted = complete and is_settled(file.mtime_ns, read_at)
        stamp = Stamp(file.size, file.mtime_ns, _reading(self.fields), given) if trusted else None
        yield FileRead(key, stamp, complete, file.size)

    def _is_meant(self, key: str, file: SourceFile) -> bool:
        """Whether anybody has said that the file holds records; a table found in a folder may be anything."""
        return file.named or self.held.get(key, 0) > 0 or self.fields != RecordFields()


def plan(
    store: Store, draft: Draft, tally: Tally, paths: Sequence[Path], selection: Selection, fields: RecordFields
) -> Plan:
    """What makes the index hold what the selected files under `paths` hold, and of these places nothing else.

    No file is read. Raises PathNotFound when a path does not exist.
    """
    roots = [path.resolve() for path in paths]
    found, unknown = _scanned(roots, selection, tally)
    files = {store.key(file.path): file for file in found}
    held = draft.documents_by_path()
    waiting = {}
    for key, file in files.items():
        if draft.stamps.get(key) == Stamp(file.size, file.mtime_ns, _reading(fields), held[key]):
            tally.counts["unchanged"] += held[key]
        else:
            waiting[key] = file
    tally.bytes_total = sum(file.size for file in waiting.values())
    lost = sorted({*held, *draft.stamps} - files.keys())
    gone = [key for key in lost if _is_in(store.resolve(key), roots) and not _is_in(store.resolve(key), unknown)]
    return Plan(waiting, gone, fields, held)


def _scanned(roots: Sequence[Path], selection: Selection, tally: Tally) -> tuple[list[SourceFile], list[Path]]:
    """The files that a scan finds, and the places of which it cannot find out what is in them."""
    found, unknown = [], []
    for result in scan(roots, selection):
        if isinstance(result, SourceFile):
            found.append(result)
        elif isinstance(result, Skip):
            tally.skipped.append(result)
        else:
            tally.failed.append(result)
            unknown.append(Path(result.source))
    return found, unknown


def _is_in(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _reading(fields: RecordFields) -> str:
    """What, besides the file, decides which documents it gives."""
    return f"{_READERS} id={fields.id or ''} text={fields.text or ''} title={fields.title or ''}"
