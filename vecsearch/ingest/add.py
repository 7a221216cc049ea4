"""What a program adds to an index and deletes from it, document by document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vecsearch.checks import is_storable
from vecsearch.documents import Skip
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.run import Ingest, Upsert
from vecsearch.ingest.tally import Tally
from vecsearch.models.cached_encoding import VectorCache
from vecsearch.models.encoder import Encoder
from vecsearch.reports import Failure, NeedsExtra, Progress, Report
from vecsearch.storage.store import Store
from vecsearch.types import Document


def add(
    store: Store,
    documents: Iterable[Document | Failure],
    encoder: Callable[[], Encoder],
    cache: VectorCache,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Make the index hold the documents, each in place of the one with its id. The caller has locked the store.

    Whatever the iterable raises, InvalidDocument for an item of another type, ends the run.
    """
    tally = Tally.reporting_to(progress)
    ingest = Ingest(Draft(store), encoder, cache, tally)
    return ingest.run(_upserts(documents, tally))


def delete(store: Store, ids: Iterable[str]) -> int:
    """Delete documents, and return how many of the ids the index held. The caller has locked the store."""
    unique = dict.fromkeys([ids] if isinstance(ids, str) else map(str, ids))
    draft = Draft(store)
    deleted = draft.drop(list(filter(is_storable, unique)))
    draft.commit()
    return deleted


def _upserts(documents: Iterable[Document | Failure], tally: Tally) -> Iterator[Upsert]:
    """The documents as they come; an item without one goes to the tally's failed or skipped."""
    for result in documents:
        if isinstance(result, Document):
            yield Upsert(result)
        else:
            (tally.skipped if isinstance(result, Skip | NeedsExtra) else tally.failed).append(result)
