"""Index: the face over the two stories. Everything a user does with an index starts here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from vecsearch.cache import Cache, cache_folder
from vecsearch.chunking import Chunking
from vecsearch.columns import is_storable
from vecsearch.documents import RecordFields, Selection
from vecsearch.draft import Draft
from vecsearch.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.encoders.shortened import Shortened
from vecsearch.encoding import Encoder
from vecsearch.errors import InvalidOption, InvalidQuery, ModelMismatch
from vecsearch.filters import Filters, document_ids
from vecsearch.ingest import FileRead, Ingest, Put, puts_of
from vecsearch.manifest import ModelEntry, first_manifest
from vecsearch.query import SearchKeywords, SearchOptions, encode_queries, search
from vecsearch.store import Part, Store
from vecsearch.sync import plan as plan_sync
from vecsearch.tally import Tally
from vecsearch.types import Document, FloatArray, Hit, Metric, Mode, Progress, Report
from vecsearch.upkeep import Upkeep, exchange, history
from vecsearch.vectors import check_vectors

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PLAIN: Mapping[str, Any] = MappingProxyType({})  # how a model is loaded when nothing is said
_WIDEST_CHUNK = 254  # tokens; a longer passage says too many things for one vector


class Index(Upkeep):
    """A semantic index: documents go in, the passages that answer a question come out.

    Made by `Index.create` or `Index.open`. Reads see one version of the index, the one that was current when it was
    opened, refreshed or last written by this object. One process may write at a time, any number may read.
    """

    def __init__(
        self, store: Store, model: str | Encoder | None, version: int | None = None, how: Mapping[str, Any] = _PLAIN
    ) -> None:
        """For `create` and `open`, which users call."""
        super().__init__(store, version)
        self._model = model
        self._how = how
        self._encoder: Encoder | None = None
        self._cache = Cache(cache_folder())
        self._filters = Filters()
        self._refreshes = False

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
        metric: Metric | str = Metric.COSINE,
        keep_versions: int = 3,
    ) -> Index:
        """A new, empty index in the folder `path`, for vectors of `model`, a name as load_encoder() takes it.

        With `dim` the first so many numbers of each vector are kept. `runtime` and `threads` are for this object only.
        `chunk_tokens` is the size of a chunk at most, in the model's own tokens, by default what the model reads
        but no more than 254; `overlap` are tokens that a chunk repeats of the one before. `metric` is what `search`
        ranks by when it is not told. The newest `keep_versions` stay on disk, to go back to. Raises IndexExists,
        ModelNotFound, InvalidOption.
        """
        how = _given(runtime=runtime, threads=threads)
        encoder = _encoder(model, how)
        if dim is not None:
            encoder = Shortened(encoder, dim)
        tokens = min(encoder.max_tokens, _WIDEST_CHUNK) if chunk_tokens is None else chunk_tokens
        if tokens > encoder.max_tokens:
            raise InvalidOption(f"chunk_tokens is {tokens}; {encoder.name} reads at most {encoder.max_tokens}")
        made_with = ModelEntry(encoder.name, encoder.fingerprint, encoder.dim)
        chunking = Chunking(max_tokens=tokens, overlap=overlap)
        store = Store(Path(path))
        store.create(first_manifest(made_with, Metric.of(metric), chunking, history.checked_keep(keep_versions)))
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

        Raises IndexExists; InvalidDocument when the file is not an export.
        """
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
        dry_run: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """The index holds what these files and folders hold: new and changed ones are in it, vanished ones are not.

        Only files whose size or time changed are read, only text never seen is encoded. `include` and `exclude` are
        globs as in .gitignore; a file they leave out is not in the index afterwards. The fields are those of
        records (.jsonl, .csv, .parquet), by default `_id` or `id`, `text`, `title`. With `dry_run` nothing is
        written and the report says what would be. Raises PathNotFound, before anything is changed; IndexLocked.
        """
        roots = [Path(path) for path in ([paths] if isinstance(paths, (str, PathLike)) else paths)]
        globs = [given if isinstance(given, str) else tuple(given) for given in (include, exclude)]
        selection = Selection(include=globs[0], exclude=globs[1])  # type: ignore[arg-type]  # which refuses a str
        fields = RecordFields(id=id_field, text=text_field, title=title_field)

        def changes(run: Ingest) -> Iterator[Put | FileRead]:
            plan = plan_sync(self._store, run.draft, run.tally, roots, selection, fields)
            run.renewed.update(plan.renewed)
            return plan.changes(run.tally)

        return self._write(changes, progress, dry_run=dry_run)

    def add(
        self,
        documents: Iterable[Document | str | Mapping[str, Any]],
        *,
        progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """The index holds these documents, each in place of the one that had its id.

        A str is a document whose id is made from its text; a mapping is read as a record is: `_id` or `id`, `text`,
        `title` in front of the text, the rest metadata. The documents are streamed: a generator of any length needs
        memory for a segment only. One that cannot be indexed is in the report's `failed`, the others go in.
        Raises InvalidDocument for an item of another type.
        """
        return self._write(lambda run: puts_of(documents, run.tally), progress)

    def delete(self, ids: Iterable[str]) -> int:
        """The index no longer holds these documents; how many of them it held."""
        wanted = list(filter(is_storable, dict.fromkeys([ids] if isinstance(ids, str) else map(str, ids))))
        with self._writing():
            draft = Draft(self._store)
            deleted = draft.drop(wanted)
            draft.commit()
        return deleted

    @overload
    def search(self, query: str, k: int = ..., **how: Unpack[SearchKeywords]) -> list[Hit]: ...
    @overload
    def search(
        self, query: list[str] | tuple[str, ...], k: int = ..., **how: Unpack[SearchKeywords]
    ) -> list[list[Hit]]: ...
    @overload
    def search(self, query: FloatArray, k: int = ..., **how: Unpack[SearchKeywords]) -> Any: ...
    def search(
        self,
        query: str | Sequence[str] | FloatArray,
        k: int = 10,
        *,
        mode: Mode | str = Mode.DENSE,
        metric: Metric | str | None = None,
        min_similarity: float | None = None,
        per_document: int | None = None,
        where: str | None = None,
    ) -> list[Hit] | list[list[Hit]]:
        """The `k` chunks nearest to the query, best first; fewer only when fewer there are or qualify.

        `query` is a text or a vector, (dim,), which give a list of hits, or several texts or vectors, (q, dim),
        which give a list for each. `score` is the exact cosine in [-1, 1] or the dot product, higher is better;
        equal scores are in the order of document ids. `min_similarity` leaves out what scores less; `per_document`
        bounds the chunks of one document. With `where`, an SQL condition on metadata such as
        "year >= 2020 AND lang = 'en'", only chunks are found for which it is true. Raises InvalidQuery,
        InvalidVector, InvalidOption, InvalidFilter, ModelMismatch, ModelNotFound.
        """
        parts = self._parts(where)
        options = SearchOptions(
            k=k,
            mode=Mode.of(mode),
            metric=self._snapshot.manifest.metric if metric is None else Metric.of(metric),
            min_similarity=min_similarity,
            per_document=per_document,
        )
        single = isinstance(query, str) or (isinstance(query, np.ndarray) and query.ndim == 1)
        vectors = self._vectors([query] if isinstance(query, str) else np.atleast_2d(query) if single else query)
        answers = search(self._store, parts, vectors, options)
        return answers[0] if single else answers

    def count(self, where: str | None = None) -> int:
        """How many chunks a search with this condition can find; raises InvalidFilter."""
        return sum(part.live for part in self._parts(where))

    def document_ids(self, where: str | None = None) -> list[str]:
        """The ids of the documents of which such a search can find a chunk, in alphabetical order."""
        return document_ids(self._parts(where))

    def _parts(self, where: str | None) -> tuple[Part, ...]:
        if self._refreshes:
            self.refresh()
        return self._filters.parts(self._snapshot, where)

    def _vectors(self, queries: Sequence[str] | FloatArray) -> FloatArray:
        """The queries as raw vectors, float32 (q, dim)."""
        dim = self._snapshot.manifest.model.dim
        if isinstance(queries, np.ndarray):
            return check_vectors(queries, None, dim, name=lambda row: f"query {row}")
        if isinstance(queries, bytes) or not isinstance(queries, Sequence):
            raise InvalidQuery(f"a query is a text, a list of texts or a numpy array, not {type(queries).__name__}")
        if not queries:
            return np.empty((0, dim), np.float32)
        return encode_queries(queries, self._opened_encoder(), self._cache)

    def _opened_encoder(self) -> Encoder:
        """The index's encoder; raises ModelMismatch for one whose vectors cannot be compared with the index's."""
        if self._encoder is None:
            made_with = self._snapshot.manifest.model
            model = made_with.name if self._model is None else self._model
            encoder = _encoder(model, self._how)
            if made_with.dim < encoder.dim:
                encoder = Shortened(encoder, made_with.dim)
            if (encoder.fingerprint, encoder.dim) != (made_with.fingerprint, made_with.dim):
                raise ModelMismatch(
                    f"{self.path} holds vectors of {made_with.name} ({made_with.fingerprint[:12]}), not of "
                    f"{encoder.name} ({encoder.fingerprint[:12]}): open it with that model, or index again elsewhere"
                )
            self._encoder = encoder
        return self._encoder

    def _write(
        self,
        changes: Callable[[Ingest], Iterable[Put | FileRead]],
        progress: Callable[[Progress], None] | None,
        *,
        dry_run: bool = False,
    ) -> Report:
        """Runs the write story over the changes, which may ask the draft what there is; then reads see the result."""
        self._check_writable()
        tally = Tally() if progress is None else Tally(listener=progress)
        with nullcontext() if dry_run else self._writing():
            run = Ingest(Draft(self._store), self._opened_encoder, self._cache, tally, dry_run=dry_run)
            return run.run(changes(run))


def _encoder(model: str | Encoder, how: Mapping[str, Any]) -> Encoder:
    return load_encoder(model, **how) if isinstance(model, str) else model


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
