"""What a search must answer in each mode, by brute force over plain lists: shares no code with the library.

Texts are simple words between single blanks, and a chunk is `CHUNK_WORDS` of them, so that a term is a plain word.
Only the numbers that were fitted for fusion are the library's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, median, pstdev
from typing import NamedTuple

import numpy as np

from vecsearch import Hit
from vecsearch.search.fusion import _COEFFICIENTS

CHUNK_WORDS = 8
VOCABULARY = ["red", "green", "blue", "house", "tree", "river", "cloud", "stone", "bread", "water", "fire", "salt"]
VOCABULARY += ["gold", "silver", "paper", "iron", "glass", "wind", "rain", "snow"]


class Row(NamedTuple):
    """A chunk: whose it is, its text, its unit vector as a tuple, and the year of its document."""

    document_id: str
    ordinal: int
    text: str
    unit: tuple[float, ...]
    norm: float
    year: int | None

    @property
    def chunk_id(self) -> str:
        return f"{self.document_id}#{self.ordinal}"


@dataclass(frozen=True, kw_only=True)
class SearchCase:
    """One search; the model reads its text at this many characters per token, in context or not."""

    text: str
    vector: np.ndarray
    mode: str = "hybrid"
    metric: str = "cosine"
    k: int = 10
    per_document: int | None = None
    min_similarity: float | None = None
    collapse: float | None = None
    dense_weight: float | None = None
    characters_per_token: float = 4.0
    contextual: bool = True


class Answer(NamedTuple):
    """A chunk that is to be found, with its scores."""

    chunk_id: str
    score: float
    similarity: float


def rows_of(document_id: str, text: str, year: int | None, encoder) -> list[Row]:
    """The chunks of a document."""
    words = text.split(" ")
    pieces = [" ".join(words[first : first + CHUNK_WORDS]) for first in range(0, len(words), CHUNK_WORDS)]
    found = []
    for ordinal, piece in enumerate(pieces):
        unit, norm = unit_of(encoder.vector(piece))
        found.append(Row(document_id, ordinal, piece, tuple(unit.tolist()), norm, year))
    return found


def unit_of(vector: np.ndarray) -> tuple[np.ndarray, float]:
    """A vector of length 1 in float32, as an index stores it, and the length that it had."""
    wide = vector.astype(np.float64)
    norm = float(np.sqrt(wide @ wide))
    return (wide / norm).astype(np.float32), float(np.float32(norm))


def similarity(row: Row, case: SearchCase) -> float:
    unit, norm = unit_of(case.vector)
    cosine = float((np.array(row.unit) * unit.astype(np.float64)).sum())
    cosine = min(1.0, max(-1.0, cosine))
    return cosine * row.norm * norm if case.metric == "dot" else cosine


class Bm25(NamedTuple):
    """The BM25 score of each row, and what all words of the text weigh together."""

    scores: list[float]
    limit: float


def bm25(rows: Sequence[Row], text: str) -> Bm25:
    """By the formula that lexical/bm25.py states, over all of these rows."""
    texts = [row.text.split(" ") for row in rows]
    average = sum(map(len, texts)) / len(texts) if texts else 1.0
    scores, limit = [0.0] * len(rows), 0.0
    for word, times in Counter(text.split()).items():
        df = sum(word in words for words in texts)
        weight = times * log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        limit += weight
        for place, words in enumerate(texts):
            tf = words.count(word)
            scores[place] += weight * tf / (tf + 1.2 * (1 - 0.75 + 0.75 * len(words) / average))
    return Bm25(scores, limit)


def fused(
    candidates: Sequence[Row],
    first: Sequence[Row],
    close: Mapping[Row, float],
    said: Sequence[float],
    case: SearchCase,
    limit: float,
) -> list[float]:
    """Both scores of each candidate as one; those that are `first` in a retriever decide how."""
    of_first = [close[row] for row in first]
    lowest, highest, most = min(of_first), max(of_first), max(said)
    reach = highest - lowest
    meaning = [(close[row] - lowest) / reach if reach else 1 + close[row] - lowest for row in candidates]
    if not most:
        return meaning
    weight = case.dense_weight
    if weight is None:
        weight = _weight(first, of_first, most / limit, case)
    words = [value / most for value in said]
    return [weight * here + (1 - weight) * there for here, there in zip(meaning, words, strict=True)]


def _weight(candidates: Sequence[Row], close: Sequence[float], share: float, case: SearchCase) -> float:
    """The dense weight, by the description in fusion.py: the best text has this share of the words' weight."""
    length = median(len(row.text.split(" ")) for row in candidates)
    features = [
        1.0,
        0.0 if case.contextual else 1.0,
        log(min(max(case.characters_per_token, 0.5), 3.5)),
        log(min((length + 1) / len(set(case.text.split())), 4.5)),
        share,
        (max(close) - fmean(close)) / pstdev(close) if len(set(close)) > 1 else 0.0,
    ]
    return 1 / (1 + exp(-sum(coefficient * value for coefficient, value in zip(_COEFFICIENTS, features, strict=True))))


def expected(
    rows: Sequence[Row], case: SearchCase, allowed: Sequence[Row] | None = None, depth: int = 100
) -> list[Answer]:
    """The answer, among the `allowed` of the live `rows`; in hybrid mode each retriever finds at least `depth` rows."""
    among = list(rows if allowed is None else allowed)
    close = {row: similarity(row, case) for row in among}
    of_words = bm25(rows, case.text)
    every = dict(zip(rows, of_words.scores, strict=True))
    least = depth
    depth = max(depth, case.k * (1 if case.per_document is None and case.collapse is None else 4))
    while True:
        near = _best(among, close)[:depth]
        worded = _best([row for row in among if every[row] > 0], every)[:depth]
        candidates = {"dense": near, "lexical": worded, "hybrid": list(dict.fromkeys(near + worded))}[case.mode]
        said = [every[row] for row in candidates]
        scores = [close[row] for row in candidates] if case.mode == "dense" else said
        if case.mode == "hybrid" and candidates:
            first = list(dict.fromkeys(near[:least] + worded[:least]))
            scores = fused(candidates, first, close, said, case, of_words.limit)
        by_row = dict(zip(candidates, scores, strict=True))
        shown = [row for row in _best(candidates, by_row) if _reaches(close[row], case.min_similarity)]
        shown = _chosen(shown, case)
        more = case.mode != "hybrid" or _reaches(close[near[-1]] if near else -1, case.min_similarity)
        if len(shown) == case.k or depth >= len(among) or not more:
            return [Answer(row.chunk_id, by_row[row], close[row]) for row in shown]
        depth *= 8


def _best(rows: Sequence[Row], scores: dict[Row, float]) -> list[Row]:
    return sorted(rows, key=lambda row: (-scores[row], row.document_id, row.ordinal))


def _reaches(value: float, floor: float | None) -> bool:
    return floor is None or value >= floor


def _chosen(rows: Sequence[Row], case: SearchCase) -> list[Row]:
    """The first k that are neither too many of one document nor like one before them."""
    of_document: Counter[str] = Counter()
    kept: list[Row] = []
    for row in rows:
        of_document[row.document_id] += 1
        if case.per_document is not None and of_document[row.document_id] > case.per_document:
            continue
        alike = [float(np.dot(row.unit, other.unit)) for other in kept]
        if case.collapse is None or not any(cosine >= case.collapse - 1e-6 for cosine in alike):
            kept.append(row)
        if len(kept) == case.k:
            break
    return kept


def assert_answers(hits: Sequence[Hit], answers: Sequence[Answer]) -> None:
    """The hits are just these, in this order, with these scores."""
    assert [hit.chunk_id for hit in hits] == [answer.chunk_id for answer in answers]
    np.testing.assert_allclose([hit.score for hit in hits], [answer.score for answer in answers], rtol=0, atol=1e-9)
    told = [(hit.similarity, answer.similarity) for hit, answer in zip(hits, answers, strict=True)]
    known = [pair for pair in told if pair[0] is not None]  # none in a search by words alone, which asks no model
    assert len(known) in (0, len(told))
    np.testing.assert_allclose(*np.reshape(known, (-1, 2)).T, rtol=1e-9, atol=1e-9)
