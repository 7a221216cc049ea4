"""Bring an index in step with files and folders: add what is new or changed, delete what is gone.

    scan the roots -> leave out files whose size and time are as before -> read the others -> documents, to `run.py`

A changed file may hold unchanged documents: `run.py` finds that out by their content.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from vecsearch.chunking.boilerplate import without_boilerplate
from vecsearch.documents import INSIDE, Reader, RecordFields, Selection, Skip, SourceFile, load, scan
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.duplicates import Deduplication, TextOwners
from vecsearch.ingest.run import FileRead, Ingest, Upsert
from vecsearch.ingest.tally import Tally
from vecsearch.models.cached_encoding import VectorCache
from vecsearch.models.encoder import Encoder
from vecsearch.reports import Failure, Progress, Report
from vecsearch.storage.file_stamps import Stamp, is_settled
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.storage.store import Store
from vecsearch.types import Dedupe, Document

_READERS = 2  # raised when loaders come to read the same file differently, so that files are read again
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """Which files a sync takes, how it reads them, and what it does with near-duplicates.

    `fields` are those of records. Every document gets `metadata`, in place of its own values under the same keys.
    """

    selection: Selection = field(default_factory=Selection)
    fields: RecordFields = field(default_factory=RecordFields)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dedupe: Dedupe | None = None
    drop_boilerplate: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidOption for metadata that cannot be stored."""
        check_common_metadata(self.metadata)

    @classmethod
    def of(
        cls,
        *,
        include: Sequence[str],
        exclude: Sequence[str],
        id_field: str | None,
        text_field: str | None,
        title_field: str | None,
        metadata: Mapping[str, Any] | None,
        dedupe: Dedupe | str | None,
        drop_boilerplate: bool,
    ) -> SyncOptions:
        """The options in the form that `Index.sync` and `Index.watch` take them; raises InvalidOption."""
        return cls(
            selection=Selection(include=_globs(include), exclude=_globs(exclude)),
            fields=RecordFields(id=id_field, text=text_field, title=title_field),
            metadata={} if metadata is None else check_common_metadata(metadata),
            dedupe=None if dedupe is None else Dedupe.of(dedupe),
            drop_boilerplate=drop_boilerplate,
        )

    @property
    def mark(self) -> str:
        """Everything besides the file itself that decides which documents it gives; stored with its stamp."""
        fields = f"{_READERS} id={self.fields.id or ''} text={self.fields.text or ''} title={self.fields.title or ''}"
        metadata = f" metadata={json.dumps(self.metadata, sort_keys=True, default=repr)}" if self.metadata else ""
        collapse = " collapse" if self.dedupe is Dedupe.COLLAPSE else ""
        return fields + metadata + collapse + (" drop_boilerplate" if self.drop_boilerplate else "")

    def upsert(self, document: Document, key: str, file: SourceFile) -> Upsert:
        """A document of a file as it goes into the index; `key` is what the index calls the file."""
        if self.drop_boilerplate:
            document = without_boilerplate(document)
        metadata = {**document.metadata, **self.metadata}
        return Upsert(replace(document, metadata=metadata), key, _file_metadata(document.id, key, file))


def sync(
    store: Store,
    roots: Sequence[Path],
    options: SyncOptions,
    encoder: Callable[[], Encoder],
    cache: VectorCache,
    *,
    progress: Callable[[Progress], None] | None = None,
    dry_run: bool = False,
) -> Report:
    """Make the index hold what the files at and below `roots` hold; other files' documents stay as they are.

    The caller has locked the store, unless it is a `dry_run`, which changes nothing and reports what a run would do.
    Raises PathNotFound, before anything is changed, when a root does not exist.
    """
    tally = Tally.reporting_to(progress)
    draft = Draft(store)
    plan = make_plan(store, draft, roots, options, tally)
    ingest = Ingest(draft, encoder, cache, tally, released=plan.files, owners=plan.text_owners, dry_run=dry_run)
    return ingest.run(plan.changes(tally))


def check_common_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata that is given for all documents, as plain values; raises InvalidOption for what cannot be stored."""
    if not isinstance(metadata, Mapping):
        raise InvalidOption(f"metadata is {type(metadata).__name__}, expected a dict of keys and values")
    try:
        return check_metadata(metadata)
    except InvalidDocument as error:
        raise InvalidOption(str(error)) from None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do: files to read and files that are gone, by what the index calls them."""

    unread: Mapping[str, SourceFile]
    gone: Sequence[str]
    record_files: AbstractSet[str]  # the files whose documents in the index are records
    options: SyncOptions
    deduplication: Deduplication | None

    @property
    def files(self) -> AbstractSet[str]:
        """The files to read and those that are gone: their documents may have moved to other files."""
        return {*self.unread, *self.gone}

    @property
    def text_owners(self) -> TextOwners | None:
        """What counts chunks that repeat one of another document, where near-duplicates are looked for."""
        return self.deduplication.owners if self.deduplication else None

    def changes(self, tally: Tally) -> Iterator[Upsert | FileRead]:
        """Read the files one by one; what is gone comes last, so that a document that moved is never missing."""
        with Reader() as reader:
            for key, file in self.unread.items():
                yield from self._read(key, file, reader, tally)
        for key in self.gone:
            yield FileRead(key, None)

    def _read(self, key: str, file: SourceFile, reader: Reader, tally: Tally) -> Iterator[Upsert | FileRead]:
        """The documents of a file as they are read, then the note that it has been read."""
        read_at = time.time_ns()
        documents, complete, whole = 0, True, True
        try:
            for result in load(
                file.path, key, self.options.fields, reader, expect_records=self._must_hold_records(key, file)
            ):
                if isinstance(result, Skip):
                    tally.skipped.append(result)
                elif isinstance(result, Failure):
                    tally.failed.append(result)
                    complete = False
                elif self._is_left_out(result, tally):
                    whole = False  # read again the next time: the document it repeats may be gone then
                else:
                    documents += 1
                    yield self.options.upsert(result, key, file)
        except InvalidDocument as error:
            tally.failed.append(Failure(str(file.path), str(error).removeprefix(f"{file.path}: ")))
            complete = False
        trusted = complete and whole and is_settled(file.mtime_ns, read_at)
        stamp = Stamp(file.size, file.mtime_ns, self.options.mark, documents) if trusted else None
        yield FileRead(key, stamp, complete, file.size)

    def _is_left_out(self, document: Document, tally: Tally) -> bool:
        """Whether the document stays out of the index because it nearly repeats another; reports it either way."""
        near = self.deduplication.near(document) if self.deduplication else None
        if near is None:
            return False
        tally.near_duplicates.append(near)
        return near.left_out

    def _must_hold_records(self, key: str, file: SourceFile) -> bool:
        """Whether the user said that the file holds records; a table found in a folder may be anything."""
        return file.named or key in self.record_files or self.options.fields != RecordFields()


def make_plan(store: Store, draft: Draft, roots: Sequence[Path], options: SyncOptions, tally: Tally) -> Plan:
    """Compare the files under `roots` with what the index knows of them. No file is read.

    Raises PathNotFound when a root does not exist.
    """
    deduplication = Deduplication(options.dedupe) if options.dedupe else None
    roots = [root.resolve() for root in roots]
    scanned, unknown = _scanned(roots, options.selection, tally)
    files = {store.key(file.path): file for file in scanned}
    held = draft.documents_by_path()
    unread = {}
    for key, file in files.items():
        if draft.stamps.get(key) == Stamp(file.size, file.mtime_ns, options.mark, held[key]):
            tally.counts["unchanged"] += held[key]
        else:
            unread[key] = file
    tally.bytes_total = sum(file.size for file in unread.values())
    missing = sorted({*held, *draft.stamps} - files.keys())
    gone = [key for key in missing if _is_in(store.resolve(key), roots) and not _is_in(store.resolve(key), unknown)]
    if deduplication:
        deduplication.begin(draft.base.parts, {*unread, *gone})
    return Plan(unread, gone, _record_files(unread, held, draft), options, deduplication)


def _record_files(unread: Mapping[str, SourceFile], held: Mapping[str, int], draft: Draft) -> set[str]:
    """The files that gave records: the index does not hold them as one document with the file's own id."""
    known = {key for key in unread if held.get(key)}
    return known - draft.find([key for key in known if held[key] == 1]).keys()


def _file_metadata(document_id: str, key: str, file: SourceFile) -> dict[str, Any]:
    """Name, size and time of a file that is one document, the name of one in an archive, nothing for a record."""
    if document_id == key:
        return {"name": file.path.name, "size": file.size, **_modified(file.mtime_ns)}
    if document_id.startswith(f"{key}{INSIDE}"):
        return {"name": document_id.rpartition(INSIDE)[2].rpartition("/")[2]}
    return {}


def _modified(mtime_ns: int) -> dict[str, datetime]:
    try:
        return {"modified": _EPOCH + timedelta(microseconds=mtime_ns // 1_000)}
    except OverflowError:  # beyond the year 9999: a file system's times go further than datetime's
        return {}


def _scanned(roots: Sequence[Path], selection: Selection, tally: Tally) -> tuple[list[SourceFile], list[Path]]:
    """The files that a scan finds, and the paths of which it could not find out what is there."""
    scanned, unknown = [], []
    for result in scan(roots, selection):
        if isinstance(result, SourceFile):
            scanned.append(result)
        elif isinstance(result, Skip):
            tally.skipped.append(result)
        else:
            tally.failed.append(result)
            unknown.append(Path(result.source))
    return scanned, unknown


def _is_in(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _globs(globs: Sequence[str]) -> Any:
    """The globs as a tuple; a str stays one, for Selection to refuse."""
    return globs if isinstance(globs, str) else tuple(globs)
