"""Both legs: what is near and what has the words, put together and scored by `fusion`.

The candidates are the best of each leg, and each of them gets the scores of both, exact ones. So what is asked is one
set of rows, whatever segments they are in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vecsearch.models.encoder import Fertility
from vecsearch.search.fusion import DEPTH, Asked, dense_weight, fuse
from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.search.retrievers.dense import similarities
from vecsearch.search.retrievers.lexical import having_words, scores_and_lengths
from vecsearch.storage.lexical import RowScores
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, Metric

_ROWS = 2**32  # more than a segment has


def by_both(
    parts: Sequence[Part],
    near: Candidates,
    words: RowScores,
    query: FloatArray,
    length: float,
    metric: Metric,
    fertility: Callable[[], Fertility],
    weight: float | None,
) -> Candidates:
    """The nearest rows and as many that have the words, ranked by the fused scores.

    `weight` is what the dense leg counts; None lets the query decide, which the model reads with the fertility that is
    asked for then. Where no candidate has a word of the query, the dense leg counts alone. What is decided by the
    candidates is decided by the `DEPTH` first of each leg, however many are wanted.
    """
    places, rows, _ = having_words(parts, words, near.depth)
    of_near, of_words = near.parts * _ROWS + near.rows, places * _ROWS + rows
    keys = np.union1d(of_near, of_words)
    first = np.isin(keys, np.concatenate([of_near[:DEPTH], of_words[:DEPTH]]))
    places, rows = np.divmod(keys, _ROWS)
    close = similarities(parts, places, rows, query, length, metric)
    said, lengths = scores_and_lengths(words, places, rows)
    if not said.any():
        weight = 1.0
    elif weight is None:
        asked = Asked(fertility(), words.words, words.limit, float(np.median(lengths[first])))
        weight = dense_weight(close[first], said[first], asked)
    scores = fuse(close, said, weight, float(close[first].min()) if len(close) else None)
    order = best_first(parts, places, rows, scores)
    return Candidates(
        places[order],
        rows[order],
        scores[order],
        close[order],
        said[order],
        depth=near.depth,
        unseen=near.unseen,
        weight=weight,
    )
