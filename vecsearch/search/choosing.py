"""Choose which of ranked candidates are shown: limit those of one document, drop near-duplicates, or diversify.

Pure functions over arrays in which candidates are in order, the best first.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from vecsearch.types import BoolArray, FloatArray, IntArray, ScoreArray

_ROUNDING = 1e-6  # how far below 1 the cosine of equal unit vectors may come out in float32


def first_of_each(documents: IntArray, n: int) -> BoolArray:
    """Return which candidates are among the first `n` of their document, given in `documents`, int64 (m, ...)."""
    seen: Counter[tuple[int, ...]] = Counter()
    kept = []
    for document in map(tuple, documents.tolist()):
        seen[document] += 1
        kept.append(seen[document] <= n)
    return np.array(kept, np.bool_)


def without_near_duplicates(vectors: FloatArray, threshold: float, k: int) -> IntArray:
    """Return the positions of the first `k` candidates whose cosine with each kept one before is below `threshold`.

    `vectors`, float32 (m, dim), are unit rows.
    """
    kept: list[int] = []
    for position, vector in enumerate(vectors):
        if len(kept) == k:
            break
        if not kept or float((vectors[kept] @ vector).max()) < threshold - _ROUNDING:
            kept.append(position)
    return np.array(kept, np.int64)


def diverse(scores: ScoreArray, vectors: FloatArray, diversity: float, k: int) -> IntArray:
    """Return the positions of `k` candidates by maximal marginal relevance, in the order they are chosen.

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
        best = int(gain.argmax())
        chosen.append(best)
        left[best] = False
        closest = np.maximum(closest, vectors @ vectors[best]) if len(chosen) > 1 else vectors @ vectors[best]
    return np.array(chosen, np.int64)
