"""Principal components in numpy: the directions along which vectors vary most, and coordinates along them.

Source: Pearson 1901. The directions are the eigenvectors of the covariance matrix, (dim, dim), which stays small
however many vectors there are. A direction's sign is arbitrary; it is chosen so that the largest number is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vecsearch.types import FloatArray, ScoreArray

_AT_ONCE = 16_384  # vectors widened to float64 at a time


@dataclass(frozen=True, slots=True)
class Components:
    """The mean of some vectors, float64 (dim,), and m directions from it, float64 (m, dim), highest variance first."""

    mean: ScoreArray
    directions: ScoreArray
    shares: ScoreArray  # of the total variance along each direction, float64 (m,)

    def coordinates(self, vectors: FloatArray) -> ScoreArray:
        """Return the coordinates of vectors, float32 (n, dim), along the directions, float64 (n, m)."""
        coordinates = np.empty((len(vectors), len(self.directions)))
        for first in range(0, len(vectors), _AT_ONCE):
            block = slice(first, first + _AT_ONCE)
            coordinates[block] = (vectors[block] - self.mean) @ self.directions.T
        return coordinates


def principal_components(vectors: FloatArray, m: int) -> Components:
    """Return the first `m` components of vectors, float32 (n, dim); all of them when there are fewer."""
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
    total = variances.sum()
    return Components(mean, directions, variances[:m] / total if total > 0 else np.zeros(len(directions)))
