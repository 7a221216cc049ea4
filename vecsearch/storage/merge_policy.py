"""Which segments a commit rewrites together with what it adds, so that many small commits leave few segments.

A pure rule over sizes. Small segments behave like the digits of a counter: one is merged into the new segment when it
is at most twice as large as what has been collected so far. Each time a row is rewritten, its segment has grown by at
least half, so a row is rewritten O(log n) times, and n single additions leave O(log n) segments (O'Neil et al. 1996,
The Log-Structured Merge-Tree, for the idea). Full segments are left alone until together they make a large one, and
large ones unless most of their rows are deleted: a search visits every segment, so a million rows must fit in a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SEGMENT_CHUNKS = 16_384  # rows of a full segment: 25 MB of vectors at 384 dimensions
LARGE_SEGMENT = 131_072  # rows of a large segment: 200 MB, held twice in memory while it is written
_GROWTH = 2  # a segment is merged when it is at most this many times as large as the rows collected so far


class Size(NamedTuple):
    """A segment's rows, and how many of them are live."""

    rows: int
    live: int


def to_rewrite(segments: Sequence[Size], added: int) -> list[int]:
    """Return the indices of the segments to merge into a new one that also gets `added` rows."""
    chosen = [i for i, size in enumerate(segments) if 0 < size.live < size.rows / 2]
    collected = added + sum(segments[i].live for i in chosen)
    if not collected:
        return []
    for i in sorted(range(len(segments)), key=lambda i: segments[i].live):
        size = segments[i]
        if i in chosen or not size.live:
            continue
        if size.live >= SEGMENT_CHUNKS or size.live > _GROWTH * collected:
            break
        chosen.append(i)
        collected += size.live
    return sorted({*chosen, *_full_segments(segments, chosen, collected)})


def _full_segments(segments: Sequence[Size], chosen: Sequence[int], collected: int) -> list[int]:
    """Return the full segments, if they make a large one together with the collected rows."""
    full = [
        i
        for i, size in enumerate(segments)
        if i not in chosen and size.live >= SEGMENT_CHUNKS and size.rows < LARGE_SEGMENT
    ]
    return full if full and collected + sum(segments[i].live for i in full) >= LARGE_SEGMENT else []
