"""The statistics of an evaluation, in numpy: the paired randomisation test, and Spearman's rank correlation.

Randomisation test: under the null hypothesis two systems are the same, so each query's difference might as well have
the opposite sign. p is the share of all sign patterns whose mean is as far from zero as the observed one (two-sided).
Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
CIKM 2007, recommend it over the sign and Wilcoxon tests; unlike the t-test it assumes no distribution.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vecsearch.types import ScoreArray

_EXACT = 16  # differing queries up to which all sign patterns are tried: 65,536
_PATTERNS = 100_000  # drawn above that, as many as in the paper: near 0.05, p is accurate to about 0.001
_CELLS = 4_000_000  # signs in memory at a time: 32 MB
_SEED = 0
_ROUNDING = 1e-9  # of the sum of all differences: patterns of equal sums may differ by this much in floating point


def permutation_p(differences: ScoreArray) -> ScoreArray:
    """Return p of each measure, float64 (m,), from the differences of n queries, float64 (n, m); 1 if none differs.

    Exact when at most sixteen queries differ, otherwise estimated from 100,000 patterns with a fixed seed.
    """
    changed = differences[differences.any(axis=1)]  # (c, m); zero stays zero with either sign
    exact = len(changed) <= _EXACT
    observed = changed.sum(axis=0)  # (m,)
    threshold = np.abs(observed) - _ROUNDING * np.abs(changed).sum(axis=0)
    as_far = np.zeros(differences.shape[1], np.int64)
    patterns = 0
    for flips in _all_patterns(len(changed)) if exact else _random_patterns(len(changed)):
        sums = observed - 2 * (flips.astype(np.float64) @ changed)  # (patterns of this block, m)
        as_far += (np.abs(sums) >= threshold).sum(axis=0)
        patterns += len(flips)
    if not exact:  # the observed pattern counts as one of those drawn: Phipson and Smyth 2010
        as_far, patterns = as_far + 1, patterns + 1
    p: ScoreArray = as_far / patterns
    return p


def spearman(left: ScoreArray, right: ScoreArray) -> float | None:
    """Return Pearson's correlation of the ranks, from -1 to 1; equal values share the mean of their ranks.

    Spearman 1904. None where it is undefined: fewer than two values, or all values of one side equal.
    """
    a, b = (_ranks(values) - (len(values) + 1) / 2 for values in (left, right))  # centred
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return min(1.0, max(-1.0, float(a @ b) / spread)) if spread else None


def _all_patterns(n: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield every choice of signs to flip, (2**n, n), as 1 and 0."""
    yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.uint8)


def _random_patterns(n: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield random choices of signs to flip, in blocks (rows, n), `_PATTERNS` rows in all."""
    rng = np.random.default_rng(_SEED)
    step = max(1, _CELLS // n)
    for first in range(0, _PATTERNS, step):
        bits = rng.integers(0, 256, (min(step, _PATTERNS - first), -(-n // 8)), np.uint8)
        yield np.unpackbits(bits, axis=1, count=n)


def _ranks(values: ScoreArray) -> ScoreArray:
    _, groups, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts - 1) / 2  # of the ranks that equal values take
    return np.asarray(means[groups], np.float64)
