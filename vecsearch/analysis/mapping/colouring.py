"""What the colours of a map mean: values of a metadata key, of a built-in column, or clusters.

Many different numbers are put into a few ranges with equally many points; of other values, the most frequent get a
colour each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import numpy as np

from vecsearch.analysis.clustering import clusters_of
from vecsearch.analysis.mapping.drawing import Entry
from vecsearch.analysis.sampling import Sample
from vecsearch.errors import InvalidOption
from vecsearch.storage.rows import Row
from vecsearch.types import IntArray

CLUSTER = "cluster"
_NONE, _OTHER = "none", "other"
_LONGEST = 60  # characters of a value
_NAMED = 10  # keys in a message
_RANGES = 8
_LARGEST = 1e300  # bound of numbers that make ranges; leaves out NaN and infinity
# Tableau's ten, one of them darker, and ten that differ from these; grey is for values without a colour of their own
_PALETTE = (
    *("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f", "#ff9da7", "#1f5f5b"),
    *("#a0cbe8", "#ffbe7d", "#8cd17d", "#6b4c9a", "#b6992d", "#d37295", "#08306b", "#8c2d04", "#d4a6c8", "#c7e9b4"),
)
# viridis at even steps (van der Walt and Smith 2015), ordered for the colour-blind too
_SCALE = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
_GREY, _PALE = "#9a9a9a", "#d0d0d0"


@dataclass(frozen=True, slots=True)
class Colouring:
    """The number of each point's legend entry, int64 (n,), and the entries."""

    kinds: IntArray
    entries: list[Entry]


def colour(chunks: Sample, color: str | None) -> Colouring:
    """Colour the chunks by `color`; None gives all the same. Raises InvalidOption for a key that no chunk has."""
    if color is None:
        return _coloured(np.zeros(len(chunks), np.int64), ["passages"], _PALETTE)
    values = _values(chunks, color)
    if any(value is not None for value in values):
        return _by_value(values)
    if color == CLUSTER:
        return _by_cluster(chunks)
    raise _unknown(chunks, color)


_BUILT_IN: dict[str, Callable[[Row], Any]] = {
    "document_id": lambda row: row.chunk.document_id,
    "path": lambda row: row.path or row.source,
    "heading": lambda row: row.chunk.heading or None,
    "page": lambda row: row.chunk.page,
}


def _values(chunks: Sample, color: str) -> list[Any]:
    """Return each chunk's value under a name: its metadata, or a built-in column where no metadata has the name."""
    metadata = [row.metadata.get(color) for row in chunks.stored_rows()]
    if any(value is not None for value in metadata) or color not in _BUILT_IN:
        return metadata
    return [_BUILT_IN[color](row) for row in chunks.stored_rows()]


def _by_value(values: Sequence[Any]) -> Colouring:
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    present = sum(value is not None for value in values)
    if (
        len(numbers) == present
        and len(set(numbers)) > len(_PALETTE)
        and all(abs(number) < _LARGEST for number in numbers)
    ):
        return _by_range(values)
    names = [_NONE if value is None else _name(value) for value in values]
    counts = Counter(names)
    missing = counts.pop(_NONE, 0) if present < len(values) else 0
    by_frequency = [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = by_frequency[: len(_PALETTE)]
    rest = [_OTHER] * (len(by_frequency) > len(shown)) + [_NONE] * (missing > 0)
    entry_of = {name: entry for entry, name in enumerate(shown)}
    for name in by_frequency[len(shown) :]:
        entry_of[name] = len(shown)
    if missing:
        entry_of[_NONE] = len(shown) + len(rest) - 1
    kinds = np.array([entry_of[name] for name in names], np.int64)
    colours = [*_PALETTE[: len(shown)], *[_GREY if name == _OTHER else _PALE for name in rest]]
    return _coloured(kinds, shown + rest, colours)


def _by_range(values: Sequence[Any]) -> Colouring:
    """Colour by ranges with equally many points, lowest first; missing numbers come last."""
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    missing = np.isnan(numbers)
    bounds = np.unique(np.quantile(numbers[~missing], np.linspace(0, 1, _RANGES + 1)))
    kinds = np.clip(np.searchsorted(bounds, numbers, side="right") - 1, 0, len(bounds) - 2)
    names = [f"{low:g} to {high:g}" for low, high in pairwise(bounds.tolist())]
    kinds[missing] = len(names)
    steps = np.linspace(0, len(_SCALE) - 1, len(names)).round().astype(int)
    colours = [_SCALE[step] for step in steps.tolist()]
    if missing.any():
        return _coloured(kinds.astype(np.int64), [*names, _NONE], [*colours, _PALE])
    return _coloured(kinds.astype(np.int64), names, colours)


def _by_cluster(chunks: Sample) -> Colouring:
    """Colour by clusters, named by their words, at most one per colour of the palette."""
    clustering, groups = clusters_of(chunks, most=len(_PALETTE))
    names = [f"{cluster.number} {cluster.name}".strip() for cluster in clustering.clusters]
    return _coloured(groups.labels, names, _PALETTE)


def _coloured(kinds: IntArray, names: Sequence[str], colours: Sequence[str]) -> Colouring:
    counts = np.bincount(kinds, minlength=len(names)).tolist()
    return Colouring(kinds, [Entry(*entry) for entry in zip(names, colours, counts, strict=False)])


def _name(value: Any) -> str:
    """Return a value as the legend shows it."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _unknown(chunks: Sample, color: str) -> InvalidOption:
    keys = sorted({key for row in chunks.stored_rows() for key in row.metadata})
    near = get_close_matches(color, [*keys, *_BUILT_IN, CLUSTER], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(keys[:_NAMED]) + (", ..." if len(keys) > _NAMED else "")
    return InvalidOption(
        f"color is {color!r}, which no chunk has: {hint}use {', '.join([*_BUILT_IN, CLUSTER])} or a metadata key: "
        f"{listed or 'no chunk has any'}"
    )
