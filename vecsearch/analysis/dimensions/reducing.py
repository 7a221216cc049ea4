"""Vectors to shorter ones: the first numbers of each, or its coordinates along principal axes. In numpy alone.

The axes are the eigenvectors of the matrix of second moments, not of the covariance: of all projections to so many
dimensions this one changes inner products least (Eckart and Young 1936), and inner products are what is searched by.
Reduced vectors have length 1 again, as an index has them.
"""

from __future__ import annotations

import numpy as np

from vecsearch.models.encoders.shortened import cut
from vecsearch.types import FloatArray

_AT_ONCE = 65_536  # rows


def truncated(rows: FloatArray, dim: int) -> FloatArray:
    """The first `dim` numbers of unit rows, float32 (n, dim), as load_encoder(dim=...) gives them."""
    return cut(rows, dim)


def principal_axes(rows: FloatArray) -> FloatArray:
    """The axes of rows (n, dim), float32 (dim, dim), a column each: the one along which they are longest first."""
    moments = np.zeros((rows.shape[1], rows.shape[1]))
    for first in range(0, len(rows), _AT_ONCE):
        block = rows[first : first + _AT_ONCE].astype(np.float64)
        moments += block.T @ block
    _, axes = np.linalg.eigh(moments)  # ascending
    return np.ascontiguousarray(axes[:, ::-1], np.float32)


def projected(rows: FloatArray, axes: FloatArray, dim: int) -> FloatArray:
    """The coordinates of rows along the first `dim` axes, float32 (n, dim), of length 1 where they can be."""
    reduced: FloatArray = rows @ axes[:, :dim]
    norms = np.sqrt(np.einsum("ij,ij->i", reduced, reduced, dtype=np.float64))  # (n,)
    reduced /= np.where(norms > 0, norms, 1).astype(np.float32)[:, None]
    return reduced
