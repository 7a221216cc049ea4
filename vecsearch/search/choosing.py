"""Which of ranked candidates are shown: not too many of one document, no near-duplicates, or a diverse choice.

Pure rules over arrays; candidates stand the best first and are named by their places.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from vecsearch.types import BoolArray, FloatArray, IntArray, ScoreArray

_ROUNDING = 1e-6  # how far below 1 the cosine of equal unit vectors may come out in float32


def first_of_each(documents: IntArray, n: int) -> BoolArray:
    """Which of the candidates are among the first `n` of their document; `documents`, int64 (m, ...), says theirs."""
    seen: Counter[tuple[int, ...]] = Counter()
    kept = []
    for document in map(tuple, documents.tolist()):
        seen[document] += 1
        kept.append(seen[document] <= n)
    return np.array(kept, np.bool_)


def without_near_duplicates(vectors: FloatArray, threshold: float, k: int) -> IntArray:
    """The places of the first `k` candidates whose cosine with no kept one before them reaches `threshold`.

    `vectors`, float32 (m, dim), are unit rows. What looks like a candidate already shown tells nothing new.
    """
    kept: list[int] = []
    for place, vector in enumerate(vectors):
        if len(kept) == k:
            break
        if not kept or float((vectors[kept] @ vector).max()) < threshold - _ROUNDING:
            kept.append(place)
    return np.array(kept, np.int64)


def diverse(scores: ScoreArray, vectors: FloatArray, diversity: float, k: int) -> IntArray:
    """The places of `k` candidates by maximal marginal relevance, in the order in which they are chosen.

    Each next one has the highest (1 - diversity) * relevance - diversity * its highest cosine with one chosen before
    (Carbonell and Goldstein 1998, The Use of MMR). Relevance is the score, scaled from 0 for the last candidate to 1
    for the first. `scores`, float64 (m,), descend; `vectors`, float32 (m, dim), are unit rows.
    """
    spread = float(scores[0] - scores[-1]) if len(scores) else 0.0
    relevance = (scores - scores[-1]) / spread if spread else np.ones(len(scores))
    closest = np.zeros(len(scores))
    chosen: list[int] = []
    left = np.ones(len(scores), np.bool_)
    while left.any() and len(chosen) < k:
        gain = np.where(left, (1 - diversity) * relevance - diversity * closest, -np.inf)
        place = int(gain.argmax())
        chosen.append(place)
        left[place] = False
        closest = np.maximum(closest, vectors @ vectors[place]) if len(chosen) > 1 else vectors @ vectors[place]
    return np.array(chosen, np.int64)
