"""BM25 over the segments of one version: the score of each row that has a word of the query.

The score of a row is the sum over the query's words of

    times * ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + K1 * (1 - B + B * length / average))

as Lucene has it (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework: BM25 and Beyond; Kamphuis et al.
2020, Which BM25 Do You Mean?). `times` is how often the query has the word, `tf` how often the row has it. N, df and
the average length count the live rows of all segments, so that a row's segment does not matter; a filter does not
change them. A word in several languages is one word: its df counts the rows that have it in any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vecsearch.storage.lexical.postings import Postings, RowArray, Spans
from vecsearch.storage.lexical.queries import QueryWord, has_words, query_words
from vecsearch.types import BoolArray, IntArray, ScoreArray

K1, B = 1.2, 0.75  # Lucene's; docs/lexical.md measures others
_FIRST = 16_384  # the k-th highest of this many scores rules out most of the others


class LivePostings(NamedTuple):
    """The postings of a segment as one version sees them: `alive`, bool (n,), marks the live rows; None: all."""

    postings: Postings
    alive: BoolArray | None


class Scored(NamedTuple):
    """Rows of a segment, int64 (m,), ascending, and their scores, float64 (m,)."""

    rows: IntArray
    scores: ScoreArray


class RowScores:
    """The score of every row of a version for one query.

    `words` is the number of different words of the query, including stop words; `limit` is a score that no row can
    reach, however often it has every word that is looked for. Both are 0 for a query without words.
    """

    def __init__(self, by_part: Sequence[ScoreArray], lengths: Sequence[RowArray], words: int, limit: float) -> None:
        self._by_part = by_part  # (n,) each; 0 for a row that is deleted or has no word of the query
        self._lengths = lengths  # (n,) each
        self.words = words
        self.limit = limit

    def of(self, part: int, rows: IntArray) -> ScoreArray:
        """Return the scores of these rows (m,) of a part, float64 (m,)."""
        scores: ScoreArray = self._by_part[part][rows]
        return scores

    def lengths(self, part: int, rows: IntArray) -> IntArray:
        """Return the number of terms of these rows (m,) of a part, int64 (m,); a word with accents may have two."""
        return self._lengths[part][rows].astype(np.int64)

    def best(self, k: int, allowed: Sequence[BoolArray | None] | None = None) -> list[Scored]:
        """Return for each part the rows among the k best of all parts, and those that tie with the last of them.

        Only rows where the part's mask in `allowed`, bool (n,), is true; fewer than k only when fewer have a word of
        the query.
        """
        masks = [None] * len(self._by_part) if allowed is None else allowed
        scored, highest = [], np.empty(0)
        for scores, mask in zip(self._by_part, masks, strict=True):
            rows = _best(scores, mask, k, _floor(highest, k))
            scored.append(Scored(rows, scores[rows]))
            highest = _highest(np.concatenate([highest, scores[rows]]), k)
        floor = _floor(highest, k)
        return [Scored(rows[scores >= floor], scores[scores >= floor]) for rows, scores in scored]


class Bm25:
    """The words of one version of an index, ready to be searched by any number of threads at once."""

    def __init__(self, parts: Sequence[LivePostings]) -> None:
        self._parts = parts
        self._languages = sorted({number for postings, alive in parts for number in postings.languages(alive)})
        self._live = sum(len(postings.lengths) if alive is None else int(alive.sum()) for postings, alive in parts)
        total = sum(p.total if alive is None else int(p.lengths[alive].sum()) for p, alive in parts)
        self._average = total / self._live if total else 1.0
        self._norms: list[ScoreArray | None] = [None] * len(parts)

    def scores(self, query: str) -> RowScores:
        """Score every row for this query.

        Equal texts score equally to the last bit, whatever their segments. Raises IndexDamaged.
        """
        words, lengths = query_words(query, self._languages), [part.postings.lengths for part in self._parts]
        if not words:
            return RowScores([np.zeros(len(part_lengths)) for part_lengths in lengths], lengths, words=0, limit=0.0)
        terms = np.array([term for word in words for term in word.terms], np.uint64)
        spans = [part.postings.spans(terms) for part in self._parts]
        weights = self._weights(words, spans)
        firsts = np.cumsum([0, *(len(word.terms) for word in words[:-1])])
        limit = float(np.maximum.reduceat(weights, firsts).sum())
        scores = [self._scores(number, span, weights) for number, span in enumerate(spans)]
        return RowScores(scores, lengths, len(words), limit)

    def search(self, query: str, k: int, allowed: Sequence[BoolArray | None] | None = None) -> list[Scored]:
        """Return the k best rows for this query: see `scores` and `RowScores.best`."""
        return self.scores(query).best(k, allowed)

    def shares(self, query: str, texts: Sequence[str], language: str) -> list[float]:
        """Return for each text how much of the query's words it has, by their weight: 0 to 1.

        A word weighs as much as in `scores`: the rarer, the more. Stop words count only in a query of nothing else; a
        query without words has the share 0. `language` is the index's option.
        """
        words = query_words(query, self._languages)
        if not words:
            return [0.0] * len(texts)
        terms = np.array([term for word in words for term in word.terms], np.uint64)
        weights = self._weights(words, [part.postings.spans(terms) for part in self._parts])
        ends = np.cumsum([len(word.terms) for word in words])
        of_word = np.array([part.max() for part in np.split(weights, ends[:-1])])
        total = float(of_word.sum())
        found = [has_words(words, text, language) for text in texts]
        return [float(of_word[list(found_in)].sum()) / total if total else 0.0 for found_in in found]

    def _weights(self, words: Sequence[QueryWord], spans: Sequence[Spans]) -> ScoreArray:
        """Return the most that each term can add to a score, float64 (terms,); 0 for a term that is not looked for."""
        sizes = [len(word.terms) for word in words]
        rows_with: IntArray = np.zeros(sum(sizes), np.int64)
        for (postings, alive), span in zip(self._parts, spans, strict=True):
            if alive is None:
                rows_with += span.sizes
            else:
                of_term = np.split(alive[postings.read(span).rows], np.cumsum(span.sizes)[:-1])
                rows_with += [np.count_nonzero(live) for live in of_term]
        word_of = np.repeat(np.arange(len(words)), sizes)
        df = np.bincount(word_of, rows_with, len(words))  # (words,)
        idf = np.log1p((self._live - df + 0.5) / (df + 0.5)) * [word.times for word in words]
        weights: ScoreArray = np.where([wanted for word in words for wanted in word.wanted], idf[word_of], 0.0)
        return weights

    def _scores(self, number: int, span: Spans, weights: ScoreArray) -> ScoreArray:
        """Return the score of every row of a part, float64 (n,); 0 for a deleted row or one without a word.

        The terms of a row are added in the order of the query in every part, so that equal texts score equally.
        """
        postings, alive = self._parts[number]
        used = np.flatnonzero((weights > 0) & (span.sizes > 0))
        span = Spans(span.begins[used], span.ends[used])
        rows, counts = postings.read(span)
        gains = np.repeat(weights[used], span.sizes) * counts / (counts + self._norm(number)[rows])
        scores: ScoreArray = np.asarray(np.bincount(rows, gains, len(postings.lengths)), np.float64)
        if alive is not None:
            scores *= alive
        return scores

    def _norm(self, number: int) -> ScoreArray:
        """The length normalization of each row of a part, float64 (n,)."""
        norm = self._norms[number]
        if norm is None:
            lengths = self._parts[number].postings.lengths
            norm = self._norms[number] = K1 * (1 - B + B * lengths.astype(np.float64) / self._average)
        return norm


def _best(scores: ScoreArray, mask: BoolArray | None, k: int, floor: float) -> IntArray:
    """Return the rows that score above 0, at least `floor`, and at least as high as the k-th best, ascending."""
    rows = np.flatnonzero(scores >= floor if floor > 0 else scores > 0)
    if mask is not None:
        rows = rows[mask[rows]]
    for size in (_FIRST, len(rows)):
        if len(rows) > k:
            rows = rows[scores[rows] >= _floor(_highest(scores[rows[:size]], k), k)]
    return rows


def _highest(scores: ScoreArray, k: int) -> ScoreArray:
    """Return the k highest scores, the lowest of them first; in any order when there are at most k."""
    return np.partition(scores, -k)[-k:] if len(scores) > k else scores


def _floor(highest: ScoreArray, k: int) -> float:
    """Return the score needed to be among the k highest."""
    return float(highest.min()) if len(highest) == k else 0.0
