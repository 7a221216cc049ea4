"""How long a call takes, one after the other, in this process: no queue, no other user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

_Query = TypeVar("_Query")
_WARMING = 3  # calls that are not timed: they open files, compile, and fill caches


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half, 95 and 99 of a hundred searches stay within, and how many a second there were."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_second: float


def latency_of(search: Callable[[_Query], object], queries: Sequence[_Query]) -> Latency:
    """The latency of `search`, called with each of the queries after a few calls that do not count."""
    for query in queries[:_WARMING]:
        search(query)
    seconds = []
    for query in queries:
        started = perf_counter()
        search(query)
        seconds.append(perf_counter() - started)
    p50, p95, p99 = (1000 * np.percentile(seconds, [50, 95, 99])).tolist()
    return Latency(p50, p95, p99, per_second=len(seconds) / sum(seconds))
