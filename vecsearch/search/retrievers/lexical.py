"""The lexical retriever: the rows of a version that have words of a query, by BM25 over the whole version."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.search.retrievers.dense import QueryVector, similarities
from vecsearch.storage.lexical import RowScores
from vecsearch.storage.store import Part
from vecsearch.types import IntArray, ScoreArray


def lexical_candidates(parts: Sequence[Part], bm25: RowScores, query: QueryVector | None, depth: int) -> Candidates:
    """Return the `depth` live rows with the highest BM25 scores, and their similarities to the query's vector.

    Without a vector the similarities are NaN: no model was asked.
    """
    numbers, rows, scores = rows_with_words(parts, bm25, depth)
    unseen = inf if len(rows) == depth else -inf
    near = np.full(len(rows), np.nan) if query is None else similarities(parts, numbers, rows, query)
    return Candidates(numbers, rows, scores, near, scores, depth, unseen)


def rows_with_words(parts: Sequence[Part], bm25: RowScores, depth: int) -> tuple[IntArray, IntArray, ScoreArray]:
    """Return the `depth` best live rows with a word of the query: part numbers, rows and BM25 scores, (m,) each.

    Best first; fewer only when fewer rows have such a word.
    """
    best = bm25.best(depth, [part.alive for part in parts])
    numbers = np.repeat(np.arange(len(best), dtype=np.int64), [len(of_part.rows) for of_part in best])
    rows = np.concatenate([np.empty(0, np.int64), *(of_part.rows for of_part in best)])
    scores = np.concatenate([np.empty(0), *(of_part.scores for of_part in best)])
    order = best_first(parts, numbers, rows, scores)[:depth]
    return numbers[order], rows[order], scores[order]


def scores_and_lengths(bm25: RowScores, numbers: IntArray, rows: IntArray) -> tuple[ScoreArray, IntArray]:
    """Return the BM25 scores of these rows, float64 (m,), and how many words each has, int64 (m,)."""
    scores, lengths = np.empty(len(rows)), np.empty(len(rows), np.int64)
    for number in np.unique(numbers).tolist():
        in_part = numbers == number
        scores[in_part] = bm25.of(number, rows[in_part])
        lengths[in_part] = bm25.lengths(number, rows[in_part])
    return scores, lengths
