"""Principal components of vectors in numpy: the directions in which they differ most, and where a vector lies on them.

Source: Pearson 1901; the directions are the eigenvectors of the covariance matrix, (dim, dim), which is small however
many vectors there are. The sign of a direction, which nothing decides, is such that its largest number is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vecsearch.types import FloatArray, ScoreArray

_AT_ONCE = 16_384  # vectors that are widened to float64 at a time


@dataclass(frozen=True, slots=True)
class Components:
    """The mean of vectors, float64 (dim,), and directions from it, float64 (m, dim), those of most variance first."""

    mean: ScoreArray
    directions: ScoreArray
    shares: ScoreArray  # of the whole variance that lies along each, float64 (m,)

    def places(self, vectors: FloatArray) -> ScoreArray:
        """Where vectors, float32 (n, dim), lie along the directions, float64 (n, m)."""
        places = np.empty((len(vectors), len(self.directions)))
        for first in range(0, len(vectors), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            places[some] = (vectors[some] - self.mean) @ self.directions.T
        return places


def principal_components(vectors: FloatArray, m: int) -> Components:
    """The first `m` components of vectors, float32 (n, dim), or as many as there are dimensions."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    for first in range(0, len(vectors), _AT_ONCE):
        centred = vectors[first : first + _AT_ONCE] - mean
        covariance += centred.T @ centred
    variances, columns = np.linalg.eigh(covariance)  # ascending
    directions = columns.T[::-1][:m]
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    variances = np.maximum(variances[::-1], 0)  # rounding makes some negative
    whole = variances.sum()
    return Components(mean, directions, variances[:m] / whole if whole > 0 else np.zeros(len(directions)))
