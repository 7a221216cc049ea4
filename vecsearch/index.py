"""Index: the face over the two stories. Everything a user does with an index starts here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vecsearch.chunking import Chunking, default_tokens, semantic_kernel
from vecsearch.errors import InvalidOption
from vecsearch.ingest.add import add, delete
from vecsearch.ingest.sync import SyncOptions, sync
from vecsearch.ingest.watching import Watcher, run_at_changes
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import CheckedEncoder, Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.reports import Failure, Progress, Report
from vecsearch.searching import Searching, opened
from vecsearch.storage.lexical import AUTO, checked_language
from vecsearch.storage.manifest import ModelEntry, checked_recall, first_manifest
from vecsearch.storage.store import Store
from vecsearch.types import Dedupe, Document, Metric, Splitter
from vecsearch.upkeep import exchange, history

if TYPE_CHECKING:
    from threading import Event


class Index(Searching):
    """A semantic index: documents go in, the passages that answer a question come out.

    Made by `Index.create` or `Index.open`. Reads see one version of the index, the one that was current when it was
    opened, refreshed or last written by this object. One process may write at a time, any number may read.
    """

    @classmethod
    def create(
        cls,
        path: str | PathLike[str],
        *,
        model: str | Encoder = DEFAULT_MODEL,
        dim: int | None = None,
        runtime: str | None = None,
        threads: int | None = None,
        chunk_tokens: int | None = None,
        overlap: int = 0,
        splitter: Splitter | str = Splitter.STRUCTURE,
        context: bool = False,
        metric: Metric | str = Metric.COSINE,
        language: str = AUTO,
        recall: float = 0.99,
        keep_versions: int = 3,
        keep_text: bool = False,
    ) -> Index:
        """A new, empty index in the folder `path`, for vectors of `model`, a name as load_encoder() takes it.

        With `dim` the first so many numbers of each vector are kept. `runtime` and `threads` are for this object only.
        `chunk_tokens` is the size of a chunk at most, in the model's own tokens, by default 128, or 32 for sentences;
        `overlap` are tokens that a chunk repeats of the one before. `splitter` is "structure", "sentences" (a model
        reads a chunk with the text around it) or "semantic" (cut where the meaning turns); with `context` a model
        reads a chunk under the titles above it. Both are in docs/chunking.md. `metric` is what `search`
        compares vectors by when it is not told. `language` is the one whose words are reduced to their stems, as
        "en"; "auto" finds out for each chunk, "none" reduces none. Of the nearest chunks a search finds the share
        `recall` at least, measured as the index grows; with 1.0 always all of them. The newest `keep_versions` stay
        on disk, to go back to. With `keep_text` it holds the text of each document too, for `text`.
        Raises IndexExists, ModelNotFound, InvalidOption, ExtraMissing; EndpointFailed for a model behind an address
        without the key that it needs.
        """
        how = _given(runtime=runtime, threads=threads)
        encoder = _usable_encoder(model, how, dim)
        made_with = ModelEntry(encoder.name, encoder.fingerprint, encoder.dim)
        chunking = _chunking(encoder, chunk_tokens, overlap, Splitter.of(splitter), context)
        store = Store(Path(path))
        store.create(
            first_manifest(
                made_with,
                Metric.of(metric),
                chunking,
                history.checked_keep(keep_versions),
                checked_language(language),
                checked_recall(recall),
                keep_text=bool(keep_text),
            )
        )
        return cls(store, encoder, how=how)

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        model: str | Encoder | None = None,
        runtime: str | None = None,
        threads: int | None = None,
        version: int | str | None = None,
        refresh: bool = False,
        wait: float = 0.0,
    ) -> Index:
        """The index in the folder `path`, as its current version, or, to read only, as the `version` or tag named.

        `model` is for an index whose model is not found under its name any more: a folder, a name or an encoder.
        It is opened when a text is first encoded, with `runtime` and `threads` as load_encoder() takes them. With
        `refresh`, every search sees the version that is current then. A write waits `wait` seconds for another
        process that writes. Raises IndexNotFound, IndexDamaged, FormatTooNew; ModelMismatch when the model is not
        the one that the index was made with.
        """
        store = Store(Path(path))
        at = None if version is None else history.numbered(store, version)
        index = cls(store, model, at, _given(runtime=runtime, threads=threads))
        index._refreshes, index._wait = refresh, wait
        if model is not None:
            index._opened_encoder()
        return index

    @classmethod
    def from_export(cls, file: str | PathLike[str], path: str | PathLike[str], *, keep_versions: int = 3) -> Index:
        """A new index in the folder `path` that answers as the one did that `export` wrote to `file`.

        Raises IndexExists; InvalidDocument when the file is not an export, PathNotFound when it is not there;
        InvalidOption when the folder holds something else, or for a number of versions that cannot be.
        """
        _check_cache()
        store = Store(Path(path))
        exchange.import_into(store, Path(file), history.checked_keep(keep_versions))
        return cls(store, None)

    def __len__(self) -> int:
        """How many chunks a search can find."""
        return self._snapshot.manifest.chunks

    def __repr__(self) -> str:
        """Where it is and how large."""
        return f"<Index {str(self.path)!r}: {self._snapshot.manifest.documents} documents, {len(self)} chunks>"

    def sync(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dedupe: Dedupe | str | None = None,
        drop_boilerplate: bool = False,
        dry_run: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """The index holds what these files and folders hold: new and changed ones are in it, vanished ones are not.

        Only files whose size or time changed are read, only text never seen is encoded. `include` and `exclude` are
        globs as in .gitignore; a file they leave out is not in the index afterwards. The fields are those of
        records (.jsonl, .csv, .parquet), by default `_id` or `id`, `text`, `title`. Every document gets the
        `metadata`, instead of what it says itself under the same keys. With `dedupe` "report" documents that nearly
        repeat one before them are named, with "collapse" they are left out. With `drop_boilerplate` lines that most
        pages of a document begin or end with are not encoded. With `dry_run` nothing is written and the report says
        what would be. Raises PathNotFound, before anything is changed; IndexLocked.
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
        return self._sync(_roots(paths), options, progress, dry_run=dry_run)

    def watch(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dedupe: Dedupe | str | None = None,
        drop_boilerplate: bool = False,
        progress: Callable[[Progress], None] | None = None,
        stop: Event | None = None,
    ) -> Iterator[Report]:
        """A report of a sync now, and of one within a second after each change below the paths, until `stop` is set.

        The options are those of `sync`. Between runs nothing is locked, and while another process writes, a run waits
        for it. Raises ExtraMissing without watchfiles; PathNotFound, also when a folder that is watched vanishes.
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
        roots = _roots(paths)
        watcher = Watcher(roots, self.path, stop)
        yield from run_at_changes(lambda: self._sync(roots, options, progress), watcher)

    def add(
        self,
        documents: Iterable[Document | str | Mapping[str, Any] | Failure],
        *,
        progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """The index holds these documents, each in place of the one that had its id.

        A str is a document whose id is made from its text; a mapping is read as a record is: `_id` or `id`, `text`,
        `title` in front of the text, the rest metadata. The documents are streamed: a generator of any length needs
        memory for a segment only. One that cannot be indexed is in the report's `failed`, the others go in; so are
        the Failures among them, as `read_stream` and `read_address` give them.
        Raises InvalidDocument for an item of another type.
        """
        with self._writing():
            return add(self._store, documents, self._opened_encoder, self._cache, progress=progress)

    def delete(self, ids: Iterable[str]) -> int:
        """The index no longer holds these documents; how many of them it held."""
        with self._writing():
            return delete(self._store, ids)

    def _sync(
        self,
        roots: Sequence[Path],
        options: SyncOptions,
        progress: Callable[[Progress], None] | None,
        *,
        dry_run: bool = False,
    ) -> Report:
        self._check_writable()
        with nullcontext() if dry_run else self._writing():
            return sync(
                self._store, roots, options, self._opened_encoder, self._cache, progress=progress, dry_run=dry_run
            )


def _usable_encoder(model: str | Encoder, how: Mapping[str, Any], dim: int | None) -> Encoder:
    """The encoder of a new index. Raises what would keep texts from being encoded, before there is a folder."""
    _check_cache()
    encoder = opened(model, how)
    if isinstance(encoder, CheckedEncoder):
        encoder.check_usable()
    return encoder if dim is None else Shortened(encoder, dim)


def _check_cache() -> None:
    """Raises InvalidOption when the environment says of the cache what cannot be."""
    Cache()


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


def _roots(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, (str, PathLike)) else paths)]


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
