"""Session: one version of an index, open for reading. Whatever searches or examines an index takes one.

It holds, fixed together, a snapshot and all that reads it: encoder, vector cache, word statistics, filters, rerankers.
An `Index` keeps a current session and replaces it when it sees a newer version; who holds the older one keeps reading
that. How a version is searched is in `search/run.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from vecsearch.errors import InvalidOption, InvalidQuery, ModelMismatch, ModelNotFound
from vecsearch.models.cache import Cache
from vecsearch.models.capabilities import fertility_of
from vecsearch.models.consent import check_consent, check_nothing_remote, remember_consent
from vecsearch.models.encoder import Encoder, Fertility
from vecsearch.models.encoders.model_paths import is_anywhere
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.sharing import shared_encoder
from vecsearch.reports import Info
from vecsearch.search.closeness import closeness
from vecsearch.search.documents import documents_of, every_document, has_document
from vecsearch.search.examples import (
    add_directions,
    example_directions,
    file_vectors,
    locate_examples,
    parse_examples,
    without_rows,
)
from vecsearch.search.explaining import Explainer
from vecsearch.search.filters import Filters, document_ids
from vecsearch.search.hits import Hits
from vecsearch.search.listing import listed
from vecsearch.search.lookup import continues_line, ids_named
from vecsearch.search.narrowing import Narrowing, check_fitting, fitting, narrowed
from vecsearch.search.options import SearchOptions
from vecsearch.search.queries import Queries, check_texts, encode_queries
from vecsearch.search.run import Searchable, rank, search
from vecsearch.search.surroundings import Passage, document_text, passage
from vecsearch.storage.lexical import Bm25, LivePostings, Matcher
from vecsearch.storage.manifest import Manifest, ModelEntry
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import BoolArray, Closeness, Document, Example, FloatArray, Hit, Listed, Mode, Ranked, Span, Where
from vecsearch.upkeep.summary import describe
from vecsearch.vectors import check_vectors

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

Query: TypeAlias = "str | Sequence[str] | FloatArray | None"
_DEFAULTS = SearchOptions()
_log = logging.getLogger(__name__)


class Models:
    """The models of one index, opened on first use and kept: its encoder, and the reranker named last.

    Sessions of the index share it. Safe for any number of threads: a model is opened once.
    """

    def __init__(
        self,
        index: str,
        model: str | Encoder | None,
        settings: Mapping[str, Any] = MappingProxyType({}),
        *,
        remote: bool = True,
    ) -> None:
        """`model` replaces the one that the manifest names; `settings` are those of load_encoder().

        Without `remote` no text is sent to a model on another machine, and no model is downloaded.
        """
        self._index = index
        self._model = model
        self._settings = settings if remote else {**settings, "fetch": False}
        self._remote = remote
        self._lock = Lock()
        self._encoder: tuple[ModelEntry, Encoder] | None = None
        self._reranker: tuple[str, Reranker] | None = None

    def encoder(self, entry: ModelEntry) -> Encoder:
        """The encoder whose vectors the index holds; raises ModelMismatch when it is another one."""
        with self._lock:
            if self._encoder is None or self._encoder[0] != entry:
                self._encoder = (entry, self._open(entry))
            return self._encoder[1]

    def reranker(self, model: str) -> Reranker:
        """The reranker of this name; the one named before it is let go."""
        with self._lock:
            if self._reranker is None or self._reranker[0] != model:
                from vecsearch.models.rerank import load_reranker  # not needed by most searches

                self._reranker = (model, load_reranker(model))
            return self._reranker[1]

    def _open(self, entry: ModelEntry) -> Encoder:
        encoder = self._allowed(self._named(entry.name) if self._model is None else self._model)
        if entry.dim < encoder.dim:
            encoder = Shortened(encoder, entry.dim)
        if (encoder.fingerprint, encoder.dim) != (entry.fingerprint, entry.dim):
            raise _mismatch(self._index, entry, encoder)
        _log.debug("%s: opened encoder %s", self._index, encoder.name)
        return encoder

    def _named(self, name: str) -> str:
        """A name from a manifest, which anybody may have written: it means nothing in the working folder."""
        if not is_anywhere(name):
            raise ModelNotFound(
                f"{self._index} names its model by the path {name!r}, which is not looked for from this folder: "
                "name the model yourself, with --model or model="
            )
        return name

    def _allowed(self, model: str | Encoder) -> Encoder:
        """The encoder, known to be one that texts may be given to; nothing has been sent to it yet."""
        encoder = shared_encoder(model, **self._settings) if isinstance(model, str) else model
        if not self._remote:
            check_nothing_remote(encoder, self._index)
        elif self._model is None:
            check_consent(encoder, self._index)
        else:
            remember_consent(encoder)
        return encoder


def _mismatch(index: str, entry: ModelEntry, encoder: Encoder) -> ModelMismatch:
    from vecsearch.models.encoders.fingerprint import earlier_fingerprint  # only to explain an error

    advice = "open it with that model, or index again elsewhere"
    if earlier_fingerprint(encoder) == entry.fingerprint:
        advice = (
            "the weights are the same, its config.json says something unusual, which an older index does not record; "
            "if that index was made with this very model, index again into a new folder"
        )
    return ModelMismatch(
        f"{index} holds vectors of {entry.name} ({entry.fingerprint[:12]}), not of "
        f"{encoder.name} ({encoder.fingerprint[:12]}): {advice}"
    )


class Session:
    """One version of an index, open for reading; nothing it returns changes with later commits.

    `manifest` says what the version holds, `parts` are its segments with the rows that are live. Any number of
    threads may use one session. Its files stay open until the last reference to it is gone.
    """

    def __init__(self, store: Store, snapshot: Snapshot, models: Models, cache: Cache) -> None:
        self.store = store
        self.snapshot = snapshot
        self.cache = cache
        self._models = models
        self._stores = [store] * len(snapshot.parts)
        self._filters = Filters(snapshot.parts)
        self._matcher: Matcher | None = None  # of the latest query, whose hits are highlighted one by one
        self._words: Bm25 | None = None
        self._joined: tuple[Session, ...] = ()  # what it was joined of
        self._within: list[BoolArray] | None = None  # the rows of each part that searches are limited to

    @property
    def manifest(self) -> Manifest:
        """What this version consists of."""
        return self.snapshot.manifest

    @property
    def parts(self) -> tuple[Part, ...]:
        """The segments of this version, each with its live rows."""
        return self.snapshot.parts

    @property
    def encoder(self) -> Encoder:
        """The encoder of the index, opened on first use; raises ModelMismatch, ModelNotFound and the like."""
        return self._models.encoder(self.manifest.model)

    @property
    def words(self) -> Bm25:
        """Word statistics over all chunks of this version, whatever a filter leaves of them."""
        if self._words is None:  # two threads may both build them, and get the same
            self._words = Bm25([LivePostings(part.segment.postings, part.alive) for part in self.parts])
        return self._words

    def at(self, snapshot: Snapshot) -> Session:
        """Another version of the same index, with the same models and cache."""
        return Session(self.store, snapshot, self._models, self.cache)

    def with_cache(self, cache: Cache) -> Session:
        """The same version with another vector cache."""
        other = copy(self)
        other.cache = cache
        return other

    def joined(self, others: Sequence[Session]) -> Session:
        """One session over several indexes of one model, to search: as if one index held all their chunks.

        Raises ModelMismatch; InvalidOption when their default metrics differ.
        """
        sessions = [self, *others]
        for other in others:
            _check_alike(self, other)
        parts = tuple(part for session in sessions for part in session.parts)
        joined = Session(self.store, Snapshot(self.manifest, parts), self._models, self.cache)
        joined._joined = tuple(each for session in sessions for each in session._joined or (session,))
        joined._stores = [store for session in sessions for store in session._stores]
        return joined

    def within(self, paths: Sequence[str] = (), *, globs: Sequence[str] = (), types: Sequence[str] = ()) -> Session:
        """The same version, in which searches and conditions see only some documents: the others are not live.

        `paths` are files, folders and ids as `ids_named` takes them; `globs` and `types` are those of `Narrowing`.
        Raises PathNotFound for a path that no document has, and where no document fits; InvalidOption.
        """
        narrowing = Narrowing(paths=paths, globs=globs, types=types)
        if not (paths or globs or types):
            return self
        sessions = self._joined or (self,)
        found = [
            fitting(each.store, each.parts, [root.key for root in each.store.read_roots(each.manifest)], narrowing)
            for each in sessions
        ]
        check_fitting(", ".join(each.store.name for each in sessions), found, narrowing)
        rows = [of_part for each in found for of_part in each.rows]
        other = copy(self)
        other._within = (
            rows if self._within is None else [one & two for one, two in zip(self._within, rows, strict=True)]
        )
        return other

    def search(self, query: Query, options: SearchOptions = _DEFAULTS, **given: Any) -> Hits | list[Hits]:
        """What `Index.search` returns, of this version; options that are `given` by name go before the others."""
        options = replace(options, **given)
        answers = search(*self._prepared(query, options))
        return answers if _is_batch(query) else answers[0]

    def rank(self, query: Query, options: SearchOptions = _DEFAULTS, **given: Any) -> list[Ranked] | list[list[Ranked]]:
        """What `Index.rank` returns, of this version; options that are `given` by name go before the others."""
        options = replace(options, **given)
        if options.explain:
            raise InvalidOption("explain needs the texts of chunks, which rank() does not read: use search()")
        answers = rank(*self._prepared(query, options))
        return answers if _is_batch(query) else answers[0]

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """The raw vectors of query texts, float32 (q, dim); raises InvalidQuery for a blank text."""
        return encode_queries(texts, self.encoder, self.cache)

    def query_vectors(self, queries: Sequence[str] | FloatArray) -> FloatArray:
        """The raw vectors of queries, texts or vectors, float32 (q, dim); raises InvalidQuery, InvalidVector."""
        vectors = self._queries(queries).vectors
        return np.empty((0, self.manifest.model.dim), np.float32) if vectors is None else vectors

    def where(self, condition: Where | None) -> tuple[Part, ...]:
        """The parts of this version in which only matching rows are live; raises InvalidFilter."""
        parts = self._filters.parts(condition)
        if self._within is None:
            return parts
        return tuple(narrowed(part, rows) for part, rows in zip(parts, self._within, strict=True))

    def count(self, condition: Where | None = None) -> int:
        """The number of live chunks that match."""
        return sum(part.live for part in self.where(condition))

    def document_ids(self, condition: Where | None = None) -> list[str]:
        """The ids of the documents with a matching chunk, in alphabetical order."""
        return document_ids(self.where(condition))

    def ids_named(self, names: Sequence[str]) -> list[list[str]]:
        """For each name the ids of the documents it stands for: an id, or the path of a file, in any way it is shown.

        A path is relative to the working folder, absolute, or as the index has it; with `:LINE` it stands for the
        record on that line. Raises InvalidQuery for a name that is the path of one document and the id of another.
        """
        return ids_named(self.store, self.parts, names)

    def get(self, ids: Sequence[str]) -> list[Document]:
        """The documents with these ids, in this order; those that this version does not hold are left out."""
        return documents_of(self.store, self.parts, ids)

    def documents(self, condition: Where | None = None) -> Iterator[Document]:
        """The documents with a matching chunk, in alphabetical order of their ids, read as they are taken."""
        return every_document(self.store, self.parts, self.where(condition))

    def __contains__(self, document_id: object) -> bool:
        """Whether this version holds a document with this id."""
        return has_document(self.parts, document_id)

    def listed(self, condition: Where | None = None, paths: Sequence[str] = ()) -> list[Listed]:
        """The documents with a matching chunk, of some files or below some folders, in the order of their ids.

        Raises PathNotFound for a path that no document has.
        """
        return listed(self.store, self.parts, self.where(condition), paths)

    def continues_line(self, hits: Sequence[Hit]) -> list[bool]:
        """For each hit whether the chunk before it begins on the same line, which `PATH:LINE` then stands for."""
        chunks = [(hit.document_id, int(hit.chunk_id.rpartition("#")[2])) for hit in hits]
        return continues_line(self.parts, chunks)

    def passage(self, chunk_id: str, *, context: int = 1) -> Passage:
        """What `Index.show` returns, of this version."""
        return passage(self.store, self.snapshot, chunk_id, context)

    def text(self, document_id: str) -> str:
        """What `Index.text` returns, of this version."""
        return document_text(self.store, self.snapshot, document_id)

    def matched(self, query: str, text: str) -> list[Span]:
        """What `Index.matched` returns."""
        matcher = self._matcher
        if matcher is None or matcher.query != query:
            matcher = self._matcher = Matcher(query, self.manifest.language)
        return matcher.spans(text)

    def closeness(self, query: str, hits: Sequence[Hit]) -> list[Closeness]:
        """How close the hits of a text are to it, by meaning and by words; their similarities are to be cosines."""
        shares = self.words.shares(query, [f"{hit.heading}\n{hit.text}" for hit in hits], self.manifest.language)
        return closeness(self.manifest.model.fingerprint, [hit.similarity for hit in hits], shares)

    def info(self) -> Info:
        """What this version holds, with which model, and how much disk the index takes."""
        return describe(self.store, self.manifest)

    def _prepared(
        self, query: Query, options: SearchOptions
    ) -> tuple[Searchable, Queries, SearchOptions, Reranker | None]:
        """What the read story takes. Everything that can be wrong with the options is raised before encoding."""
        options = options.resolved(_mode(options.mode, query), self.manifest.metric)
        examples = _examples(options)
        if query is None and not examples:
            raise InvalidQuery("nothing to search for: give a query, or an example with like or plus")
        located = locate_examples(examples, self.store, self.parts)
        parts = without_rows(self.where(options.where), located)
        by_words = options.mode is Mode.LEXICAL and options.min_similarity is None and not examples
        queries = self._queries(query, encoded=not by_words)
        if examples:
            directions = example_directions(
                examples, located, self.parts, self.manifest.model.dim, self.encode_queries, self._encode_file
            )
            vectors = add_directions(None if query is None else queries.vectors, examples, directions)
            queries = Queries(vectors, queries.texts)
        reranker = None if options.rerank is None else self._reranker(options.rerank, queries)
        encoder = None if by_words else lambda: self.encoder
        explainer = Explainer(self.manifest.language, encoder, reranker) if options.explain else None
        searchable = Searchable(self._stores, parts, lambda: self.words, self._fertility, explainer)
        return searchable, queries, options, reranker

    def _queries(self, query: Query, *, encoded: bool = True) -> Queries:
        """The queries as texts and, where they came as such or are to be encoded, as raw vectors.

        Raises InvalidQuery, InvalidVector.
        """
        dim = self.manifest.model.dim
        if isinstance(query, np.ndarray):
            vectors = check_vectors(np.atleast_2d(query), None, dim, name=lambda row: f"query {row}")
            return Queries(vectors, None)
        texts = [] if query is None else [query] if isinstance(query, str) else query
        if isinstance(texts, bytes) or not isinstance(texts, Sequence):
            raise InvalidQuery(f"a query is {type(query).__name__}, expected a text, a list of texts or a numpy array")
        if not texts:
            return Queries(np.empty((0, dim), np.float32), None)
        if encoded:
            return Queries(self.encode_queries(texts), texts)
        check_texts(texts)
        return Queries(None, texts)

    def _encode_file(self, path: str) -> FloatArray:
        return file_vectors(path, self.encoder, self.cache, self.manifest.chunking)

    def _fertility(self, text: str) -> Fertility:
        return fertility_of(self.encoder, [text])[0]

    def _reranker(self, rerank: str | Reranker, queries: Queries) -> Reranker:
        if queries.texts is None and len(queries):
            raise InvalidOption("rerank reads texts: give the query as a text")
        if isinstance(rerank, str):
            return self._models.reranker(rerank)
        if not callable(getattr(rerank, "scores", None)):
            raise InvalidOption(f"rerank is {rerank!r}, expected a model's name or a Reranker, which has scores()")
        return rerank


def _check_alike(one: Session, other: Session) -> None:
    """Raise unless two indexes can be searched as one."""
    first, second = one.manifest.model, other.manifest.model
    if (first.fingerprint, first.dim) != (second.fingerprint, second.dim):
        raise ModelMismatch(
            f"{one.store.name} holds vectors of {first.name} ({first.fingerprint[:12]}, {first.dim} numbers), "
            f"{other.store.name} of {second.name} ({second.fingerprint[:12]}, {second.dim}): search them one by one"
        )
    if one.manifest.metric is not other.manifest.metric:
        raise InvalidOption(
            f"{one.store.name} compares by {one.manifest.metric.value}, {other.store.name} by "
            f"{other.manifest.metric.value}: search them one by one"
        )


def _is_batch(query: Query) -> bool:
    """Whether a query is several, which are answered by a list for each."""
    return not (query is None or isinstance(query, str) or (isinstance(query, np.ndarray) and query.ndim == 1))


def _mode(mode: Mode | str | None, query: Query) -> Mode:
    """The mode to search in: hybrid for texts and dense for vectors unless the caller chose one."""
    has_text = query is not None and not isinstance(query, np.ndarray)
    if mode is None:
        return Mode.HYBRID if has_text else Mode.DENSE
    if not has_text and Mode.of(mode) is not Mode.DENSE:
        raise InvalidQuery(f"mode {Mode.of(mode).value} searches by words: give the query as a text")
    return Mode.of(mode)


def _examples(options: SearchOptions) -> list[Example]:
    """The examples to add to and subtract from the queries; raises InvalidOption."""
    return [
        *parse_examples(options.like, name="like", ids=True),
        *parse_examples(options.plus, name="plus", ids=False),
        *parse_examples(options.minus, name="minus", ids=False, sign=-1.0),
    ]
