"""Pooling: from the vectors of a text's tokens to the text's vector. Pure numpy, the same for every runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vecsearch.models.batching import token_mask
from vecsearch.models.encoders.transformer.spec import Pooling
from vecsearch.types import FloatArray, IntArray

_SMALLEST_NORM = np.float32(1e-12)  # as torch.nn.functional.normalize


def pool(hidden: FloatArray, lengths: IntArray, mode: Pooling) -> FloatArray:
    """Turn `hidden` (n, tokens, dim), of which the first `lengths` (n,) rows count, into a vector per text (n, dim)."""
    if mode is Pooling.CLS:
        return np.ascontiguousarray(hidden[:, 0])
    if mode is Pooling.LAST:
        return np.ascontiguousarray(hidden[np.arange(len(hidden)), lengths - 1])
    mask = token_mask(lengths, hidden.shape[1])
    if mode is Pooling.MAX:
        return np.ascontiguousarray(np.where(mask[:, :, None], hidden, -np.inf).max(axis=1), dtype=np.float32)
    return _mean(hidden, mask, lengths)


def _mean(hidden: FloatArray, mask: npt.NDArray[np.bool_], lengths: IntArray) -> FloatArray:
    weights = mask.astype(np.float32) / lengths[:, None].astype(np.float32)
    return np.asarray((weights[:, None, :] @ hidden)[:, 0], np.float32)


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Scale the rows to length 1; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, _SMALLEST_NORM), np.float32)
