"""Two scores of each candidate become one: the cosines of the dense leg and the BM25 scores of the lexical leg.

Both are brought to the same scale and added with weights that each query decides for itself, by what can be known
before anyone has judged an answer: how well the model reads the query, how much longer the texts are than it, how much
of its words the best text has, how far the nearest text stands out. The numbers below were fitted to collections
with judgements; docs/fusion.md has what they give on collections they were not fitted to, and where it loses.

The scale is min-max, and sums are made in the order of size, because minima and sorted sums do not depend on the order
of candidates: the fused scores are the same to the last bit in whatever segments the candidates are.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np

from vecsearch.models.encoder import Fertility
from vecsearch.types import ScoreArray

DEPTH = 100  # how many of its best candidates each leg brings at least; each of them has the scores of both legs

# What each clue of `clues` adds to the logarithm of the odds of the dense leg.
_TELL = (-0.81, -1.11, 1.78, -0.86, -1.88, 0.33)
_FEWEST_LETTERS, _ENOUGH_LETTERS = 0.5, 3.5  # a language of which a token has so many is known
_LONG = 4.5  # a text that has so many times as many words as the query is long


class Asked(NamedTuple):
    """What is known of a query whose candidates are to be fused.

    `fertility` is how well the model reads it, `words` how many different words it has, `limit` the BM25 score
    that no text can reach (see `lexical.RowScores`), `length` how many words the candidates have, their median.
    """

    fertility: Fertility
    words: int
    limit: float
    length: float


def fuse(dense: ScoreArray, lexical: ScoreArray, weight: float, lowest: float | None = None) -> ScoreArray:
    """The scores that a hybrid search ranks by, float64 (m,); 1 is what both legs have first.

    `dense` and `lexical`, float64 (m,), are the scores of the same candidates. A candidate that no word of the query
    is in has the lexical score 0; where none has one, the dense leg decides alone. `weight`, 0 to 1, is what the dense
    leg counts; the lexical leg counts the rest. A cosine of `lowest` counts 0, and less is below; by default the lowest
    does, so that all scores are from 0 to 1.
    """
    if not len(dense):
        return np.zeros(0)
    meaning = _from_zero_to_one(dense, float(dense.min()) if lowest is None else lowest)
    if not lexical.any():
        return meaning
    fused: ScoreArray = weight * meaning + (1 - weight) * _from_zero_to_one(lexical, 0.0)
    return fused


def dense_weight(dense: ScoreArray, lexical: ScoreArray, asked: Asked) -> float:
    """What the dense leg should count for this query, between 0 and 1.

    `dense` and `lexical`, float64 (m,), are the scores of the candidates that either leg has among its `DEPTH` best.

    More for a model that knows the query's language and looks at the context, for texts as short as the query, for
    words that no text has, and for a text whose vector is much nearer than those of the other candidates.
    """
    if not lexical.any():
        return 1.0
    return weight_by(clues(dense, lexical, asked))


def clues(dense: ScoreArray, lexical: ScoreArray, asked: Asked) -> tuple[float, ...]:
    """What tells which leg to trust, where some candidate has a word of the query; the first clue is always 1.

    Then: 1 for a model in which a token has the same vector in every text; the logarithm of the letters that a token
    of the query stands for, up to 3.5; that of how many times as many words the texts have as the query, up to 4.5;
    the share of its words' weight that the best text has; how many standard deviations the highest cosine is above the
    mean of the candidates'.
    """
    return (
        1.0,
        0.0 if asked.fertility.contextual else 1.0,
        log(min(max(asked.fertility.characters_per_token, _FEWEST_LETTERS), _ENOUGH_LETTERS)),
        log(min((asked.length + 1) / asked.words, _LONG)),
        float(lexical.max()) / asked.limit,
        _outstanding(dense),
    )


def weight_by(told: Sequence[float]) -> float:
    """The weight of the dense leg, between 0 and 1, that the clues of a query speak for."""
    return 1 / (1 + exp(-sum(tell * clue for tell, clue in zip(_TELL, told, strict=True))))


def _outstanding(scores: ScoreArray) -> float:
    """How many standard deviations the highest score is above the mean, 0 where all are the same."""
    in_order = np.sort(_from_zero_to_one(scores, float(scores.min())))  # so that no square is too small for a float
    return float((in_order[-1] - in_order.mean()) / in_order.std()) if in_order[0] < in_order[-1] else 0.0


def _from_zero_to_one(scores: ScoreArray, lowest: float) -> ScoreArray:
    """The scores with `lowest` as 0 and their highest as 1, which it is alone when both are the same."""
    reach = float(scores.max()) - lowest
    scaled: ScoreArray = (scores - lowest) / reach if reach > 0 else 1 + (scores - lowest)
    return scaled
