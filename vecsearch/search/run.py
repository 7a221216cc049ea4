"""The read story, top to bottom: a query becomes its k best chunks, with exact scores.

    queries -> retrievers -> candidates, best first -> chosen (threshold, rerank, per document, collapse, diversify)
            -> the k first -> their rows -> hits, or their ids alone

Retrievers see only live rows that match the filter. When fewer than k candidates are left although more rows could
qualify, retrievers are asked again for more: so k means k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.documents.record_places import record_line, record_row
from vecsearch.models.encoder import Fertility
from vecsearch.search.choosing import diverse, first_of_each, without_near_duplicates
from vecsearch.search.explaining import Explainer
from vecsearch.search.hits import Hits
from vecsearch.search.options import SearchOptions
from vecsearch.search.queries import Queries
from vecsearch.search.retrievers.candidates import Candidates, best_first, documents_of
from vecsearch.search.retrievers.dense import QueryVector, dense_candidates
from vecsearch.search.retrievers.hybrid import hybrid_candidates
from vecsearch.search.retrievers.lexical import lexical_candidates
from vecsearch.storage.lexical import Bm25
from vecsearch.storage.rows import Row
from vecsearch.storage.store import Part, Store
from vecsearch.types import Explanation, FloatArray, Hit, Metric, Mode, Ranked, chunk_id
from vecsearch.vectors import unit_rows

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

_DEEPER = 8  # factor by which more candidates are retrieved when too few were left


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a search reads of one version, or of one of several indexes. In `parts` only rows that match are live."""

    stores: Sequence[Store]  # that of each part; hits name theirs where there are several
    parts: Sequence[Part]
    words: Callable[[], Bm25]  # word statistics of the whole version, opened by searches that use them
    fertility: Callable[[str], Fertility]  # how well the index's model reads a text
    explainer: Explainer | None = None  # None where hits are not explained


def search(
    searchable: Searchable, queries: Queries, options: SearchOptions, reranker: Reranker | None = None
) -> list[Hits]:
    """Return the hits of each query, best first."""
    best = _best(searchable, queries, options, reranker)
    return [_hits(searchable, queries.text(number), candidates) for number, candidates in enumerate(best)]


def rank(
    searchable: Searchable, queries: Queries, options: SearchOptions, reranker: Reranker | None = None
) -> list[list[Ranked]]:
    """Return the same chunks in the same order as ids and scores; texts are read only if a reranker needs them."""
    return [_ranked(searchable, candidates) for candidates in _best(searchable, queries, options, reranker)]


def _best(
    searchable: Searchable, queries: Queries, options: SearchOptions, reranker: Reranker | None
) -> list[Candidates]:
    """The k best candidates of each query, best first."""
    best: dict[int, Candidates] = {}
    pending, depth = list(range(len(queries))), options.depth
    while pending:
        retrieved = _retrieve(searchable, queries, pending, depth, options)
        for number, candidates in zip(pending, retrieved, strict=True):
            best[number] = _choose(searchable.parts, queries.text(number), candidates, options, reranker)
        pending = [number for number in pending if _wants_more(best[number], options)]
        depth *= _DEEPER
    return [best[number] for number in range(len(queries))]


def _retrieve(
    searchable: Searchable, queries: Queries, numbers: Sequence[int], depth: int, options: SearchOptions
) -> list[Candidates]:
    """The candidates of some of the queries, best first: up to `depth` from each retriever that the mode uses."""
    texts = [queries.text(number) for number in numbers]
    vectors = None
    if queries.vectors is not None:
        vectors = _query_vectors(queries.vectors[numbers], options.vector_metric)
    if options.mode is Mode.LEXICAL or vectors is None:
        candidates = _lexical(searchable, texts, vectors or [None] * len(texts), depth)
    elif options.mode is Mode.DENSE:
        candidates = dense_candidates(searchable.parts, vectors, depth, exact=options.exact)
    else:
        candidates = _hybrid(searchable, texts, vectors, depth, options)
    if searchable.explainer is None:
        return candidates
    return [of_query.with_ranks(dense=options.mode is not Mode.LEXICAL) for of_query in candidates]


def _query_vectors(raw: FloatArray, metric: Metric) -> list[QueryVector]:
    units, lengths = unit_rows(raw)
    return [QueryVector(unit, length, metric) for unit, length in zip(units, lengths.tolist(), strict=True)]


def _lexical(
    searchable: Searchable, texts: Sequence[str], vectors: Sequence[QueryVector | None], depth: int
) -> list[Candidates]:
    words = searchable.words()
    return [
        lexical_candidates(searchable.parts, words.scores(text), vector, depth)
        for text, vector in zip(texts, vectors, strict=True)
    ]


def _hybrid(
    searchable: Searchable, texts: Sequence[str], vectors: Sequence[QueryVector], depth: int, options: SearchOptions
) -> list[Candidates]:
    words = searchable.words()
    dense = dense_candidates(searchable.parts, vectors, depth, exact=options.exact)
    candidates = []
    for text, vector, nearest in zip(texts, vectors, dense, strict=True):
        fertility = partial(searchable.fertility, text)
        scores = words.scores(text)
        candidates.append(hybrid_candidates(searchable.parts, nearest, scores, vector, fertility, options.dense_weight))
    return candidates


def _choose(
    parts: Sequence[Part], text: str, candidates: Candidates, options: SearchOptions, reranker: Reranker | None
) -> Candidates:
    """The candidates that are shown, in their order; `text` is the query's."""
    if options.min_similarity is not None:
        candidates = candidates.take(candidates.similarities >= options.min_similarity)
    if reranker is not None:
        candidates = _reranked(parts, text, _pool(candidates, options), reranker)
    if options.per_document is not None:
        documents = documents_of(parts, candidates)
        candidates = candidates.take(first_of_each(documents, options.per_document))
    if options.collapse is not None:
        wanted = len(candidates) if options.diversity is not None else options.k
        vectors = _vectors(parts, candidates)
        candidates = candidates.take(without_near_duplicates(vectors, options.collapse, wanted))
    if options.diversity is not None:
        order = diverse(candidates.scores, _vectors(parts, candidates), options.diversity, options.k)
        candidates = candidates.take(order)
    return candidates.take(np.arange(min(options.k, len(candidates))))


def _pool(candidates: Candidates, options: SearchOptions) -> Candidates:
    """The candidates to rerank; their number grows with the depth of retrieval."""
    size = max(options.rerank_depth, options.k) * candidates.depth // options.depth
    if size >= len(candidates):
        return candidates
    return replace(candidates.take(np.arange(size)), unseen=inf)


def _reranked(parts: Sequence[Part], text: str, candidates: Candidates, reranker: Reranker) -> Candidates:
    """The candidates in the order of a model that reads the query and each text together."""
    from vecsearch.models.rerank import checked_scores  # only searches with a reranker need it

    texts = [row.chunk.text for row in _rows(parts, candidates)]
    scores = checked_scores(reranker, text, texts)
    order = best_first(parts, candidates.parts, candidates.rows, scores)
    return candidates.take(order).with_scores(scores[order])


def _wants_more(best: Candidates, options: SearchOptions) -> bool:
    """Whether fewer than k candidates were chosen although a row that was not retrieved may qualify."""
    floor = -inf if options.min_similarity is None else options.min_similarity
    return len(best) < options.k and best.unseen > -inf and best.unseen >= floor


def _hits(searchable: Searchable, text: str, best: Candidates) -> Hits:
    rows = _rows(searchable.parts, best)
    explanations: Sequence[Explanation | None] = [None] * len(rows)
    if searchable.explainer is not None:
        explanations = searchable.explainer.explain(text, [row.chunk.text for row in rows], best)
    stores = [searchable.stores[part] for part in best.parts.tolist()]
    values = zip(stores, rows, best.scores.tolist(), best.similarities.tolist(), explanations, strict=True)
    hits = [_hit(*each) for each in values]
    if len({store.path for store in searchable.stores}) > 1:
        hits = [replace(hit, index=store.name) for hit, store in zip(hits, stores, strict=True)]
    return Hits(hits)


def _hit(store: Store, row: Row, score: float, similarity: float, explanation: Explanation | None) -> Hit:
    chunk = row.chunk
    source: str | Path | None = row.source if row.path is None else store.resolve(row.path)
    return Hit(
        score=score,
        similarity=_known(similarity),
        text=chunk.text,
        document_id=chunk.document_id,
        chunk_id=chunk.id,
        source=None if source is None else str(source),
        start=chunk.start,
        end=chunk.end,
        line=record_line(chunk.place) or chunk.line,
        page=chunk.page,
        heading=chunk.heading,
        metadata=row.metadata,
        place=chunk.place,
        row=record_row(chunk.place),
        explanation=explanation,
    )


def _ranked(searchable: Searchable, best: Candidates) -> list[Ranked]:
    ranked = []
    for (part, row), score, similarity in zip(
        best.pairs(), best.scores.tolist(), best.similarities.tolist(), strict=True
    ):
        segment = searchable.parts[part].segment
        document_id, ordinal = segment.value("document_id", row), segment.value("ordinal", row)
        ranked.append(Ranked(score, _known(similarity), document_id, chunk_id(document_id, ordinal)))
    return ranked


def _known(similarity: float) -> float | None:
    """The similarity of a hit; None for a query that was not encoded."""
    return None if isnan(similarity) else similarity


def _vectors(parts: Sequence[Part], candidates: Candidates) -> FloatArray:
    """The unit vectors of candidates, float32 (m, dim)."""
    vectors = [parts[part].segment.flat.vectors[row] for part, row in candidates.pairs()]
    return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)


def _rows(parts: Sequence[Part], candidates: Candidates) -> list[Row]:
    """The rows of candidates, read from their segments."""
    return [parts[part].segment.take([row])[0] for part, row in candidates.pairs()]
