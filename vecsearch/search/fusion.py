"""Fuse two scores of each candidate into one: the cosine of the dense retriever and the BM25 score of the lexical one.

Both are scaled to 0..1 and added with a weight that each query gets of its own, a logistic function of features known
before anyone has judged a result: how well the model reads the query, how much longer the texts are, how much of the
query's words the best text covers, how far the nearest text stands out. The coefficients were fitted to collections
with qrels; docs/fusion.md shows what they give on collections they were not fitted to, and where fusion loses.

Scaling is min-max and sums are taken in order of size: minima and sorted sums do not depend on the order of
candidates, so fused scores are the same to the last bit however candidates are spread over segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np

from vecsearch.models.encoder import Fertility
from vecsearch.types import ScoreArray

DEPTH = 100  # the fewest candidates that each retriever is asked for; each candidate has the scores of both

# What each of `features` adds to the log odds of the dense retriever.
_COEFFICIENTS = (-0.81, -1.11, 1.78, -0.86, -1.88, 0.33)
_LEAST_FERTILITY, _FULL_FERTILITY = 0.5, 3.5  # characters per token; above, the model knows the language
_LONG = 4.5  # a text with this many times the words of the query is long


class QueryFacts(NamedTuple):
    """What is known of a query before its candidates are fused.

    `fertility` is how well the model reads it, `words` its number of distinct words, `limit` the BM25 score that no
    text can reach (see `lexical.RowScores`), `length` the median number of words in the candidates.
    """

    fertility: Fertility
    words: int
    limit: float
    length: float


def fuse(dense: ScoreArray, lexical: ScoreArray, weight: float, lowest: float | None = None) -> ScoreArray:
    """Return the scores that a hybrid search ranks by, float64 (m,); a candidate first in both retrievers scores 1.

    `dense` and `lexical`, float64 (m,), are the scores of the same candidates. A candidate without a word of the query
    has the lexical score 0; where all have 0, the dense scores decide alone. `weight`, 0 to 1, is the share of the
    dense score; the lexical score has the rest. A cosine of `lowest` scales to 0, and lower ones below it; by default
    that is the lowest cosine, so that all scores are from 0 to 1.
    """
    if not len(dense):
        return np.zeros(0)
    scaled = _scaled(dense, float(dense.min()) if lowest is None else lowest)
    if not lexical.any():
        return scaled
    fused: ScoreArray = weight * scaled + (1 - weight) * _scaled(lexical, 0.0)
    return fused


def dense_weight(dense: ScoreArray, lexical: ScoreArray, facts: QueryFacts) -> float:
    """Return the weight of the dense scores for this query, between 0 and 1.

    `dense` and `lexical`, float64 (m,), are the scores of the candidates among the `DEPTH` best of either retriever.
    The weight is higher for a model that knows the query's language and reads words in context, for texts as short as
    the query, for words that no text has, and when one vector is much nearer than those of the other candidates.
    """
    if not lexical.any():
        return 1.0
    return logistic(features(dense, lexical, facts))


def features(dense: ScoreArray, lexical: ScoreArray, facts: QueryFacts) -> tuple[float, ...]:
    """Return the features that the weight depends on, for candidates of which at least one has a word of the query.

    In order: the constant 1; 1 for a static model, in which a token has one vector in all texts; the logarithm of the
    characters per token of the query, up to 3.5; the logarithm of how many times longer than the query the texts are,
    in words, up to 4.5; the share of its words' weight that the best text covers; how many standard deviations the
    highest cosine is above the candidates' mean.
    """
    return (
        1.0,
        0.0 if facts.fertility.contextual else 1.0,
        log(min(max(facts.fertility.characters_per_token, _LEAST_FERTILITY), _FULL_FERTILITY)),
        log(min((facts.length + 1) / facts.words, _LONG)),
        float(lexical.max()) / facts.limit,
        _lead(dense),
    )


def logistic(values: Sequence[float]) -> float:
    """Return the weight of the dense scores, between 0 and 1, for a query with these feature values."""
    products = (coefficient * value for coefficient, value in zip(_COEFFICIENTS, values, strict=True))
    return 1 / (1 + exp(-sum(products)))


def _lead(scores: ScoreArray) -> float:
    """How many standard deviations the highest score is above the mean; 0 where all are equal."""
    ascending = np.sort(_scaled(scores, float(scores.min())))  # scaled, so that no square underflows
    return float((ascending[-1] - ascending.mean()) / ascending.std()) if ascending[0] < ascending[-1] else 0.0


def _scaled(scores: ScoreArray, lowest: float) -> ScoreArray:
    """The scores with `lowest` mapped to 0 and the highest to 1; where the two are equal, that score is 1."""
    reach = float(scores.max()) - lowest
    scaled: ScoreArray = (scores - lowest) / reach if reach > 0 else 1 + (scores - lowest)
    return scaled
