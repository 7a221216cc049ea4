"""How alike two orders are: Spearman's rank correlation. Pure numpy."""

from __future__ import annotations

import numpy as np

from vecsearch.types import ScoreArray


def spearman(left: ScoreArray, right: ScoreArray) -> float | None:
    """Pearson's correlation of the ranks, from -1 to 1; equal values share the mean of their ranks.

    Spearman 1904. None where it is not defined: for fewer than two values, or where all of one side are equal.
    """
    a, b = (_ranks(values) - (len(values) + 1) / 2 for values in (left, right))  # their mean is 0
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return min(1.0, max(-1.0, float(a @ b) / spread)) if spread else None


def _ranks(values: ScoreArray) -> ScoreArray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts - 1) / 2  # of the ranks that equal values take
    return np.asarray(means[places], np.float64)
