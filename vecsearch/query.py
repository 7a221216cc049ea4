"""The read story, top to bottom: a query becomes the k best chunks that are there, with exact scores.

    text -> vector -> unit row -> candidates of each segment -> exact scores -> the k best -> their rows -> hits

Candidates are what a segment's index finds nearest; their scores are computed anew from the stored vectors. When a
row that was not found could still belong to the answer, more are asked for, so that k means k and ties are settled
by document and place, the same way every time. Rows that are deleted, and those that a condition leaves out, are not
there for any of it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import TypedDict

import numpy as np

from vecsearch.ann import Found
from vecsearch.columns import is_storable
from vecsearch.encoding import Encoder, VectorCache, count_cut, encode_cached
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.segment import Row
from vecsearch.store import Part, Store
from vecsearch.types import FloatArray, Hit, IntArray, Metric, Mode, Role, ScoreArray
from vecsearch.vectors import inner_products, unit_rows

_SPARE = 6  # candidates asked for beyond k, so that a tie at the end seldom needs a second look
_WIDER = 8  # how many times as many are asked for when they were too few
_SCAN_SHARE = 8  # above one in so many rows, scoring them all is cheaper than asking an index for the best
_FEW = {Metric.COSINE: 256, Metric.DOT: 4096}  # rows that are scored exactly before an index could name the best


class SearchKeywords(TypedDict, total=False):
    """How `Index.search` may be told to search."""

    mode: Mode | str
    metric: Metric | str | None
    min_similarity: float | None
    per_document: int | None
    where: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How to search: `k` hits at most, ranked by `metric`, none below `min_similarity` or beyond `per_document`."""

    k: int = 10
    mode: Mode = Mode.DENSE
    metric: Metric = Metric.COSINE
    min_similarity: float | None = None
    per_document: int | None = None

    def __post_init__(self) -> None:
        """Raises InvalidOption for values that cannot be."""
        for name, value in (("k", self.k), ("per_document", 1 if self.per_document is None else self.per_document)):
            if not isinstance(value, Integral) or value < 1:
                raise InvalidOption(f"{name} is {value!r}; a whole number, at least 1")
        floor = self.min_similarity
        if floor is not None and not (isinstance(floor, Real) and isfinite(floor)):
            raise InvalidOption(f"min_similarity is {floor!r}; a finite number, or None")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may be among the k best, and its exact score."""

    score: float
    document_id: str
    ordinal: int
    part: Part
    row: int


def encode_queries(texts: Sequence[str], encoder: Encoder, cache: VectorCache) -> FloatArray:
    """The raw vectors of queries, float32 (q, dim); warns of one that the model does not read to its end.

    Raises InvalidQuery for a blank one or what is no text.
    """
    for text in texts:
        if not isinstance(text, str):
            raise InvalidQuery(f"a query is {type(text).__name__}, expected str; vectors go into a numpy array")
        if not text.strip():
            raise InvalidQuery("the query is empty: ask with at least one word")
        if not is_storable(text):
            raise InvalidQuery(f"the query {text!r} holds a lone surrogate, which is no character")
    if cut := count_cut(encoder, texts):
        warnings.warn(
            f"vecsearch: {'the query is' if len(texts) == 1 else f'{cut} of {len(texts)} queries are'} longer than the "
            f"{encoder.max_tokens} tokens {encoder.name} reads; the rest was not read",
            RuntimeWarning,
            stacklevel=4,
        )
    return encode_cached(encoder, cache, texts, Role.QUERY, name=lambda i: f"the query {texts[i]!r}").vectors


def search(store: Store, parts: Sequence[Part], queries: FloatArray, options: SearchOptions) -> list[list[Hit]]:
    """For each raw vector, float32 (q, dim), checked, its hits among the rows that are there, best first."""
    unit, norms = unit_rows(queries)
    fetch = (options.k + _SPARE) * (1 if options.per_document is None else 4)
    first = _candidates(parts, unit, fetch, options.metric)
    answers = []
    for query, norm, found in zip(unit, norms.tolist(), first, strict=True):
        length = norm if options.metric is Metric.DOT else 1.0
        best = _best(parts, query, length, found, fetch, options)
        answers.append([_hit(store, candidate) for candidate in best])
    return answers


def _best(
    parts: Sequence[Part], query: FloatArray, length: float, found: list[Found], fetch: int, options: SearchOptions
) -> list[Candidate]:
    """The k best candidates for one unit query, certain to be the best there are: asks for more until they are."""
    while True:
        best, enough = _ranked(parts, query, length, found, options)
        bound = _bound(parts, found, query, options.metric) * length
        if bound == -inf or enough > bound:
            return best
        fetch *= _WIDER
        found = _candidates(parts, query[None], fetch, options.metric)[0]


def _candidates(parts: Sequence[Part], queries: FloatArray, fetch: int, metric: Metric) -> list[list[Found]]:
    """For each unit query and each part, the `fetch` rows that score highest, by approximate score.

    All rows, without scores, where so few are there that their exact ones cost less.
    """
    by_part = []
    for part in parts:
        flat, alive = part.segment.flat, part.alive
        if part.live <= _FEW[metric]:
            by_part.append([_all_rows(part)] * len(queries))
        elif metric is Metric.DOT:
            by_part.append(flat.scan(queries, fetch, alive, part.segment.norms))
        elif fetch * _SCAN_SHARE > part.segment.entry.rows:
            by_part.append(flat.scan(queries, fetch, alive))
        else:
            by_part.append(flat.search(queries, fetch, alive))
    return [list(found) for found in zip(*by_part, strict=True)] if parts else [[] for _ in queries]


def _all_rows(part: Part) -> Found:
    rows = np.flatnonzero(part.mask())
    return Found(rows, np.zeros(len(rows), np.float32))


def _ranked(
    parts: Sequence[Part], query: FloatArray, length: float, found: Sequence[Found], options: SearchOptions
) -> tuple[list[Candidate], float]:
    """The best of what was found, and the score above which nothing unseen would change them."""
    scores = [
        _exact_scores(part, rows, query, options.metric) * length for part, (rows, _) in zip(parts, found, strict=True)
    ]
    floor = -inf if options.min_similarity is None else options.min_similarity
    if options.per_document is None:
        floor = max(floor, _kth_highest(scores, options.k))
    kept = sorted(_above(parts, found, scores, floor), key=lambda c: (-c.score, c.document_id, c.ordinal))
    best = _first_of_each(kept, options.per_document)[: options.k]
    if len(best) == options.k:
        return best, best[-1].score
    return best, -inf if options.min_similarity is None else options.min_similarity


def _exact_scores(part: Part, rows: IntArray, query: FloatArray, metric: Metric) -> ScoreArray:
    """Cosine, or dot product over the query's length, of these rows: float64 (m,)."""
    cosine: ScoreArray = np.clip(inner_products(part.segment.flat.vectors[rows], query), -1.0, 1.0)
    return cosine * part.segment.norms[rows].astype(np.float64) if metric is Metric.DOT else cosine


def _bound(parts: Sequence[Part], found: Sequence[Found], query: FloatArray, metric: Metric) -> float:
    """No row that was not found can score higher than this, over the query's length; -inf when all were found.

    The scores that rows were found by are float32 sums of `dim` products of unit vectors: off by at most
    dim * 2**-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), here taken twice.
    """
    error = 2 * len(query) * 2.0**-24
    bound = -inf
    for part, (rows, scores) in zip(parts, found, strict=True):
        if len(rows) < part.live:
            scale = float(part.segment.norms.max()) if metric is Metric.DOT else 1.0
            bound = max(bound, float(scores[-1]) + error * scale)
    return bound


def _kth_highest(scores: Sequence[ScoreArray], k: int) -> float:
    together = np.concatenate([*scores, np.empty(0)])
    return float(np.partition(together, -k)[-k]) if len(together) >= k else -inf


def _above(
    parts: Sequence[Part], found: Sequence[Found], scores: Sequence[ScoreArray], floor: float
) -> Iterator[Candidate]:
    """The candidates whose score is at least `floor`."""
    for part, (rows, _), values in zip(parts, found, scores, strict=True):
        for index in np.flatnonzero(values >= floor).tolist():
            row = int(rows[index])
            document_id, ordinal = part.segment.value("document_id", row), part.segment.value("ordinal", row)
            yield Candidate(float(values[index]), document_id, ordinal, part, row)


def _first_of_each(candidates: Sequence[Candidate], per_document: int | None) -> list[Candidate]:
    if per_document is None:
        return list(candidates)
    seen: Counter[str] = Counter()
    kept = []
    for candidate in candidates:
        seen[candidate.document_id] += 1
        if seen[candidate.document_id] <= per_document:
            kept.append(candidate)
    return kept


def _hit(store: Store, candidate: Candidate) -> Hit:
    row: Row = candidate.part.segment.take([candidate.row])[0]
    chunk = row.chunk
    source: str | Path | None = row.source if row.path is None else store.resolve(row.path)
    return Hit(
        score=candidate.score,
        similarity=candidate.score,
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
    )
