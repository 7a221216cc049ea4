"""Bring an index in step with its roots: add what is new or changed, delete what is gone.

    choose the roots -> scan them -> leave out files whose size and times are as before -> read the others
        -> documents, to `run.py` -> recognise what was moved to another place

A changed file may hold unchanged documents: `run.py` finds that out by their content.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vecsearch.documents import Reader, Skip, SourceFile, load
from vecsearch.errors import InvalidDocument
from vecsearch.ingest.choosing import choose_all, choose_given
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.followed import flag_changes, missing_roots
from vecsearch.ingest.moves import Moves
from vecsearch.ingest.planning import Plan, make_plan
from vecsearch.ingest.run import FileRead, Ingest, Upsert
from vecsearch.ingest.sync_options import SyncOptions, stamp_of
from vecsearch.ingest.tally import Tally
from vecsearch.models.cached_encoding import VectorCache
from vecsearch.models.encoder import Encoder
from vecsearch.reports import Failure, NeedsExtra, Progress, Report
from vecsearch.storage.file_stamps import is_settled
from vecsearch.storage.store import Store
from vecsearch.storage.synced import note_synced
from vecsearch.types import Dedupe, Document


def sync(
    store: Store,
    paths: Sequence[Path] | None,
    options: SyncOptions,
    encoder: Callable[[], Encoder],
    cache: VectorCache,
    *,
    progress: Callable[[Progress], None] | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Report:
    """Make the index hold what the files at and below `paths` hold; other files' documents stay as they are.

    With None the roots of the index are followed, with the options of each. The caller has locked the store, unless it
    is a `dry_run`, which changes nothing and reports what a run would do. With `force` files are read whether they
    changed or not. Raises PathNotFound, before anything is changed, when a path does not exist; InvalidOption when
    there are no roots to follow.
    """
    tally = Tally.reporting_to(progress)
    draft = Draft(store)
    choice = choose_all(store, draft.roots) if paths is None else choose_given(store, draft.roots, paths, options)
    plan = make_plan(store, draft, choice, tally, force=force)
    changed_flags = flag_changes(store, draft.roots, plan.roots)
    draft.set_roots(plan.roots)
    moves = Moves(store, draft, plan)
    ingest = Ingest(
        draft,
        encoder,
        cache,
        tally,
        released=moves.released,
        owners=plan.text_owners,
        dry_run=dry_run,
        note=moves.note,
        known=moves.known,
    )
    report = ingest.run(Reading(plan, tally).changes(), moves.gone)
    if not dry_run:
        followed = [store.key(place.path) for place in plan.choice.places if not place.only]
        note_synced(store.path, followed, [root.key for root in draft.roots])
    return replace(
        report,
        moved=moves.found,
        missing=missing_roots(store, draft, plan.unmounted),
        changed_flags=(*changed_flags, *moves.changed_flags),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """The files of a plan as they are read."""

    plan: Plan
    tally: Tally

    def changes(self) -> Iterator[Upsert | FileRead]:
        """Read the files one by one; what is gone comes last, so that a document that moved is never missing."""
        with Reader() as reader:
            for key, file in self.plan.unread.items():
                yield from self._read(key, file, reader)
        for key in self.plan.gone:
            yield FileRead(key, None)

    def _read(self, key: str, file: SourceFile, reader: Reader) -> Iterator[Upsert | FileRead]:
        """The documents of a file as they are read, then the note that it has been read."""
        read_at = time.time_ns()
        documents, complete, whole = 0, True, True
        options = self.plan.options(file)
        try:
            for result in load(
                file.path, key, options.fields, reader, expect_records=self.plan.must_hold_records(key, file)
            ):
                if isinstance(result, Skip | NeedsExtra):
                    self.tally.skipped.append(result)
                    complete &= isinstance(result, Skip)
                elif isinstance(result, Failure):
                    self.tally.failed.append(result)
                    complete = False
                elif self._is_left_out(result, options):
                    whole = False  # read again the next time: the document it repeats may be gone then
                else:
                    documents += 1
                    yield options.upsert(result, key, file)
        except InvalidDocument as error:
            self.tally.failed.append(Failure(str(file.path), str(error).removeprefix(f"{file.path}: ")))
            complete = False
        trusted = complete and whole and is_settled(file.mtime_ns, read_at)
        stamp = stamp_of(file, options.mark, documents) if trusted else None
        yield FileRead(key, stamp, complete, file.size)

    def _is_left_out(self, document: Document, options: SyncOptions) -> bool:
        """Whether the document stays out of the index because it nearly repeats another; reports it either way."""
        if self.plan.deduplication is None or options.dedupe is None:
            return False
        near = self.plan.deduplication.near(document, collapse=options.dedupe is Dedupe.COLLAPSE)
        if near is None:
            return False
        self.tally.near_duplicates.append(near)
        return near.left_out
