"""Whether a difference between two systems may be chance: the paired randomisation test.

Under the null hypothesis the two systems are one, so that each query's difference might as well have the other sign.
p is the share of all sign patterns whose mean is as far from zero as the one observed (two-sided). Smucker, Allan
and Carterette, "A comparison of statistical significance tests for information retrieval evaluation", CIKM 2007,
recommend it over the sign and the Wilcoxon test; it assumes no distribution, as the t-test does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vecsearch.types import ScoreArray

_EXACT = 16  # differing queries up to which all sign patterns are tried: 65,536
_PATTERNS = 100_000  # drawn above that, as many as the paper's: p is right to about 0.001 where it is 0.05
_CELLS = 4_000_000  # signs in memory at a time: 32 MB
_SEED = 0
_ROUNDING = 1e-9  # of the sum of all differences: two patterns of equal sums may differ so much in floating point


def permutation_p(differences: ScoreArray) -> ScoreArray:
    """p for each measure, float64 (m,), of the differences of each query, float64 (n, m); 1 where nothing differs.

    Exact when at most sixteen queries differ, else by 100,000 patterns of a fixed seed.
    """
    changed = differences[differences.any(axis=1)]  # (c, m); a difference of zero is zero with either sign
    exact = len(changed) <= _EXACT
    observed = changed.sum(axis=0)  # (m,)
    reached = np.abs(observed) - _ROUNDING * np.abs(changed).sum(axis=0)
    as_far = np.zeros(differences.shape[1], np.int64)
    patterns = 0
    for turned in _all_patterns(len(changed)) if exact else _drawn_patterns(len(changed)):
        sums = observed - 2 * (turned.astype(np.float64) @ changed)  # (some, m)
        as_far += (np.abs(sums) >= reached).sum(axis=0)
        patterns += len(turned)
    if not exact:  # the observed pattern is one of those that there are: Phipson and Smyth 2010
        as_far, patterns = as_far + 1, patterns + 1
    p: ScoreArray = as_far / patterns
    return p


def _all_patterns(n: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Every choice of the differences whose sign is turned, (2**n, n), as 1 and 0."""
    yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.uint8)


def _drawn_patterns(n: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Random choices, (some, n), until there are as many as are wanted."""
    rng = np.random.default_rng(_SEED)
    step = max(1, _CELLS // n)
    for first in range(0, _PATTERNS, step):
        drawn = rng.integers(0, 256, (min(step, _PATTERNS - first), -(-n // 8)), np.uint8)
        yield np.unpackbits(drawn, axis=1, count=n)
