"""Index: everything a user does with an index starts here.

Each method is a few lines: a read takes the current `session.py: Session` and asks that; a write takes the lock, calls
the write story (`ingest/`) or upkeep (`upkeep/`), and makes the new version current.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from enum import Enum
from itertools import islice
from numbers import Real
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from vecsearch.awaiting import begin_write, in_thread, in_write_thread, stoppable
from vecsearch.choices import DedupeName, MetricName, ModeName, RuntimeName, SplitterName
from vecsearch.chunking import Chunking, default_tokens, semantic_kernel
from vecsearch.documents import RecordFields, given_documents
from vecsearch.errors import IndexClosed, IndexDamaged, IndexExists, InvalidOption, InvalidQuery
from vecsearch.ingest.add import add, delete
from vecsearch.ingest.draft import Draft
from vecsearch.ingest.followed import existing_roots, roots_of
from vecsearch.ingest.metadata import check_changes, update_metadata
from vecsearch.ingest.prune import prune
from vecsearch.ingest.sync import sync
from vecsearch.ingest.sync_options import SyncOptions
from vecsearch.ingest.watching import Watcher, run_at_changes
from vecsearch.models.cache import Cache, shared_cache
from vecsearch.models.consent import remember_consent
from vecsearch.models.encoder import CheckedEncoder, Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.models.encoders.model_paths import absolute_name
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.sharing import shared_encoder
from vecsearch.reports import Failure, Info, Progress, Pruned, Report, Root, Verification, Version
from vecsearch.search.hits import Hits
from vecsearch.search.options import SearchOptions
from vecsearch.search.surroundings import Passage
from vecsearch.session import Models, Query, Session
from vecsearch.storage.lexical import AUTO, check_language
from vecsearch.storage.lock import WAIT
from vecsearch.storage.manifest import Manifest, ModelEntry, check_recall, first_manifest
from vecsearch.storage.store import Snapshot, Store
from vecsearch.storage.temporary import remove_with, removed_on_error, temporary_store
from vecsearch.types import (
    ArrowTable,
    Dedupe,
    Document,
    Example,
    FloatArray,
    Metric,
    Mode,
    Ranked,
    Span,
    Splitter,
    Where,
)
from vecsearch.upkeep import verified, versions
from vecsearch.upkeep.compaction import compact
from vecsearch.upkeep.exporting import export
from vecsearch.upkeep.importing import import_index
from vecsearch.upkeep.verify import check_version
from vecsearch.vectors import unit_rows

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    from vecsearch.models.rerank import Reranker

_Added: TypeAlias = "str | FloatArray | Example | Sequence[str | FloatArray | Example] | None"
_CREATING_SECONDS = 10.0  # to wait for a process that is creating the same index, which takes milliseconds
_DOCUMENTS_AT_ONCE = 100  # read by a thread for `async for`
_WATCH_SECONDS = 1.0  # for which a watching run waits for another writer, before it looks whether it is to stop
_log = logging.getLogger(__name__)


class Index:
    """A semantic index: documents go in, the passages that answer a question come out.

    Made by `Index.create`, `Index.open` or `Index.open_or_create`. Every read sees one version of the index as a
    whole: the one that was current when this object was opened, refreshed, or last wrote. One process may write at a
    time, any number may read.

    One Index may be used by any number of threads: some search while one writes and another refreshes. Writers take
    turns; one that has waited `wait` seconds raises IndexLocked. Indexes of the same model share one loaded encoder.
    `close` it, or use it in a `with` block, to free its files at once; else they are freed with the last reference.
    """

    def __init__(
        self,
        store: Store,
        models: Models,
        *,
        version: int | None = None,
        cache: Cache | None = None,
        refresh: bool = False,
        wait: float = WAIT,
        untrusted: Snapshot | None = None,
    ) -> None:
        """Called by `create` and `open`, not by users."""
        self._store = store
        self._pinned = version if untrusted is None else untrusted.manifest.version
        self._is_untrusted = untrusted is not None
        self._refreshes = refresh
        self._wait = _check_wait(wait)
        self._swap = Lock()  # held while the current session is replaced, so that no older one replaces a newer
        cache = shared_cache() if cache is None else _check_cache(cache)
        self._remove: Callable[[], object] | None = None  # the folder of a temporary index
        self._writes: ThreadPoolExecutor | None = None
        self._current: Session | None = Session(store, untrusted or store.snapshot(version), models, cache)

    # Making and opening

    @classmethod
    def create(
        cls,
        path: str | PathLike[str] | None,
        *,
        model: str | Encoder = DEFAULT_MODEL,
        dim: int | None = None,
        runtime: RuntimeName | None = None,
        threads: int | None = None,
        chunk_tokens: int | None = None,
        overlap: int = 0,
        splitter: Splitter | SplitterName = Splitter.STRUCTURE,
        context: bool = False,
        metric: Metric | MetricName = Metric.COSINE,
        language: str = AUTO,
        recall: float = 0.99,
        keep_versions: int = 3,
        keep_text: bool = False,
        cache: Cache | None = None,
        wait: float = WAIT,
    ) -> Index:
        """Create an empty index in the folder `path`, for vectors of `model`, a name as load_encoder() takes it.

        With None for a path the index is temporary, for tests and notebooks: its folder is removed when it is closed,
        with the last reference to it, or when the process ends.

        `dim` keeps only the first `dim` numbers of each vector. `runtime` and `threads` say how this object runs the
        model. `chunk_tokens` is the most tokens of a chunk, counted by the model: 128 by default, 32 for sentences;
        `overlap` is how many tokens a chunk repeats of the one before. `splitter` is "structure", "sentences" (the
        model reads a chunk with the text around it) or "semantic" (cut where the meaning changes); with `context` the
        model reads a chunk under its headings; see docs/chunking.md. `metric` is the default of `search`. `language`
        is the one whose words are stemmed, such as "en"; "auto" detects it for each chunk, "none" stems nothing.
        `recall` is the least share of the nearest chunks that a search finds, measured as the index grows; 1.0 makes
        every search exact. The newest `keep_versions` versions stay on disk, to go back to. With `keep_text` the index
        also stores the whole text of each document, for `text`. `cache` keeps vectors, by default the user's. `wait` is
        how many seconds a write waits for another writer.

        Raises IndexExists, ModelNotFound, InvalidOption, ExtraMissing; EndpointFailed for a remote model whose key is
        missing.
        """
        settings = _given(runtime=runtime, threads=threads)
        encoder = _usable_encoder(model, settings, dim)
        remember_consent(encoder)
        manifest = first_manifest(
            ModelEntry(absolute_name(encoder.name), encoder.fingerprint, encoder.dim),
            Metric.of(metric),
            _chunking(encoder, chunk_tokens, overlap, Splitter.of(splitter), context),
            versions.check_keep_versions(keep_versions),
            check_language(language),
            check_recall(recall),
            keep_text=bool(keep_text),
        )
        seconds = max(_check_wait(wait), _CREATING_SECONDS)
        store = temporary_store() if path is None else Store(Path(path))
        with removed_on_error(store) if path is None else nullcontext():
            store.create(manifest, wait=seconds)
            index = cls(store, Models(store.name, encoder, settings), cache=cache, wait=wait)
        if path is None:
            index._remove = remove_with(index, store)
        return index

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        model: str | Encoder | None = None,
        runtime: RuntimeName | None = None,
        threads: int | None = None,
        version: int | str | None = None,
        refresh: bool = False,
        untrusted: bool = False,
        cache: Cache | None = None,
        wait: float = WAIT,
    ) -> Index:
        """Open the index in the folder `path` as its current version or, to read only, as a `version` or tag.

        With `untrusted`, an index from a stranger is opened to read: every byte of the version is checked first, its
        files are read into memory rather than mapped, so that nobody can change them afterwards, and nothing is sent
        to or loaded from another machine. It takes as much memory as its files. Raises ConsentMissing when a query has
        to be encoded by a remote model; words and vectors can be searched.

        `model` is for an index whose model is no longer found under its name: a folder, a name or an encoder.
        The model is opened when a text is first encoded, with `runtime` and `threads` as load_encoder() takes them.
        With `refresh` every read sees the version that is current then. `cache` keeps vectors, by default the user's.
        A write waits `wait` seconds for another writer. Raises IndexNotFound, IndexDamaged, FormatTooNew; ModelMismatch
        when `model` is not the one that the index was made with.
        """
        if untrusted and refresh:
            raise InvalidOption("an untrusted index stays at the version that was checked: open it without refresh")
        store = Store(Path(path), in_memory=untrusted)
        number = None if version is None else versions.find_version(store, version)
        checked = check_version(store, store.manifest(number)) if untrusted else None
        models = Models(store.name, model, _given(runtime=runtime, threads=threads), remote=not untrusted)
        index = cls(store, models, version=number, cache=cache, refresh=refresh, wait=wait, untrusted=checked)
        if model is not None:
            models.encoder(index._require_open().manifest.model)
        return index

    @classmethod
    def open_or_create(
        cls,
        path: str | PathLike[str] | None,
        *,
        model: str | Encoder | None = None,
        dim: int | None = None,
        runtime: RuntimeName | None = None,
        threads: int | None = None,
        chunk_tokens: int | None = None,
        overlap: int | None = None,
        splitter: Splitter | SplitterName | None = None,
        context: bool | None = None,
        metric: Metric | MetricName | None = None,
        language: str | None = None,
        recall: float | None = None,
        keep_versions: int | None = None,
        keep_text: bool | None = None,
        refresh: bool = False,
        cache: Cache | None = None,
        wait: float = WAIT,
    ) -> Index:
        """Open the index in the folder `path`, or create it if it does not exist; None: a temporary one.

        The options are those of `create` and `open`; None means: as the index is, or the default of `create`. Several
        processes may call it at once: one creates, the others open. Raises what they raise, and InvalidOption when an
        existing index was made with another value of an option that is given.
        """
        made_with = _given(
            dim=dim,
            chunk_tokens=chunk_tokens,
            overlap=overlap,
            splitter=None if splitter is None else Splitter.of(splitter),
            context=context,
            metric=None if metric is None else Metric.of(metric),
            language=language,
            recall=recall,
            keep_versions=keep_versions,
            keep_text=keep_text,
        )
        running = _given(model=model, runtime=runtime, threads=threads)
        if path is None:
            return cls.create(None, **running, **made_with, cache=cache, wait=wait)
        store = Store(Path(path))
        if not store.exists():
            with suppress(IndexExists):  # another process made it meanwhile: open that
                index = cls.create(path, **running, **made_with, cache=cache, wait=wait)
                index._refreshes = refresh
                return index
        index = cls.open(path, **running, refresh=refresh, cache=cache, wait=wait)
        _check_made_with(index._require_open().manifest, made_with, store.name)
        return index

    @classmethod
    def from_export(
        cls, file: str | PathLike[str], path: str | PathLike[str], *, keep_versions: int = 3, wait: float = WAIT
    ) -> Index:
        """Create an index in the folder `path` from a file that `export` wrote; it answers as the original did.

        Raises IndexExists; InvalidDocument when the file is not an export, PathNotFound when it does not exist;
        InvalidOption when the folder holds something else, or `keep_versions` is out of range.
        """
        shared_cache()  # raises InvalidOption for an environment variable with an invalid value
        store = Store(Path(path))
        import_index(store, Path(file), versions.check_keep_versions(keep_versions))
        return cls(store, Models(store.name, None), wait=wait)

    def close(self) -> None:
        """Let go of the index's files and models; every later call but `close` and `path` raises IndexClosed.

        A search that is running in another thread still ends as it should, and frees the files then.
        """
        with self._swap:
            self._current = None
        if self._writes is not None:
            self._writes.shutdown(wait=False)
        if self._remove is not None:
            self._remove()

    def __enter__(self) -> Index:
        """The index itself, closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The version that reads see

    def session(self) -> Session:
        """Return the version that reads see now, as an object to search: it stays as it is whatever is written.

        Two searches of one session see the same version; two of an Index need not.
        """
        if self._refreshes:
            self.refresh()
        return self._require_open()

    def refresh(self) -> None:
        """Make the current version the one that reads see; an index opened at a past version stays there."""
        with self._swap:
            session = self._require_open()
            if self._pinned is None and self._store.manifest() != session.manifest:
                self._advance(self._store.snapshot(reuse=session.snapshot))

    @property
    def path(self) -> Path:
        """The index's folder."""
        return self._store.path

    def __len__(self) -> int:
        """The number of chunks that a search can find."""
        return self._require_open().manifest.chunks

    def __repr__(self) -> str:
        """Where it is and how large."""
        if self._current is None:
            return f"<Index {str(self.path)!r}: closed>"
        manifest = self._require_open().manifest
        return f"<Index {str(self.path)!r}: {manifest.documents} documents, {manifest.chunks} chunks>"

    # Adding and removing documents

    def sync(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dedupe: Dedupe | DedupeName | None = None,
        drop_boilerplate: bool = False,
        dry_run: bool = False,
        force: bool = False,
        progress: Callable[[Progress], None] | None = None,
        wait: float | None = None,
    ) -> Report:
        """Bring the index in step with files and folders: add new, update changed, remove vanished ones.

        Each path becomes a root, which the index follows from then on with the options given here; without `paths` all
        roots are brought in step, each with its own options. Documents of a root that is missing are kept: the report
        lists it. Files that were moved are recognised by their contents.

        Only files whose size or times changed are read, or all with `force`; only text never seen is encoded. `include`
        and `exclude` are globs as in .gitignore; files that they leave out are removed from the index, as are those
        that .gitignore, .ignore and .vecsearchignore files ignore. `id_field`, `text_field` and `title_field` name the
        fields of records (.jsonl, .csv, .parquet), by default `_id` or `id`, `text`, `title`. `metadata` is added to
        every document and replaces what the document says under the same keys. `dedupe` "report" lists documents that
        nearly repeat an earlier one, "collapse" leaves them out. With `drop_boilerplate` lines that most pages of a
        document begin or end with are not encoded. With `dry_run` nothing is written and the report says what would be.
        `wait` is how many seconds to wait for another writer, by default what the index was opened with. Raises
        PathNotFound, before anything is changed; IndexLocked; InvalidOption for options without paths, and when there
        are no roots.
        """
        options = SyncOptions.of(
            include=include,
            exclude=exclude,
            id_field=id_field,
            text_field=text_field,
            title_field=title_field,
            metadata=metadata,
            dedupe=dedupe,
            drop_boilerplate=drop_boilerplate,
        )
        return self._sync(_paths_to_sync(paths, options), options, progress, dry_run=dry_run, force=force, wait=wait)

    def roots(self) -> list[Root]:
        """Return the files and folders that the index follows, with what each holds; see `sync`."""
        self._require_open()
        return roots_of(self._store, Draft(self._store))

    def prune(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        dry_run: bool = False,
        wait: float | None = None,
    ) -> Pruned:
        """Delete the documents of roots that are gone from the disk, and forget these roots.

        With `paths` instead those roots go, whether they exist or not; of a path inside a root, the documents whose
        files do not exist. Raises InvalidOption for a path that the index does not
        know, IndexLocked.
        """
        self._check_writable()
        chosen = None if paths is None else _paths(paths)
        with nullcontext() if dry_run else self.writing(wait):
            return prune(self._store, chosen, dry_run=bool(dry_run))

    def watch(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dedupe: Dedupe | DedupeName | None = None,
        drop_boilerplate: bool = False,
        progress: Callable[[Progress], None] | None = None,
        stop: Event | None = None,
    ) -> Iterator[Report]:
        """Sync now, and within a second after each change below the paths until `stop` is set; yield each report.

        The options are those of `sync`; without paths the roots of the index are watched. Between runs nothing is
        locked, and a run waits while another process writes. Raises ExtraMissing without watchfiles; PathNotFound, also
        when a watched folder vanishes.
        """
        options = SyncOptions.of(
            include=include,
            exclude=exclude,
            id_field=id_field,
            text_field=text_field,
            title_field=title_field,
            metadata=metadata,
            dedupe=dedupe,
            drop_boilerplate=drop_boilerplate,
        )
        roots = _paths_to_sync(paths, options)
        self._require_open()
        watched = existing_roots(self._store) if roots is None else roots
        watcher = Watcher(watched, self.path, stop, lose_some=roots is None)
        wait = min(self._wait, _WATCH_SECONDS)

        def run() -> Report:
            report = self._sync(roots, options, progress, wait=wait)
            if roots is None:
                watcher.follow(existing_roots(self._store))  # others may have come, or be mounted again
            return report

        yield from run_at_changes(run, watcher)

    def add(
        self,
        documents: Iterable[Document | str | Mapping[str, Any] | Failure] | ArrowTable,
        *,
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        progress: Callable[[Progress], None] | None = None,
        wait: float | None = None,
    ) -> Report:
        """Add documents, each in place of the one that had its id.

        A str is a document whose id is made from its text; a mapping is read as a record is, with the fields of `sync`:
        `_id` or `id`, `text`, `title` in front of the text, the rest metadata. A table of pandas, Polars, DuckDB or
        Arrow is a record for each row. Documents are streamed: a generator of any length needs memory for one segment
        only. A document that cannot be indexed is in the report's `failed` and the others go in; so are Failures among
        the documents, as `read_stream` and `read_address` yield them. `wait` is as for `sync`. Raises InvalidDocument
        for anything else, which may leave what came before it in the index; IndexLocked.
        """
        given = given_documents(documents, RecordFields(id=id_field, text=text_field, title=title_field))
        with self.writing(wait) as session:
            return add(self._store, given, lambda: session.encoder, session.cache, progress=stoppable(progress))

    def delete(
        self, ids: str | Iterable[str] | None = None, *, where: Where | None = None, wait: float | None = None
    ) -> int:
        """Delete documents, by their ids or by a condition; return how many the index held.

        With `where` those go that have a chunk for which it is true, in the version that is current then. `wait` is as
        for `sync`. Raises InvalidOption unless exactly one of the two is given, InvalidFilter, IndexLocked.
        """
        _check_one_choice("delete", ids, where)
        with self.writing(wait):
            return delete(self._store, self._matching(where) if ids is None else ids)

    def update_metadata(
        self,
        ids: str | Iterable[str] | Mapping[str, Mapping[str, Any]] | None = None,
        changes: Mapping[str, Any] | None = None,
        *,
        where: Where | None = None,
        wait: float | None = None,
    ) -> int:
        """Change metadata of documents, chosen by ids or by a condition; return how many the index held.

        `changes` are keys and their new values; None removes a key, other keys stay. A dict of ids, each with changes
        of its own, takes the place of both. Nothing is encoded; all is one commit. Documents of files keep what was
        changed until the content of their file changes. `wait` is as for `sync`. Raises InvalidOption for metadata that
        cannot be stored and unless ids or `where` are given, InvalidFilter, IndexLocked.
        """
        _check_one_choice("update_metadata", ids, where)
        if isinstance(ids, Mapping):
            if changes is not None:
                raise InvalidOption(
                    "update_metadata takes a dict of ids with their changes, or ids and changes, not both"
                )
            each = {identifier: check_changes(change) for identifier, change in ids.items()}
            with self.writing(wait):
                return update_metadata(self._store, each)
        every = check_changes({} if changes is None else changes)
        with self.writing(wait):
            chosen = self._matching(where) if ids is None else [ids] if isinstance(ids, str) else ids
            return update_metadata(self._store, dict.fromkeys(chosen, every))

    # Reading documents

    @overload
    def get(self, ids: str) -> Document | None: ...  # type: ignore[overload-overlap]
    @overload
    def get(self, ids: Iterable[str]) -> list[Document]: ...
    def get(self, ids: str | Iterable[str]) -> Document | list[Document] | None:
        """Return the document with this id, or None; or a list of those with these ids, without unknown ones.

        Its text is the whole one, as extracted, in an index made with `keep_text`. In any other it is put together from
        the chunks: all but white space as it was and at its place, so that `text[hit.start:hit.end] == hit.text`.
        """
        if isinstance(ids, str):
            return next(iter(self.session().get([ids])), None)
        if not isinstance(ids, Iterable):
            raise InvalidQuery(f"the id of a document is {ids!r}, expected a text, or a list of texts")
        return self.session().get(list(ids))

    def documents(self, where: Where | None = None) -> Iterator[Document]:
        """Yield the documents that have a matching chunk, as `get` returns them, in alphabetical order of their ids.

        They are those of one version, read as they are taken. Raises InvalidFilter.
        """
        return self.session().documents(where)

    def __iter__(self) -> Iterator[Document]:
        """All documents, as `documents` yields them."""
        return self.documents()

    def __contains__(self, document_id: object) -> bool:
        """Whether the index holds a document with this id."""
        return document_id in self.session()

    # Searching

    @overload
    def search(
        self,
        query: str | None = ...,
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> Hits: ...
    @overload
    def search(
        self,
        query: list[str] | tuple[str, ...],
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> list[Hits]: ...
    @overload
    def search(
        self,
        query: FloatArray,
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> Any: ...
    def search(
        self,
        query: Query = None,
        k: int = 10,
        *,
        mode: Mode | ModeName | None = None,
        metric: Metric | MetricName | None = None,
        where: Where | None = None,
        min_similarity: float | None = None,
        per_document: int | None = None,
        like: str | Example | Sequence[str | Example] | None = None,
        plus: _Added = None,
        minus: _Added = None,
        rerank: str | Reranker | None = None,
        rerank_depth: int = 50,
        collapse: float | None = None,
        diversity: float | None = None,
        dense_weight: float | None = None,
        exact: bool = False,
        explain: bool = False,
    ) -> Hits | list[Hits]:
        """Return the `k` chunks that answer the query best, best first; fewer only when fewer qualify.

        `query` is a text or a vector, (dim,), which give a list of hits, or several texts or vectors, (q, dim),
        which give a list for each: many in one call cost much less than one by one.

        `mode`: "dense" searches by vectors, "lexical" by words, "hybrid" (the default for a text) by both. `score` is
        what the mode ranks by: the similarity, the BM25 score, or both fused, at most 1. `similarity` is always the
        exact cosine in [-1, 1] or, with `metric` "dot", the dot product. Higher is better; equal scores are in the
        order of document ids.

        `where` is a condition on metadata, "year >= 2020 AND lang = 'en'" or {"lang": "en"}: only matching chunks are
        searched. `min_similarity` drops hits that are less similar; `per_document` limits the chunks of one document.

        `like` adds examples to the query: the id of a chunk or document, or the path of a file. `plus` adds and
        `minus` subtracts texts, vectors or Examples, which have weights. With either, `query` may be left out.
        Examples themselves are not among the hits.

        `rerank` names a cross-encoder, as load_reranker() takes it, that reads the query together with each of the
        first `rerank_depth` candidates; its score becomes `score`. `collapse` drops a hit whose cosine with a better
        one is at least this; `diversity`, 0 to 1, is the weight of being unlike better hits (maximal marginal
        relevance). `dense_weight`, 0 to 1, is the weight of the vectors in hybrid mode; by default each query
        decides. With `exact` every vector is compared; the ANN index is not used. With `explain` each hit has an
        `explanation`.

        Raises InvalidQuery, InvalidVector, InvalidOption, InvalidFilter, ModelMismatch, ModelNotFound; TypeError for
        an unknown option.
        """
        options = SearchOptions(
            k=k,
            mode=mode,
            metric=metric,
            where=where,
            min_similarity=min_similarity,
            per_document=per_document,
            like=like,
            plus=plus,
            minus=minus,
            rerank=rerank,
            rerank_depth=rerank_depth,
            collapse=collapse,
            diversity=diversity,
            dense_weight=dense_weight,
            exact=exact,
            explain=explain,
        )
        return self.session().search(query, options)

    @overload
    def rank(
        self,
        query: str | None = ...,
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> list[Ranked]: ...
    @overload
    def rank(
        self,
        query: list[str] | tuple[str, ...],
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> list[list[Ranked]]: ...
    @overload
    def rank(
        self,
        query: FloatArray,
        k: int = ...,
        *,
        mode: Mode | ModeName | None = ...,
        metric: Metric | MetricName | None = ...,
        where: Where | None = ...,
        min_similarity: float | None = ...,
        per_document: int | None = ...,
        like: str | Example | Sequence[str | Example] | None = ...,
        plus: _Added = ...,
        minus: _Added = ...,
        rerank: str | Reranker | None = ...,
        rerank_depth: int = ...,
        collapse: float | None = ...,
        diversity: float | None = ...,
        dense_weight: float | None = ...,
        exact: bool = ...,
        explain: bool = ...,
    ) -> Any: ...
    def rank(
        self,
        query: Query = None,
        k: int = 10,
        *,
        mode: Mode | ModeName | None = None,
        metric: Metric | MetricName | None = None,
        where: Where | None = None,
        min_similarity: float | None = None,
        per_document: int | None = None,
        like: str | Example | Sequence[str | Example] | None = None,
        plus: _Added = None,
        minus: _Added = None,
        rerank: str | Reranker | None = None,
        rerank_depth: int = 50,
        collapse: float | None = None,
        diversity: float | None = None,
        dense_weight: float | None = None,
        exact: bool = False,
        explain: bool = False,
    ) -> list[Ranked] | list[list[Ranked]]:
        """Return the chunks that `search` finds, in its order, as ids and scores alone.

        Takes the options of `search`. Texts are not read, so it costs less. Raises what `search` raises, and
        InvalidOption for `explain`.
        """
        options = SearchOptions(
            k=k,
            mode=mode,
            metric=metric,
            where=where,
            min_similarity=min_similarity,
            per_document=per_document,
            like=like,
            plus=plus,
            minus=minus,
            rerank=rerank,
            rerank_depth=rerank_depth,
            collapse=collapse,
            diversity=diversity,
            dense_weight=dense_weight,
            exact=exact,
            explain=explain,
        )
        return self.session().rank(query, options)

    def count(self, where: Where | None = None) -> int:
        """Return how many chunks a search with this condition can find; raises InvalidFilter."""
        return self.session().count(where)

    def document_ids(self, where: Where | None = None) -> list[str]:
        """Return the ids of the documents with a chunk that matches, in alphabetical order; raises InvalidFilter."""
        return self.session().document_ids(where)

    def show(self, chunk_id: str, *, context: int = 1) -> Passage:
        """Return the chunk with this id, as a hit names it, and the text of `context` chunks before and after it.

        Raises UnknownId.
        """
        return self.session().passage(chunk_id, context=context)

    def text(self, document_id: str) -> str:
        """Return the whole text of a document, as extracted: `text[hit.start:hit.end] == hit.text` for its hits.

        Raises InvalidOption unless the index was made with `keep_text`, UnknownId.
        """
        return self.session().text(document_id)

    def matched(self, query: str, text: str) -> list[Span]:
        """Return where in `text` the words are that `query` finds it by, in order; adjacent words are one span.

        Words match as in a lexical search, with the language of the index: whatever their endings and accents.
        """
        return self._require_open().matched(query, text)

    # Upkeep

    def info(self) -> Info:
        """Return what the index holds, with which model, and how much disk it takes."""
        return self._require_open().info()

    def compact(self, *, queries: Sequence[str] | FloatArray | None = None, wait: float | None = None) -> bool:
        """Merge the index into one segment without deleted rows; return False when it was that already.

        With `queries` as people ask them, texts or vectors (q, dim), the ANN index is built again and has to reach the
        index's `recall` for these, too; where it cannot, search is exact. `wait` is as for `sync`.
        """
        sample = None if queries is None else unit_rows(self.session().query_vectors(queries))[0]
        with self.writing(wait):
            return compact(self._store, sample)

    def log(self) -> list[Version]:
        """Return the versions on disk, the newest first."""
        self._require_open()
        return versions.log(self._store)

    def restore(self, version: int | str, *, wait: float | None = None) -> None:
        """Commit a new version that holds what `version`, a number or tag, held; no segment is rewritten."""
        with self.writing(wait):
            versions.restore(self._store, versions.find_version(self._store, version))

    def tag(self, name: str, version: int | str | None = None, *, wait: float | None = None) -> None:
        """Name a version, by default the one that reads see; it is kept as long as it has the name.

        `version` is a number or another tag. A name that another version had moves to this one.
        """
        with self.writing(wait) as session:
            number = session.manifest.version if version is None else versions.find_version(self._store, version)
            versions.tag(self._store, name, number)

    def untag(self, name: str, *, wait: float | None = None) -> None:
        """Remove a tag; its version is then kept no longer than others."""
        with self.writing(wait):
            versions.untag(self._store, name)

    def keep_versions(self, n: int, *, wait: float | None = None) -> None:
        """Keep the newest `n` versions from now on, besides those with a tag."""
        with self.writing(wait):
            versions.keep_newest(self._store, n)

    def verify(self, *, repair: bool = False, wait: float | None = None) -> Verification:
        """Check every file of the index; see `verify_index`."""
        if repair and self._is_untrusted:
            self._check_writable()
        self._require_open()
        verification = verified(self._store, repair=repair, wait=self._seconds(wait))
        if verification.repaired:
            with suppress(IndexDamaged), self._swap:  # what is still damaged is in the result
                self._advance(self._store.snapshot(self._pinned))  # nothing reused: what is open may be damaged
        return verification

    def export(self, file: str | PathLike[str]) -> int:
        """Write the live chunks to a file that ends in .parquet, .arrow, .jsonl or .csv; return how many there are.

        All but .csv have vectors. A file that exists is replaced. Raises InvalidDocument for an empty index,
        PathNotFound, InvalidOption.
        """
        return export(self.session().snapshot, Path(file))

    def discard_if_empty(self) -> bool:
        """Remove the index if nothing was ever committed to it; return whether it was removed.

        The folder goes, too, when this object was made by `create` and made the folder.
        """
        self._require_open()
        return versions.discard_if_empty(self._store)

    @contextmanager
    def writing(self, wait: float | None = None) -> Iterator[Session]:
        """Lock the index for a block: only this process writes. Yields the version that reads see.

        At the end of the block reads see what was written. Raises IndexLocked when another writer still holds the
        lock after `wait` seconds, by default what the index was opened with; InvalidOption for an index opened at a
        past version.
        """
        self._check_writable()
        with self._store.locked(self._seconds(wait)):
            begin_write()
            yield self._require_open()
        with suppress(IndexClosed):  # another thread closed this object: what was written stays
            self.refresh()

    # For await: the same methods in threads. A read that is cancelled goes on unseen. A write that is cancelled before
    # it begins never does, and one that has begun is stopped as if it had raised an error: see awaiting.py.

    asearch = in_thread(search)
    arank = in_thread(rank)
    aroots = in_thread(roots)
    acount = in_thread(count)
    adocument_ids = in_thread(document_ids)
    aget = in_thread(get)
    ashow = in_thread(show)
    atext = in_thread(text)
    ainfo = in_thread(info)
    alog = in_thread(log)
    arefresh = in_thread(refresh)
    averify = in_thread(verify)
    aexport = in_thread(export)
    async_sync = in_write_thread(sync)
    aadd = in_write_thread(add)
    adelete = in_write_thread(delete)
    aupdate_metadata = in_write_thread(update_metadata)
    aprune = in_write_thread(prune)
    acompact = in_write_thread(compact)
    arestore = in_write_thread(restore)
    atag = in_write_thread(tag)
    auntag = in_write_thread(untag)
    akeep_versions = in_write_thread(keep_versions)

    async def adocuments(self, where: Where | None = None) -> AsyncIterator[Document]:
        """Yield the documents that `documents` yields, for `async for`; they are read in a thread, some at a time."""
        import asyncio

        documents = await asyncio.to_thread(self.documents, where)
        while some := await asyncio.to_thread(lambda: list(islice(documents, _DOCUMENTS_AT_ONCE))):
            for document in some:
                yield document

    def __aiter__(self) -> AsyncIterator[Document]:
        """All documents, as `adocuments` yields them."""
        return self.adocuments()

    async def __aenter__(self) -> Index:
        """The index itself, closed at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def write_thread(self) -> ThreadPoolExecutor:
        """The thread in which awaited writes run, one after another in the order in which they were awaited."""
        self._require_open()
        with self._swap:
            if self._writes is None:
                from concurrent.futures import ThreadPoolExecutor

                self._writes = ThreadPoolExecutor(1, thread_name_prefix="vecsearch-writes")
            return self._writes

    # How it is done

    def _require_open(self) -> Session:
        session = self._current
        if session is None:
            raise IndexClosed(f"{self._store.name} is closed: open it again with Index.open")
        return session

    def _advance(self, snapshot: Snapshot) -> None:
        """Make a snapshot the one that reads see. The swap lock is held."""
        self._current = self._require_open().at(snapshot)
        _log.info("%s: reading version %d", self._store.name, snapshot.manifest.version)

    def _sync(
        self,
        paths: Sequence[Path] | None,
        options: SyncOptions,
        progress: Callable[[Progress], None] | None,
        *,
        dry_run: bool = False,
        force: bool = False,
        wait: float | None = None,
    ) -> Report:
        self._check_writable()
        with nullcontext(self._require_open()) if dry_run else self.writing(wait) as session:
            return sync(
                self._store,
                paths,
                options,
                lambda: session.encoder,
                session.cache,
                progress=stoppable(progress),
                dry_run=dry_run,
                force=bool(force),
            )

    def _matching(self, where: Where | None) -> list[str]:
        """The ids of the documents that match in the current version. The lock is held, so that it stays current."""
        self.refresh()
        return self._require_open().document_ids(where)

    def _check_writable(self) -> None:
        self._require_open()
        if self._is_untrusted:
            raise InvalidOption(f"{self.path} was opened as untrusted, to read: open it without untrusted to write")
        if self._pinned is not None:
            raise InvalidOption(
                f"{self.path} was opened at version {self._pinned}, to read: open it without a version to write"
            )

    def _seconds(self, wait: float | None) -> float:
        return self._wait if wait is None else _check_wait(wait)


def _usable_encoder(model: str | Encoder, settings: Mapping[str, Any], dim: int | None) -> Encoder:
    """The encoder of a new index. Raises what would keep texts from being encoded, before there is a folder."""
    shared_cache()  # raises InvalidOption for an environment variable with an invalid value
    encoder = shared_encoder(model, **settings) if isinstance(model, str) else model
    if isinstance(encoder, CheckedEncoder):
        encoder.check_usable()
    return encoder if dim is None else Shortened(encoder, dim)


def _check_cache(cache: Cache) -> Cache:
    """The cache, known to be one; raises InvalidOption."""
    if not callable(getattr(cache, "get", None)) or not callable(getattr(cache, "put", None)):
        raise InvalidOption(f"cache is {cache!r}, expected a vecsearch.models.Cache")
    return cache


def _check_wait(wait: float) -> float:
    """The seconds, known to be a number of at least 0; raises InvalidOption."""
    if isinstance(wait, bool) or not isinstance(wait, Real) or not wait >= 0:
        raise InvalidOption(f"wait is {wait!r}, expected a number of seconds of at least 0")
    return float(wait)


def _chunking(encoder: Encoder, chunk_tokens: int | None, overlap: int, splitter: Splitter, context: bool) -> Chunking:
    """How the documents of a new index are cut. Raises InvalidOption, ExtraMissing."""
    reads = encoder.max_tokens
    tokens = default_tokens(splitter, context, reads) if chunk_tokens is None else chunk_tokens
    chunking = Chunking(max_tokens=tokens, overlap=overlap, splitter=splitter, context=context, reads=reads)
    if tokens > reads:
        raise InvalidOption(f"chunk_tokens is {tokens}; {encoder.name} reads at most {reads}")
    if splitter is Splitter.SEMANTIC:
        semantic_kernel()  # before there is an index that cannot be filled
    return chunking


def _check_made_with(manifest: Manifest, options: Mapping[str, Any], name: str) -> None:
    """Raises InvalidOption for an option that an existing index was made with another value of."""
    chunking = manifest.chunking
    made_with = {
        "dim": manifest.model.dim,
        "chunk_tokens": chunking.max_tokens,
        "overlap": chunking.overlap,
        "splitter": chunking.splitter,
        "context": chunking.context,
        "metric": manifest.metric,
        "language": manifest.language,
        "recall": manifest.recall,
        "keep_versions": manifest.keep_versions,
        "keep_text": manifest.keep_text,
    }
    for option, value in options.items():
        if made_with[option] != value:
            value, own = (each.value if isinstance(each, Enum) else each for each in (value, made_with[option]))
            raise InvalidOption(f"{name} was made with {option} {own}, not {value}: open another path")


def _check_one_choice(method: str, ids: object, where: object) -> None:
    """Raise InvalidOption unless documents are chosen by their ids or by a condition."""
    if (ids is None) is (where is None):
        raise InvalidOption(f"{method} takes the ids of documents or a condition, where=, and exactly one of them")


def _paths_to_sync(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]] | None, options: SyncOptions
) -> list[Path] | None:
    """The paths, or None for the roots of the index; raises InvalidOption for options that would change these."""
    if paths is not None:
        return _paths(paths)
    if options.flags:
        raise InvalidOption(f"{next(iter(options.flags))} is for paths that are named: each root has its own")
    return None


def _paths(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, (str, PathLike)) else paths)]


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
