"""What the colours of a map stand for: values of a metadata key, of a column of every chunk, or clusters.

Numbers of which there are many go into a few ranges with as many points each; of other values the most frequent have
a colour of their own.
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
_LARGEST = 1e300  # of numbers that make ranges; neither NaN nor infinity is below it
# Tableau's ten, one of them darker, and ten that differ from these; greys are for what has no colour of its own
_PALETTE = (
    *("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f", "#ff9da7", "#1f5f5b"),
    *("#a0cbe8", "#ffbe7d", "#8cd17d", "#6b4c9a", "#b6992d", "#d37295", "#08306b", "#8c2d04", "#d4a6c8", "#c7e9b4"),
)
# viridis at even steps (van der Walt and Smith 2015), which people see in order whatever colours they see
_SCALE = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
_GREY, _PALE = "#9a9a9a", "#d0d0d0"


@dataclass(frozen=True, slots=True)
class Colouring:
    """The entry of each point, int64 (n,), and the entries."""

    kinds: IntArray
    entries: list[Entry]


def colouring(chunks: Sample, color: str | None, language: str) -> Colouring:
    """What `color` says of the chunks; None gives all one colour. Raises InvalidOption for what no chunk has."""
    if color is None:
        return _coloured(np.zeros(len(chunks), np.int64), ["passages"], _PALETTE)
    values = _values(chunks, color)
    if any(value is not None for value in values):
        return _by_value(values)
    if color == CLUSTER:
        return _by_cluster(chunks, language)
    raise _unknown(chunks, color)


_OF_CHUNK: dict[str, Callable[[Row], Any]] = {
    "document_id": lambda row: row.chunk.document_id,
    "path": lambda row: row.path or row.source,
    "heading": lambda row: row.chunk.heading or None,
    "page": lambda row: row.chunk.page,
}


def _values(chunks: Sample, color: str) -> list[Any]:
    """What each chunk has under a name: metadata, else what every chunk has."""
    own = [row.metadata.get(color) for row in chunks.stored()]
    if any(value is not None for value in own) or color not in _OF_CHUNK:
        return own
    return [_OF_CHUNK[color](row) for row in chunks.stored()]


def _by_value(values: Sequence[Any]) -> Colouring:
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    present = sum(value is not None for value in values)
    if (
        len(numbers) == present
        and len(set(numbers)) > len(_PALETTE)
        and all(abs(number) < _LARGEST for number in numbers)
    ):
        return _by_range(values)
    written = [_NONE if value is None else _written(value) for value in values]
    counts = Counter(written)
    nothing = counts.pop(_NONE, 0) if present < len(values) else 0
    frequent = [name for name, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    shown = frequent[: len(_PALETTE)]
    rest = [_OTHER] * (len(frequent) > len(shown)) + [_NONE] * (nothing > 0)
    places = {name: place for place, name in enumerate(shown)}
    for name in frequent[len(shown) :]:
        places[name] = len(shown)
    if nothing:
        places[_NONE] = len(shown) + len(rest) - 1
    kinds = np.array([places[name] for name in written], np.int64)
    colours = [*_PALETTE[: len(shown)], *[_GREY if name == _OTHER else _PALE for name in rest]]
    return _coloured(kinds, shown + rest, colours)


def _by_range(values: Sequence[Any]) -> Colouring:
    """Ranges of numbers with as many points each, from the lowest; a missing number comes last."""
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


def _by_cluster(chunks: Sample, language: str) -> Colouring:
    """Clusters by their words, no more of them than there are colours."""
    found, groups = clusters_of(chunks, language, most=len(_PALETTE))
    names = [f"{cluster.number} {cluster.name}".strip() for cluster in found.clusters]
    return _coloured(groups.labels, names, _PALETTE)


def _coloured(kinds: IntArray, names: Sequence[str], colours: Sequence[str]) -> Colouring:
    counts = np.bincount(kinds, minlength=len(names)).tolist()
    return Colouring(kinds, [Entry(*each) for each in zip(names, colours, counts, strict=False)])


def _written(value: Any) -> str:
    """A value as the legend has it."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _unknown(chunks: Sample, color: str) -> InvalidOption:
    keys = sorted({key for row in chunks.stored() for key in row.metadata})
    near = get_close_matches(color, [*keys, *_OF_CHUNK, CLUSTER], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(keys[:_NAMED]) + (", ..." if len(keys) > _NAMED else "")
    return InvalidOption(
        f"color is {color!r}, which no chunk has: {hint}use {', '.join([*_OF_CHUNK, CLUSTER])} or a metadata key: "
        f"{listed or 'there is none'}"
    )
