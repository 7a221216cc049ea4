"""Which segments a commit rewrites together with what it adds, so that many small commits leave few segments.

A pure rule over sizes. Small segments behave like the digits of a counter: one is taken into the new segment when it
is at most twice what has come together so far. Each time a row is rewritten, its segment has grown by at least half,
so a row is rewritten O(log n) times, and n single additions leave O(log n) segments (O'Neil et al. 1996, The
Log-Structured Merge-Tree, for the idea). Full segments are left alone until a few make a large one, and large ones
unless most of their rows are deleted: a search asks each segment, so a few of them must do for a million rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SEGMENT_CHUNKS = 16_384  # rows of a full segment: 25 MB of vectors at 384 dimensions
LARGE_SEGMENT = 131_072  # rows of a large one: 200 MB, which are in memory twice while it is written
_GROWTH = 2  # a segment is taken in when it is at most so many times as large as what came together


class Size(NamedTuple):
    """A segment's rows, and how many of them are not deleted."""

    rows: int
    live: int


def to_rewrite(segments: Sequence[Size], added: int) -> list[int]:
    """The numbers of the segments to rewrite into the new one, which gets `added` rows besides."""
    chosen = [i for i, size in enumerate(segments) if 0 < size.live < size.rows / 2]
    together = added + sum(segments[i].live for i in chosen)
    if not together:
        return []
    for i in sorted(range(len(segments)), key=lambda i: segments[i].live):
        size = segments[i]
        if i in chosen or not size.live:
            continue
        if size.live >= SEGMENT_CHUNKS or size.live > _GROWTH * together:
            break
        chosen.append(i)
        together += size.live
    return sorted({*chosen, *_making_a_large_one(segments, chosen, together)})


def _making_a_large_one(segments: Sequence[Size], chosen: Sequence[int], together: int) -> list[int]:
    """The full segments, if with what comes together they are a large one."""
    full = [
        i
        for i, size in enumerate(segments)
        if i not in chosen and size.live >= SEGMENT_CHUNKS and size.rows < LARGE_SEGMENT
    ]
    return full if full and together + sum(segments[i].live for i in full) >= LARGE_SEGMENT else []
