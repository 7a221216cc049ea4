"""Two scores of each candidate become one: the cosines of the dense leg and the BM25 scores of the lexical leg.

Both are brought to the same scale and added with weights that each query decides for itself: a leg counts as far as
its best candidates are good in the other leg's eyes, too. A model that does not know the language of a text finds what
has no word of the query; words that say nothing find what is far from the query's meaning. Nothing is stored and
nothing was trained. docs/fusion.md compares this with ranks and fixed weights, and says where it loses.

The scale is min-max, not mean and deviation, also because minima do not depend on the order of candidates, as rounded
sums do: the fused scores are the same to the last bit in whatever segments the candidates are.
"""

from __future__ import annotations

import numpy as np

from vecsearch.types import ScoreArray

DEPTH = 100  # how many of its best candidates each leg brings at least; each of them has the scores of both legs
_BEST = 5  # by how many of its best candidates a leg is judged; from 2 to 20 it makes little difference


def fuse(dense: ScoreArray, lexical: ScoreArray, *, weight: float | None = None, best: int = _BEST) -> ScoreArray:
    """The scores that a hybrid search ranks by, float64 (m,) from 0 to 1; 1 is what both legs have first.

    `dense` and `lexical`, float64 (m,), are the scores of the same candidates: those that either leg has among its
    `DEPTH` best. A candidate that no word of the query is in has the lexical score 0; where none has one, the dense
    leg decides alone. `weight`, 0 to 1, is what the dense leg counts, for who found out with judgements; None lets
    the query decide, where each leg is judged by its `best` first candidates.
    """
    if not len(dense):
        return np.zeros(0)
    meaning = _from_zero_to_one(dense, float(dense.min()))
    if not lexical.any():
        return meaning
    words = _from_zero_to_one(lexical, 0.0)
    share = _dense_weight(meaning, words, best) if weight is None else weight
    fused: ScoreArray = share * meaning + (1 - share) * words
    return fused


def _from_zero_to_one(scores: ScoreArray, lowest: float) -> ScoreArray:
    """The scores with `lowest` as 0 and their highest as 1; 1 throughout when that is the same."""
    highest = float(scores.max())
    if highest == lowest:
        return np.ones(len(scores))
    scaled: ScoreArray = (scores - lowest) / (highest - lowest)
    return scaled


def _dense_weight(meaning: ScoreArray, words: ScoreArray, best: int) -> float:
    """How much the dense leg counts, 0 to 1; the lexical leg counts the rest."""
    dense, lexical = _confirmed(meaning, words, best), _confirmed(words, meaning, best)
    return dense / (dense + lexical) if dense + lexical else 0.5


def _confirmed(own: ScoreArray, other: ScoreArray, best: int) -> float:
    """What the other leg gives the best of this leg's first candidates, 0 to 1; equal ones count all or not at all."""
    last = np.partition(own, -best)[-best] if len(own) > best else 0.0
    return float(other[(own >= last) & (own > 0)].max())
