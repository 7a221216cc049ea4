"""Shorter vectors, in numpy: the first numbers of each, or its coordinates along principal axes.

The axes are the eigenvectors of the second-moment matrix, not of the covariance: of all projections to that many
dimensions this one changes inner products least (Eckart and Young 1936), and a search compares inner products. Reduced
vectors are scaled to length 1 again, as in an index.
"""

from __future__ import annotations

import numpy as np

from vecsearch.models.encoders.shortened import cut
from vecsearch.types import FloatArray

_AT_ONCE = 65_536  # rows


def truncated(rows: FloatArray, dim: int) -> FloatArray:
    """Return the first `dim` numbers of unit rows, float32 (n, dim), as load_encoder(dim=...) does."""
    return cut(rows, dim)


def principal_axes(rows: FloatArray) -> FloatArray:
    """Return the axes of rows (n, dim) as columns, float32 (dim, dim), the largest second moment first."""
    moments = np.zeros((rows.shape[1], rows.shape[1]))
    for first in range(0, len(rows), _AT_ONCE):
        block = rows[first : first + _AT_ONCE].astype(np.float64)
        moments += block.T @ block
    _, axes = np.linalg.eigh(moments)  # ascending
    return np.ascontiguousarray(axes[:, ::-1], np.float32)


def projected(rows: FloatArray, axes: FloatArray, dim: int) -> FloatArray:
    """Return coordinates along the first `dim` axes, float32 (n, dim), of length 1 except for zero rows."""
    reduced: FloatArray = rows @ axes[:, :dim]
    norms = np.sqrt(np.einsum("ij,ij->i", reduced, reduced, dtype=np.float64))  # (n,)
    reduced /= np.where(norms > 0, norms, 1).astype(np.float32)[:, None]
    return reduced
