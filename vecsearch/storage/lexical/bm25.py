"""BM25 over the segments of one version: each row that has a word of the query, and its score.

The score of a row is the sum over the query's words of

    times * ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + K1 * (1 - B + B * length / average))

as Lucene has it (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework: BM25 and Beyond; Kamphuis et al.
2020, Which BM25 Do You Mean?). `times` is how often the query has the word, `tf` how often the row has it. N, df and
the average length are those of all live rows of all segments, so that it does not matter in which segment a row is;
a filter does not change them. A word in several languages is one word: its df are the rows that have it in any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vecsearch.storage.lexical.postings import Postings, RowArray, Spans
from vecsearch.storage.lexical.queries import QueryWord, query_words
from vecsearch.types import BoolArray, IntArray, ScoreArray

K1, B = 1.2, 0.75  # Lucene's; docs/lexical.md has what others give
_FIRST = 16_384  # scores among which the k-th highest is looked for first, which leaves out most of the others


class LivePostings(NamedTuple):
    """The postings of a segment as one version sees them: `alive`, bool (n,), says which rows are there; None: all."""

    postings: Postings
    alive: BoolArray | None


class Scored(NamedTuple):
    """Rows of a segment, int64 (m,), ascending, and their scores, float64 (m,)."""

    rows: IntArray
    scores: ScoreArray


class RowScores:
    """What every row of a version scores for one query.

    `words` is how many different words the query has, stop words among them, `limit` the score that no row can reach,
    however often it has all words that are looked for; both are 0 for a query without a word.
    """

    def __init__(self, of_parts: Sequence[ScoreArray], lengths: Sequence[RowArray], words: int, limit: float) -> None:
        self._of_parts = of_parts  # (n,) each; 0 for a row that has no word of the query or is not there
        self._lengths = lengths  # (n,) each
        self.words = words
        self.limit = limit

    def of(self, part: int, rows: IntArray) -> ScoreArray:
        """The scores of these rows (m,) of a part, float64 (m,)."""
        scores: ScoreArray = self._of_parts[part][rows]
        return scores

    def lengths(self, part: int, rows: IntArray) -> IntArray:
        """How many terms these rows (m,) of a part have, int64 (m,); a word with accents may have two."""
        return self._lengths[part][rows].astype(np.int64)

    def best(self, k: int, allowed: Sequence[BoolArray | None] | None = None) -> list[Scored]:
        """For each part the rows that are among the k best of all parts, and those that score as the last of them.

        Only rows where the part's mask in `allowed`, bool (n,), is true; fewer than k only when fewer have a word of
        the query.
        """
        masks = [None] * len(self._of_parts) if allowed is None else allowed
        scored, highest = [], np.empty(0)
        for scores, mask in zip(self._of_parts, masks, strict=True):
            rows = _best(scores, mask, k, _floor(highest, k))
            scored.append(Scored(rows, scores[rows]))
            highest = _highest(np.concatenate([highest, scores[rows]]), k)
        floor = _floor(highest, k)
        return [Scored(rows[scores >= floor], scores[scores >= floor]) for rows, scores in scored]


class Bm25:
    """The words of one version of an index, ready to be searched by any number of threads at once."""

    def __init__(self, parts: Sequence[LivePostings]) -> None:
        self._parts = parts
        self._languages = sorted({number for own, alive in parts for number in own.languages(alive)})
        self._live = sum(len(own.lengths) if alive is None else int(alive.sum()) for own, alive in parts)
        total = sum(own.total if alive is None else int(own.lengths[alive].sum()) for own, alive in parts)
        self._average = total / self._live if total else 1.0
        self._norms: list[ScoreArray | None] = [None] * len(parts)

    def scores(self, query: str) -> RowScores:
        """What each row scores for this query.

        Equal texts score equally, to the last bit, in whatever segments they are. Raises IndexDamaged.
        """
        words, lengths = query_words(query, self._languages), [part.postings.lengths for part in self._parts]
        if not words:
            return RowScores([np.zeros(len(of_part)) for of_part in lengths], lengths, words=0, limit=0.0)
        terms = np.array([term for word in words for term in word.terms], np.uint64)
        spans = [part.postings.spans(terms) for part in self._parts]
        weights = self._weights(words, spans)
        firsts = np.cumsum([0, *(len(word.terms) for word in words[:-1])])
        limit = float(np.maximum.reduceat(weights, firsts).sum())
        scores = [self._scores(number, span, weights) for number, span in enumerate(spans)]
        return RowScores(scores, lengths, len(words), limit)

    def search(self, query: str, k: int, allowed: Sequence[BoolArray | None] | None = None) -> list[Scored]:
        """The k best rows for this query: see `scores` and `RowScores.best`."""
        return self.scores(query).best(k, allowed)

    def _weights(self, words: Sequence[QueryWord], spans: Sequence[Spans]) -> ScoreArray:
        """What having a term adds to a score at most, float64 (terms,); 0 for a term that is not looked for."""
        sizes = [len(word.terms) for word in words]
        having: IntArray = np.zeros(sum(sizes), np.int64)
        for (postings, alive), span in zip(self._parts, spans, strict=True):
            if alive is None:
                having += span.sizes
            else:
                of_term = np.split(alive[postings.taken(span).rows], np.cumsum(span.sizes)[:-1])
                having += [np.count_nonzero(live) for live in of_term]
        word_of = np.repeat(np.arange(len(words)), sizes)
        df = np.bincount(word_of, having, len(words))  # (words,)
        idf = np.log1p((self._live - df + 0.5) / (df + 0.5)) * [word.times for word in words]
        weights: ScoreArray = np.where([wanted for word in words for wanted in word.wanted], idf[word_of], 0.0)
        return weights

    def _scores(self, number: int, span: Spans, weights: ScoreArray) -> ScoreArray:
        """The score of every row of a part, float64 (n,); 0 for a row without a word of the query or not there.

        A row's terms are added in the order of the query, in every part.
        """
        postings, alive = self._parts[number]
        used = np.flatnonzero((weights > 0) & (span.sizes > 0))
        span = Spans(span.begins[used], span.ends[used])
        rows, counts = postings.taken(span)
        gains = np.repeat(weights[used], span.sizes) * counts / (counts + self._norm(number)[rows])
        scores: ScoreArray = np.asarray(np.bincount(rows, gains, len(postings.lengths)), np.float64)
        if alive is not None:
            scores *= alive
        return scores

    def _norm(self, number: int) -> ScoreArray:
        """How much the length of each row of a part weakens its counts, float64 (n,)."""
        norm = self._norms[number]
        if norm is None:
            lengths = self._parts[number].postings.lengths
            norm = self._norms[number] = K1 * (1 - B + B * lengths.astype(np.float64) / self._average)
        return norm


def _best(scores: ScoreArray, mask: BoolArray | None, k: int, floor: float) -> IntArray:
    """The rows that score above 0, at least `floor`, and at least what the k-th best does, ascending."""
    rows = np.flatnonzero(scores >= floor if floor > 0 else scores > 0)
    if mask is not None:
        rows = rows[mask[rows]]
    for size in (_FIRST, len(rows)):
        if len(rows) > k:
            rows = rows[scores[rows] >= _floor(_highest(scores[rows[:size]], k), k)]
    return rows


def _highest(scores: ScoreArray, k: int) -> ScoreArray:
    """The k highest scores, the lowest of them first; all, in any order, when there are no more."""
    return np.partition(scores, -k)[-k:] if len(scores) > k else scores


def _floor(highest: ScoreArray, k: int) -> float:
    """What one must score to be among the k highest."""
    return float(highest.min()) if len(highest) == k else 0.0
