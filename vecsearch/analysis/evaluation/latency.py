"""How long calls take, one after the other, in this process: no queue and no other user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

_Query = TypeVar("_Query")
_WARM_UP = 3  # calls that are not timed: they open files, compile and fill caches


@dataclass(frozen=True, slots=True)
class Latency:
    """The median, 95th and 99th percentile of a search in milliseconds, and searches per second."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_second: float


def latency_of(search: Callable[[_Query], object], queries: Sequence[_Query]) -> Latency:
    """Measure the latency of `search`, called with each of the queries after a few warm-up calls."""
    for query in queries[:_WARM_UP]:
        search(query)
    seconds = []
    for query in queries:
        started = perf_counter()
        search(query)
        seconds.append(perf_counter() - started)
    p50, p95, p99 = (1000 * np.percentile(seconds, [50, 95, 99])).tolist()
    return Latency(p50, p95, p99, per_second=len(seconds) / sum(seconds))
