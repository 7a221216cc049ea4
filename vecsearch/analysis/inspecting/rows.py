"""Arithmetic on a matrix with a row for each token, in numpy alone: look-ups as products, norms, the nearest rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vecsearch.types import FloatArray, IntArray

_BLOCK = 16_384  # rows that are multiplied at once: a mapped matrix of gigabytes is never copied whole
_AT_ONCE = 64  # tokens that are compared with all rows at once
_SMALLEST_NORM = np.float32(1e-12)


def one_hot_product(matrix: FloatArray, tokens: Sequence[int]) -> FloatArray:
    """Return one-hot vectors of `tokens` times the matrix, float32 (tokens, D): the product that a look-up saves.

    A row of zeros with a one picks the token's row; equal to `matrix[tokens]` to the last bit, as only zeros are added.
    """
    one_hot = np.zeros((len(tokens), len(matrix)), np.float32)  # (tokens, V)
    one_hot[np.arange(len(tokens)), tokens] = 1
    product: FloatArray = one_hot @ matrix  # (tokens, V) @ (V, D)
    return product


def norms_of(rows: FloatArray) -> FloatArray:
    """Return the length of each row, float32 (n,)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)), np.float32)


def unit(rows: FloatArray) -> FloatArray:
    """Scale the rows to length 1, float32; a zero row stays zero."""
    return np.asarray(rows / np.maximum(norms_of(rows), _SMALLEST_NORM)[:, None], np.float32)


def nearest_rows(matrix: FloatArray, tokens: Sequence[int], n: int) -> tuple[IntArray, FloatArray]:
    """Return the `n` rows with the highest cosine to each token's row, itself left out, best first; fewer if V is less.

    Row numbers int64 (tokens, n) and cosines float32 (tokens, n); ties in the order of the row numbers.
    """
    norms = norms_of(matrix)
    parts = [_nearest(matrix, norms, tokens[i : i + _AT_ONCE], n) for i in range(0, len(tokens), _AT_ONCE)]
    numbers, cosines = zip(*parts, strict=True)
    return np.concatenate(numbers), np.concatenate(cosines)


def _nearest(matrix: FloatArray, norms: FloatArray, tokens: Sequence[int], n: int) -> tuple[IntArray, FloatArray]:
    queries = unit(matrix[tokens])  # (tokens, D)
    cosines = np.empty((len(tokens), len(matrix)), np.float32)
    for start in range(0, len(matrix), _BLOCK):
        rows = slice(start, start + _BLOCK)
        cosines[:, rows] = queries @ matrix[rows].T / np.maximum(norms[rows], _SMALLEST_NORM)
    cosines[np.arange(len(tokens)), tokens] = -np.inf
    best = np.argsort(-cosines, axis=1, kind="stable")[:, : min(n, len(matrix) - 1)]
    return best, np.clip(np.take_along_axis(cosines, best, axis=1), -1, 1)
