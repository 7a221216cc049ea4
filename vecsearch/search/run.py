"""The read story, top to bottom: questions become the k best chunks that are there, with exact scores.

    vectors and texts -> candidates, the best first -> those that qualify -> reranked -> k of them -> their rows -> hits
                                                                                                   -> their ids

Which candidates there are is for `legs/`, which of them are shown for `choosing.py`. When fewer than k are left
although there are more candidates, more are asked for: so k means k. Rows that are deleted, and those that a condition
leaves out, are not there for any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.models.encoder import Fertility
from vecsearch.search.choosing import diverse, first_of_each, without_near_duplicates
from vecsearch.search.options import SearchOptions
from vecsearch.search.questions import Questions
from vecsearch.search.reasons import Reasons
from vecsearch.search.retrievers.candidates import Candidates, best_first, documents_of
from vecsearch.search.retrievers.dense import nearest
from vecsearch.search.retrievers.hybrid import by_both
from vecsearch.search.retrievers.lexical import by_words
from vecsearch.storage.lexical import Bm25
from vecsearch.storage.rows import Row
from vecsearch.storage.store import Part, Store
from vecsearch.types import Explanation, FloatArray, Hit, Mode, Ranked, chunk_id
from vecsearch.vectors import unit_rows

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

_DEEPER = 8  # how many times as many candidates are asked for when too few of them were left


@dataclass(frozen=True, slots=True)
class Searchable:
    """What a search reads: the live rows of a version that match its filter, and the word statistics of all of it."""

    store: Store
    parts: Sequence[Part]
    words: Bm25 | None  # None where no leg asks for words
    fertility: Callable[[str], Fertility]  # how well the model of the vectors reads a query
    explained: Reasons | None = None  # None where nobody asks why


def search(
    searchable: Searchable, questions: Questions, options: SearchOptions, reranker: Reranker | None = None
) -> list[list[Hit]]:
    """For each question its hits among the rows that are there, best first."""
    best = _best(searchable, questions, options, reranker)
    return [_hits(searchable, questions.text(number), chosen) for number, chosen in enumerate(best)]


def rank(
    searchable: Searchable, questions: Questions, options: SearchOptions, reranker: Reranker | None = None
) -> list[list[Ranked]]:
    """The same chunks in the same order, told by their ids: texts are read only where a reranker reads them."""
    return [_ranked(searchable, chosen) for chosen in _best(searchable, questions, options, reranker)]


def _best(
    searchable: Searchable, questions: Questions, options: SearchOptions, reranker: Reranker | None
) -> list[Candidates]:
    """For each question the k candidates that answer it, best first."""
    chosen: dict[int, Candidates] = {}
    pending, depth = list(range(len(questions))), options.depth
    while pending:
        found = _candidates(searchable, questions, pending, depth, options)
        for number, candidates in zip(pending, found, strict=True):
            found_by = candidates.ranked(dense=options.mode is not Mode.LEXICAL) if searchable.explained else candidates
            chosen[number] = _chosen(searchable, questions.text(number), found_by, options, reranker)
        pending = [number for number in pending if _wants_more(chosen[number], options)]
        depth *= _DEEPER
    return [chosen[number] for number in range(len(questions))]


def _candidates(
    searchable: Searchable, questions: Questions, numbers: Sequence[int], depth: int, options: SearchOptions
) -> list[Candidates]:
    """The candidates for some of the questions, as many as each leg has within `depth`, the best first."""
    unit, norms = unit_rows(questions.vectors[numbers])
    lengths, parts, metric = norms.tolist(), searchable.parts, options.nearness.metric
    near = [] if options.mode is Mode.LEXICAL else nearest(parts, unit, lengths, depth, options.nearness)
    if options.mode is Mode.DENSE or searchable.words is None or questions.texts is None:
        return near
    found = []
    for place, number in enumerate(numbers):
        scored = searchable.words.scores(questions.texts[number])
        if options.mode is Mode.LEXICAL:
            found.append(by_words(parts, scored, unit[place], lengths[place], metric, depth))
        else:
            fertility, weight = partial(searchable.fertility, questions.texts[number]), options.dense_weight
            found.append(by_both(parts, near[place], scored, unit[place], lengths[place], metric, fertility, weight))
    return found


def _chosen(
    searchable: Searchable, text: str, candidates: Candidates, options: SearchOptions, reranker: Reranker | None
) -> Candidates:
    """Those of the candidates that are shown, in their order."""
    parts = searchable.parts
    if options.min_similarity is not None:
        candidates = candidates.taken(candidates.similarities >= options.min_similarity)
    if reranker is not None:
        candidates = _reranked(parts, text, _pool(candidates, options), reranker)
    if options.per_document is not None:
        documents = documents_of(parts, candidates.parts, candidates.rows)
        candidates = candidates.taken(first_of_each(documents, options.per_document))
    if options.collapse is not None:
        wanted = len(candidates) if options.diversity is not None else options.k
        vectors = _vectors(parts, candidates)
        candidates = candidates.taken(without_near_duplicates(vectors, options.collapse, wanted))
    if options.diversity is not None:
        order = diverse(candidates.scores, _vectors(parts, candidates), options.diversity, options.k)
        candidates = candidates.taken(order)
    return candidates.taken(np.arange(min(options.k, len(candidates))))


def _pool(candidates: Candidates, options: SearchOptions) -> Candidates:
    """Those that are reranked; more of them when more candidates had to be asked for."""
    size = max(options.rerank_depth, options.k) * candidates.depth // options.depth
    if size >= len(candidates):
        return candidates
    return replace(candidates.taken(np.arange(size)), unseen=inf)


def _wants_more(chosen: Candidates, options: SearchOptions) -> bool:
    """Whether fewer than k are shown although a row that was no candidate could be."""
    floor = -inf if options.min_similarity is None else options.min_similarity
    return len(chosen) < options.k and chosen.unseen > -inf and chosen.unseen >= floor


def _reranked(parts: Sequence[Part], text: str, candidates: Candidates, reranker: Reranker) -> Candidates:
    """The candidates in the order that a model gives them which reads the query and each text together."""
    from vecsearch.models.rerank import checked_scores  # which a search without one needs not

    texts = [row.chunk.text for row in _rows(parts, candidates)]
    scores = checked_scores(reranker, text, texts)
    order = best_first(parts, candidates.parts, candidates.rows, scores)
    return candidates.taken(order).scored(scores[order])


def _vectors(parts: Sequence[Part], candidates: Candidates) -> FloatArray:
    """The unit vectors of candidates, float32 (m, dim)."""
    vectors = [
        parts[part].segment.flat.vectors[row]
        for part, row in zip(candidates.parts.tolist(), candidates.rows.tolist(), strict=True)
    ]
    return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)


def _rows(parts: Sequence[Part], candidates: Candidates) -> list[Row]:
    places = zip(candidates.parts.tolist(), candidates.rows.tolist(), strict=True)
    return [parts[part].segment.take([row])[0] for part, row in places]


def _hits(searchable: Searchable, text: str, chosen: Candidates) -> list[Hit]:
    rows = _rows(searchable.parts, chosen)
    reasons = searchable.explained
    told = reasons.of(text, [row.chunk.text for row in rows], chosen) if reasons else [None] * len(rows)
    values = zip(rows, chosen.scores.tolist(), chosen.similarities.tolist(), told, strict=True)
    return [_hit(searchable.store, *value) for value in values]


def _hit(store: Store, row: Row, score: float, similarity: float, explanation: Explanation | None) -> Hit:
    chunk = row.chunk
    source: str | Path | None = row.source if row.path is None else store.resolve(row.path)
    return Hit(
        score=score,
        similarity=similarity,
        text=chunk.text,
        document_id=chunk.document_id,
        chunk_id=chunk.id,
        source=None if source is None else str(source),
        start=chunk.start,
        end=chunk.end,
        line=chunk.line,
        page=chunk.page,
        heading=chunk.heading,
        metadata=row.metadata,
        place=chunk.place,
        explanation=explanation,
    )


def _ranked(searchable: Searchable, chosen: Candidates) -> list[Ranked]:
    places = zip(chosen.parts.tolist(), chosen.rows.tolist(), strict=True)
    values = zip(places, chosen.scores.tolist(), chosen.similarities.tolist(), strict=True)
    found = []
    for (part, row), score, similarity in values:
        document_id, ordinal = _ids(searchable, part, row)
        found.append(Ranked(score, similarity, document_id, chunk_id(document_id, ordinal)))
    return found


def _ids(searchable: Searchable, part: int, row: int) -> tuple[str, int]:
    """The document id and the ordinal of a row; raises IndexDamaged."""
    segment = searchable.parts[part].segment
    return segment.value("document_id", row), segment.value("ordinal", row)
