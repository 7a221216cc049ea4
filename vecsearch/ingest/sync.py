"""From files and folders to the changes that bring an index in step with them.

Says what is new, changed and gone; reads only files whose size or time differs from the last time, and decides
nothing about documents: whether one really changed is for `ingest.py` to find out by its content.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypedDict

from vecsearch.chunking.boilerplate import without_boilerplate
from vecsearch.documents import INSIDE, Reader, RecordFields, Selection, Skip, SourceFile, load, scan
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.duplicates import Deduplication
from vecsearch.ingest.run import FileRead, Upsert
from vecsearch.ingest.tally import Tally
from vecsearch.reports import Failure, Progress
from vecsearch.storage.columns import check_metadata
from vecsearch.storage.file_stamps import Stamp, is_settled
from vecsearch.storage.store import Store
from vecsearch.types import Dedupe, Document

_READERS = 2  # raised when loaders come to read the same file differently, so that files are read again
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class SyncKeywords(TypedDict, total=False):
    """The options of `Index.sync`, which documents them."""

    include: Sequence[str]
    exclude: Sequence[str]
    id_field: str | None
    text_field: str | None
    title_field: str | None
    metadata: Mapping[str, Any] | None
    dedupe: Dedupe | str | None
    drop_boilerplate: bool
    progress: Callable[[Progress], None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are read, and what becomes of what they give.

    `fields` are those of records; every document gets the `metadata`, whatever it says itself; documents that nearly
    repeat one before are named or left out, as `dedupe` says.
    """

    fields: RecordFields = field(default_factory=RecordFields)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dedupe: Dedupe | None = None
    drop_boilerplate: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidOption for metadata that cannot be stored."""
        if not isinstance(self.metadata, Mapping):
            raise InvalidOption(f"metadata is {type(self.metadata).__name__}, expected a dict of keys and values")
        try:
            check_metadata(self.metadata)
        except InvalidDocument as error:
            raise InvalidOption(str(error)) from None

    @property
    def mark(self) -> str:
        """What, besides the file, decides which documents it gives; equal means that they are the same."""
        fields = f"{_READERS} id={self.fields.id or ''} text={self.fields.text or ''} title={self.fields.title or ''}"
        metadata = f" metadata={json.dumps(self.metadata, sort_keys=True, default=repr)}" if self.metadata else ""
        collapse = " collapse" if self.dedupe is Dedupe.COLLAPSE else ""
        return fields + metadata + collapse + (" drop_boilerplate" if self.drop_boilerplate else "")

    def put(self, document: Document, key: str, file: SourceFile) -> Upsert:
        """The document as it goes into the index, with what is known of its file."""
        if self.drop_boilerplate:
            document = without_boilerplate(document)
        metadata = {**document.metadata, **self.metadata}
        return Upsert(replace(document, metadata=metadata), key, _facts(document.id, key, file))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do: files to read again and files that are gone, by their keys in the index."""

    waiting: Mapping[str, SourceFile]
    gone: Sequence[str]
    reading: Reading
    records: AbstractSet[str]  # the files of which the index has records
    comparison: Deduplication | None = None  # where near-duplicates are looked for

    @property
    def renewed(self) -> set[str]:
        """The files whose documents may turn up in other files in this run."""
        return {*self.waiting, *self.gone}

    def changes(self, tally: Tally) -> Iterator[Upsert | FileRead]:
        """The changes that bring the index in step; what is gone goes last, so that what moved is never missing."""
        with Reader() as reader:
            for key, file in self.waiting.items():
                yield from self._read(key, file, reader, tally)
        for key in self.gone:
            yield FileRead(key, None)

    def _read(self, key: str, file: SourceFile, reader: Reader, tally: Tally) -> Iterator[Upsert | FileRead]:
        """What a file holds, as it is read, and then that it has been read."""
        read_at = time.time_ns()
        given, complete, whole = 0, True, True
        try:
            for result in load(file.path, key, self.reading.fields, reader, meant=self._is_meant(key, file)):
                if isinstance(result, Skip):
                    tally.skipped.append(result)
                elif isinstance(result, Failure):
                    tally.failed.append(result)
                    complete = False
                elif self._is_left_out(result, tally):
                    whole = False  # read again the next time: the document it repeats may be gone then
                else:
                    given += 1
                    yield self.reading.put(result, key, file)
        except InvalidDocument as error:
            tally.failed.append(Failure(str(file.path), str(error).removeprefix(f"{file.path}: ")))
            complete = False
        trusted = complete and whole and is_settled(file.mtime_ns, read_at)
        stamp = Stamp(file.size, file.mtime_ns, self.reading.mark, given) if trusted else None
        yield FileRead(key, stamp, complete, file.size)

    def _is_left_out(self, document: Document, tally: Tally) -> bool:
        """Whether the document stays out of the index because it nearly repeats another; either way that is noted."""
        near = self.comparison.near(document) if self.comparison else None
        if near is None:
            return False
        tally.near_duplicates.append(near)
        return near.left_out

    def _is_meant(self, key: str, file: SourceFile) -> bool:
        """Whether anybody has said that the file holds records; a table found in a folder may be anything."""
        return file.named or key in self.records or self.reading.fields != RecordFields()


def plan(
    store: Store,
    draft: Draft,
    tally: Tally,
    paths: Sequence[Path],
    selection: Selection,
    reading: Reading,
    comparison: Deduplication | None = None,
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
        if draft.stamps.get(key) == Stamp(file.size, file.mtime_ns, reading.mark, held[key]):
            tally.counts["unchanged"] += held[key]
        else:
            waiting[key] = file
    tally.bytes_total = sum(file.size for file in waiting.values())
    lost = sorted({*held, *draft.stamps} - files.keys())
    gone = [key for key in lost if _is_in(store.resolve(key), roots) and not _is_in(store.resolve(key), unknown)]
    if comparison:
        comparison.begin(draft.base.parts, {*waiting, *gone})
    return Plan(waiting, gone, reading, _of_records(waiting, held, draft), comparison)


def _of_records(waiting: Mapping[str, SourceFile], held: Mapping[str, int], draft: Draft) -> set[str]:
    """The files of which the index has documents that are not called as a file is."""
    known = {key for key in waiting if held.get(key)}
    return known - draft.find([key for key in known if held[key] == 1]).keys()


def _facts(document_id: str, key: str, file: SourceFile) -> dict[str, Any]:
    """What is known of a file that is a document: name, size, time; of one inside it the name; of a record nothing."""
    if document_id == key:
        return {"name": file.path.name, "size": file.size, **_modified(file.mtime_ns)}
    if document_id.startswith(f"{key}{INSIDE}"):
        return {"name": document_id.rpartition(INSIDE)[2].rpartition("/")[2]}
    return {}


def _modified(mtime_ns: int) -> dict[str, datetime]:
    try:
        return {"modified": _EPOCH + timedelta(microseconds=mtime_ns // 1_000)}
    except OverflowError:  # beyond the year 9999: a file system holds more than a calendar
        return {}


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
