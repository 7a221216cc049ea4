"""What an open index answers: searches, and which chunks a condition leaves; and the compaction that asks first.

The base of `Index`, which adds documents. Which options there are is in `options.py`, the way from a question to hits
in `query.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np

from vecsearch.errors import InvalidOption, InvalidQuery, ModelMismatch
from vecsearch.models.cache import Cache, cache_folder
from vecsearch.models.encoder import Encoder, Fertility, fertility_of
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.search.examples import Library, added_up, checked, places_of, without
from vecsearch.search.filters import Filters, document_ids
from vecsearch.search.options import SearchKeywords, SearchOptions, check_names
from vecsearch.search.questions import Questions, encode_queries
from vecsearch.search.reasons import Reasons
from vecsearch.search.retrievers.lexical import Words
from vecsearch.search.run import Searched, rank, search
from vecsearch.search.surroundings import Passage, document_text, passage
from vecsearch.storage.lexical import matched
from vecsearch.storage.store import Part, Store
from vecsearch.types import Example, FloatArray, Hit, Metric, Mode, Ranked, Span
from vecsearch.upkeep import Upkeep
from vecsearch.upkeep.compaction import compact
from vecsearch.vectors import check_vectors, unit_rows

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from vecsearch.models.rerank import Reranker

_Query: TypeAlias = "str | Sequence[str] | FloatArray | None"
PLAIN: Mapping[str, Any] = MappingProxyType({})  # how a model is loaded when nothing is said


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search, whose options are checked: `parts` are the rows that its condition leaves."""

    query: _Query
    options: SearchOptions
    examples: list[Example]
    parts: tuple[Part, ...]
    rerank: str | Reranker | None
    explain: bool


class Searching(Upkeep):
    """A version of an index that can be searched, and the encoder that its vectors were made with."""

    def __init__(
        self, store: Store, model: str | Encoder | None, version: int | None = None, how: Mapping[str, Any] = PLAIN
    ) -> None:
        super().__init__(store, version)
        self._model = model
        self._how = how
        self._encoder: Encoder | None = None
        self._cache = Cache(cache_folder())
        self._filters = Filters()
        self._words = Words()
        self._reranker: tuple[str, Reranker] | None = None  # the one that was named last
        self._refreshes = False

    @overload
    def search(self, query: str | None = ..., k: int = ..., **how: Unpack[SearchKeywords]) -> list[Hit]: ...
    @overload
    def search(
        self, query: list[str] | tuple[str, ...], k: int = ..., **how: Unpack[SearchKeywords]
    ) -> list[list[Hit]]: ...
    @overload
    def search(self, query: FloatArray, k: int = ..., **how: Unpack[SearchKeywords]) -> Any: ...
    def search(self, query: _Query = None, k: int = 10, **how: Unpack[SearchKeywords]) -> list[Hit] | list[list[Hit]]:
        """The `k` chunks that answer the query best, best first; fewer only when fewer there are or qualify.

        `query` is a text or a vector, (dim,), which give a list of hits, or several texts or vectors, (q, dim),
        which give a list for each: many at once cost much less than one by one. All else is given by name, as it is
        described here; `SearchKeywords` in vecsearch/search/options.py lists it with its types.

        `mode` is "dense", by vectors, "lexical", by words, or "hybrid", by both, which is what a text is searched by
        if nothing is said. `score` is what the mode ranks by: the similarity, the BM25 score, or both fused, 1 at most.
        `similarity` is always the exact cosine in [-1, 1] or, with the `metric` "dot", the dot product. Higher is
        better; equal scores are in the order of document ids.

        With `where`, an SQL condition on metadata such as "year >= 2020 AND lang = 'en'", only chunks are found for
        which it is true. `min_similarity` leaves out what is less similar; `per_document` bounds the chunks of one
        document.

        `like` adds examples to the query, by the id of a chunk or document or by a file; `plus` and `minus` add and
        take away texts, vectors or Examples, which have weights. Then `query` may be left out. What is searched by is
        not found.

        `rerank` names a cross-encoder, as load_reranker() takes it, that reads the query together with each of the
        first `rerank_depth` (50) candidates; its score becomes `score`. `collapse` leaves out a hit whose cosine with a
        better one is at least so high; `diversity`, 0 to 1, is what being unlike better hits counts (maximal marginal
        relevance). `dense_weight`, 0 to 1, is what the vectors count in hybrid mode, for who measured it. With `exact`
        no approximate structure is asked. With `explain` each hit has its `explanation`.

        Raises InvalidQuery, InvalidVector, InvalidOption, InvalidFilter, ModelMismatch, ModelNotFound; TypeError for an
        option that there is not.
        """
        check_names(how, "search")
        asked = self._asked(query, k, how)
        answers = search(*self._ready(asked, self._questions(query)))
        return answers if _are_many(query) else answers[0]

    @overload
    def rank(self, query: str | None = ..., k: int = ..., **how: Unpack[SearchKeywords]) -> list[Ranked]: ...
    @overload
    def rank(
        self, query: list[str] | tuple[str, ...], k: int = ..., **how: Unpack[SearchKeywords]
    ) -> list[list[Ranked]]: ...
    @overload
    def rank(self, query: FloatArray, k: int = ..., **how: Unpack[SearchKeywords]) -> Any: ...
    def rank(
        self, query: _Query = None, k: int = 10, **how: Unpack[SearchKeywords]
    ) -> list[Ranked] | list[list[Ranked]]:
        """The chunks that `search` finds when it is asked the same, in its order, told by ids and scores alone.

        It takes by name what `search` takes. Texts are not read, so it costs less. Raises what `search` raises, and
        InvalidOption for `explain`.
        """
        check_names(how, "rank")
        asked = self._asked(query, k, how)
        if asked.explain:
            raise InvalidOption(
                "explain gives reasons that lie in a chunk's text, which rank() does not read: use search()"
            )
        answers = rank(*self._ready(asked, self._questions(query)))
        return answers if _are_many(query) else answers[0]

    def _asked(self, query: _Query, k: int, how: SearchKeywords) -> _Asked:
        """What is asked for; raises what is wrong with it before anything is encoded."""
        options = SearchOptions.of(k, _mode(how.get("mode"), query), self._metric(how.get("metric")), how)
        examples = [
            *checked(how.get("like"), name="like", ids=True),
            *checked(how.get("plus"), name="plus", ids=False),
            *checked(how.get("minus"), name="minus", ids=False, sign=-1.0),
        ]
        parts = self._parts(how.get("where"))
        return _Asked(query, options, examples, parts, how.get("rerank"), how.get("explain", False))

    def _ready(self, asked: _Asked, questions: Questions) -> tuple[Searched, Questions, SearchOptions, Reranker | None]:
        """What the read story takes: examples are added to the questions, and what has to be open is."""
        parts, options = asked.parts, asked.options
        if asked.examples:
            library = Library(self._store, self._snapshot, self._opened_encoder, self._cache)
            vectors = added_up(None if asked.query is None else questions.vectors, asked.examples, library)
            parts = without(parts, places_of(asked.examples, library))
            questions = Questions(vectors, questions.texts)
        elif asked.query is None:
            raise InvalidQuery("nothing is asked: give a query, or something it is to be like")
        reranker = None if asked.rerank is None else self._opened_reranker(asked.rerank, questions)
        language = self._snapshot.manifest.language
        reasons = Reasons(language, self._opened_encoder, reranker) if asked.explain else None
        words = None if options.mode is Mode.DENSE else self._words.of(self._snapshot)
        return Searched(self._store, parts, words, self._fluency, reasons), questions, options, reranker

    def compact(self, *, queries: Sequence[str] | FloatArray | None = None) -> bool:
        """The index is one segment without deleted rows; False when it was that already.

        With `queries` such as people ask, texts or vectors (q, dim), what finds chunks approximately is made anew and
        has to reach the index's `recall` for these as well; where it cannot, search is exact.
        """
        asked = None if queries is None else unit_rows(self._questions(queries).vectors)[0]
        with self._writing():
            return compact(self._store, asked)

    def count(self, where: str | None = None) -> int:
        """How many chunks a search with this condition can find; raises InvalidFilter."""
        return sum(part.live for part in self._parts(where))

    def document_ids(self, where: str | None = None) -> list[str]:
        """The ids of the documents of which such a search can find a chunk, in alphabetical order."""
        return document_ids(self._parts(where))

    def show(self, chunk_id: str, *, context: int = 1) -> Passage:
        """The chunk with this id, as a hit names it, with the text of `context` chunks before and after it.

        Raises InvalidQuery when there is no such chunk.
        """
        if self._refreshes:
            self.refresh()
        return passage(self._store, self._snapshot, chunk_id, context)

    def matched(self, query: str, text: str) -> list[Span]:
        """Where in a text the words stand that `query` finds it by, in order; what touches is one span.

        By the rule of a search by words, with the language of the index: other endings and accents are matched. An
        `explanation` has the same of its hit.
        """
        return matched(query, text, self._snapshot.manifest.language)

    def text(self, document_id: str) -> str:
        """All the text of a document, as it was extracted: `text[hit.start:hit.end] == hit.text` for its hits.

        Raises InvalidOption when the index was not made with `keep_text`, InvalidQuery when there is no such document.
        """
        if self._refreshes:
            self.refresh()
        return document_text(self._store, self._snapshot, document_id)

    def _parts(self, where: str | None) -> tuple[Part, ...]:
        if self._refreshes:
            self.refresh()
        return self._filters.parts(self._snapshot, where)

    def _metric(self, metric: Metric | str | None) -> Metric:
        return self._snapshot.manifest.metric if metric is None else Metric.of(metric)

    def _questions(self, query: _Query) -> Questions:
        """The queries as raw vectors and texts; raises InvalidQuery, InvalidVector."""
        dim = self._snapshot.manifest.model.dim
        if isinstance(query, np.ndarray):
            vectors = check_vectors(np.atleast_2d(query), None, dim, name=lambda row: f"query {row}")
            return Questions(vectors, None)
        texts = [] if query is None else [query] if isinstance(query, str) else query
        if isinstance(texts, bytes) or not isinstance(texts, Sequence):
            raise InvalidQuery(f"a query is a text, a list of texts or a numpy array, not {type(query).__name__}")
        if not texts:
            return Questions(np.empty((0, dim), np.float32), None)
        return Questions(encode_queries(texts, self._opened_encoder(), self._cache), texts)

    def _fluency(self, text: str) -> Fertility:
        return fertility_of(self._opened_encoder(), [text])[0]

    def _opened_reranker(self, rerank: str | Reranker, questions: Questions) -> Reranker:
        """The reranker; the one that was named last stays open."""
        if questions.texts is None and len(questions):
            raise InvalidOption("rerank reads texts: give the query as a text")
        if not isinstance(rerank, str):
            if not callable(getattr(rerank, "scores", None)):
                raise InvalidOption(f"rerank is {rerank!r}; a model's name, or a Reranker, which has scores()")
            return rerank
        if self._reranker is None or self._reranker[0] != rerank:
            from vecsearch.models.rerank import load_reranker

            self._reranker = (rerank, load_reranker(rerank))
        return self._reranker[1]

    def _opened_encoder(self) -> Encoder:
        """The index's encoder; raises ModelMismatch for one whose vectors cannot be compared with the index's."""
        if self._encoder is None:
            made_with = self._snapshot.manifest.model
            model = made_with.name if self._model is None else self._model
            encoder = opened(model, self._how)
            if made_with.dim < encoder.dim:
                encoder = Shortened(encoder, made_with.dim)
            if (encoder.fingerprint, encoder.dim) != (made_with.fingerprint, made_with.dim):
                raise ModelMismatch(
                    f"{self.path} holds vectors of {made_with.name} ({made_with.fingerprint[:12]}), not of "
                    f"{encoder.name} ({encoder.fingerprint[:12]}): open it with that model, or index again elsewhere"
                )
            self._encoder = encoder
        return self._encoder


def opened(model: str | Encoder, how: Mapping[str, Any]) -> Encoder:
    """The encoder of a name, loaded like this; an encoder is one already."""
    return load_encoder(model, **how) if isinstance(model, str) else model


def _are_many(query: object) -> bool:
    """Whether a query is several, which are answered by a list for each."""
    return not (query is None or isinstance(query, str) or (isinstance(query, np.ndarray) and query.ndim == 1))


def _mode(mode: Mode | str | None, query: object) -> Mode:
    """How to search: what is asked for, as far as the query has words."""
    worded = query is not None and not isinstance(query, np.ndarray)
    if mode is None:
        return Mode.HYBRID if worded else Mode.DENSE
    if not worded and Mode.of(mode) is not Mode.DENSE:
        raise InvalidQuery(f"mode {Mode.of(mode).value} searches by words: give the query as a text")
    return Mode.of(mode)
