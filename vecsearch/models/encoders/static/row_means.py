"""A matrix whose rows are the vectors of tokens or words, and the means of some of its rows. Pure numpy.

Knows neither texts nor files. The matrix may be mapped from disk: only the rows that are needed are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from vecsearch.types import FloatArray, IntArray


class RowMeans:
    """Token t has the vector `weights[t] * matrix[rows[t]]`; several threads may use it at once.

    `rows` is None where token t has row t, `weights` where all of them are 1. `unknown`, float32 (dim,), is the vector
    of a text without tokens, or whose tokens add up to zero; by default the mean of all tokens, which the authors of
    GloVe found good for unknown words: Pennington in https://groups.google.com/g/globalvectors/c/9w8ZADXJclA
    """

    def __init__(
        self,
        matrix: FloatArray,
        rows: IntArray | None = None,
        weights: FloatArray | None = None,
        *,
        unknown: FloatArray | None = None,
    ) -> None:
        self._matrix = matrix  # (n, dim)
        self._rows = rows  # (tokens,)
        self._weights = weights  # (tokens,)
        self._given_unknown = unknown

    @property
    def weighted(self) -> bool:
        """Whether tokens have weights."""
        return self._weights is not None

    def of(self, texts: Sequence[Sequence[int]]) -> FloatArray:
        """Return the mean of each text's token vectors: float32 (n, dim), without zero rows.

        A text's mean does not depend on the other texts. Raises IndexError for a token without a row.
        """
        means = np.empty((len(texts), self._matrix.shape[1]), np.float32)
        for mean, tokens in zip(means, texts, strict=True):
            self._write_mean(np.asarray(tokens, np.int64), mean)
        if (empty := ~means.any(axis=1)).any():
            means[empty] = self._unknown
        return means

    def rows_of(self, tokens: Sequence[int]) -> FloatArray:
        """Return the vector of each token: float32 (tokens, dim). Raises IndexError for a token without a row."""
        numbers = np.asarray(tokens, np.int64)
        rows = self._matrix.take(numbers if self._rows is None else self._rows.take(numbers), axis=0)
        return rows if self._weights is None else rows * self._weights.take(numbers)[:, None]

    def all_rows(self) -> FloatArray:
        """Return the vector of every token, float32 (tokens, dim); the matrix itself, not a copy, where it is that."""
        if self._rows is None and self._weights is None:
            return self._matrix
        tokens = self._rows if self._weights is None else self._weights
        return self.rows_of(range(0 if tokens is None else len(tokens)))

    def _write_mean(self, tokens: IntArray, mean: FloatArray) -> None:
        # Text by text: the rows of one text are still in the processor's cache when they are added up. This is
        # 7 times as fast as np.add.reduceat over the rows of many texts.
        shares = np.ones(len(tokens), np.float32) if self._weights is None else self._weights.take(tokens)
        rows = tokens if self._rows is None else self._rows.take(tokens)
        np.matmul(shares, self._matrix.take(rows, axis=0), out=mean)  # (tokens,) @ (tokens, dim)
        mean /= max(len(tokens), 1)

    @cached_property
    def _unknown(self) -> FloatArray:
        if self._given_unknown is not None:
            return self._given_unknown
        rows = np.arange(len(self._matrix)) if self._rows is None else self._rows
        shares = np.bincount(rows, self._weights, minlength=len(self._matrix))  # of each row in the sum over tokens
        mean: FloatArray = (shares / len(rows)).astype(np.float32) @ self._matrix  # (n,) @ (n, dim)
        return mean
