"""BM25 by the book over plain lists of words; shares no code with the library."""

from __future__ import annotations

from collections.abc import Sequence
from math import log


def plain_bm25(
    documents: Sequence[Sequence[str]], query: Sequence[str], k1: float = 1.2, b: float = 0.75
) -> list[float]:
    """The score of each document, with Lucene's idf; 0 for one without a word of the query."""
    n = len(documents)
    average = sum(map(len, documents)) / n if n else 0
    scores = [0.0] * n
    for word in query:
        df = sum(word in document for document in documents)
        idf = log(1 + (n - df + 0.5) / (df + 0.5))
        for number, document in enumerate(documents):
            tf = document.count(word)
            if tf:
                scores[number] += idf * tf / (tf + k1 * (1 - b + b * len(document) / average))
    return scores
