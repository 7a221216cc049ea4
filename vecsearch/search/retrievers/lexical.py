"""The lexical leg: the rows of a version that have the words of a text, by BM25 over the whole version."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.search.retrievers.dense import similarities
from vecsearch.storage.lexical import RowScores
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, IntArray, Metric, ScoreArray


def having_words(parts: Sequence[Part], scored: RowScores, depth: int) -> tuple[IntArray, IntArray, ScoreArray]:
    """The `depth` best rows that have a word of the text and are there: their parts, rows and BM25 scores, (m,) each.

    Best first; fewer only when fewer have one.
    """
    best = scored.best(depth, [part.alive for part in parts])
    places = np.repeat(np.arange(len(best), dtype=np.int64), [len(own.rows) for own in best])
    rows = np.concatenate([np.empty(0, np.int64), *(own.rows for own in best)])
    scores = np.concatenate([np.empty(0), *(own.scores for own in best)])
    order = best_first(parts, places, rows, scores)[:depth]
    return places[order], rows[order], scores[order]


def by_words(
    parts: Sequence[Part], scored: RowScores, query: FloatArray, length: float, metric: Metric, depth: int
) -> Candidates:
    """The `depth` best rows that have a word of the text, ranked by BM25, with the similarity to its vector."""
    places, rows, scores = having_words(parts, scored, depth)
    close = similarities(parts, places, rows, query, length, metric)
    return Candidates(places, rows, scores, close, scores, depth, unseen=inf if len(rows) == depth else -inf)


def scores_and_lengths(scored: RowScores, places: IntArray, rows: IntArray) -> tuple[ScoreArray, IntArray]:
    """The BM25 scores of these rows, float64 (m,), and how many words each has, int64 (m,)."""
    scores, lengths = np.empty(len(rows)), np.empty(len(rows), np.int64)
    for place in np.unique(places).tolist():
        own = places == place
        scores[own] = scored.of(place, rows[own])
        lengths[own] = scored.lengths(place, rows[own])
    return scores, lengths
