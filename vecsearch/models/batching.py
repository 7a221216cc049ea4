"""Batches of token ids: rows of about one length together, padded to one width, several batches side by side.

Shared by encoders and rerankers. Knows neither tokenizers nor models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from vecsearch.types import IntArray

_Result = TypeVar("_Result", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The most rows and the most tokens of a batch; its width is padded to a multiple of `multiple` tokens."""

    texts: int
    tokens: int
    multiple: int = 1


class RunBatch(Protocol[_Result]):
    """Runs the rows of one batch; `alone`: no other batch runs meanwhile, so that it may use all cores."""

    def __call__(self, rows: IntArray, *, alone: bool) -> _Result:
        """Return what comes of the rows."""


def longest_first(lengths: Sequence[int] | IntArray) -> IntArray:
    """Return the row numbers from the longest row to the shortest: what does not fit in memory shows at once."""
    return np.argsort(-np.asarray(lengths, np.int64), kind="stable")


def batches_by_length(lengths: Sequence[int], batching: Batching, threads: int) -> Iterator[IntArray]:
    """Yield the row numbers of each batch, longest rows first.

    With `threads`, the last batches are small, so that no thread waits long for another one to finish; 0 for batches
    that others follow.
    """
    order = longest_first(lengths)
    start = 0
    while start < len(order):
        size = min(batching.texts, batching.tokens // lengths[order[start]])
        if threads:
            size = min(size, -(-(len(order) - start) // (2 * threads)))
        size = max(1, size)
        yield order[start : start + size]
        start += size


def run_batches(
    batches: Sequence[IntArray], run: RunBatch[_Result], workers: Executor, threads: int
) -> Iterator[_Result]:
    """Run the batches on `threads` cores, and yield the results in their order.

    Cores take whole batches where there are enough of them, and share one where there are not. Whole batches need no
    meeting of threads inside every operator: as fast on idle cores, 1.4 times as fast on busy ones.
    """
    alone = threads == 1 or len(batches) < threads
    call: Callable[[IntArray], _Result] = partial(run, alone=alone)
    return map(call, batches) if alone else workers.map(call, batches)


def pad(rows: Sequence[Sequence[int] | IntArray], multiple: int, most: int) -> tuple[IntArray, IntArray]:
    """Return the rows with zeros behind the shorter ones, int64 (n, width), and their lengths, int64 (n,).

    The width is a multiple of `multiple`, but at most `most`.
    """
    lengths = np.array([len(row) for row in rows], np.int64)
    width = min(-(-int(lengths.max()) // multiple) * multiple, most)
    padded = np.zeros((len(rows), width), np.int64)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded, lengths


def token_mask(lengths: IntArray, width: int) -> npt.NDArray[np.bool_]:
    """Return True for each token and False for the padding behind it: (n, width)."""
    return np.asarray(np.arange(width) < lengths[:, None], np.bool_)
