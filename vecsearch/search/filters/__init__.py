"""Filters: which chunks a search may find, by a condition over metadata and the columns of every chunk.

    SQL -> tree (parsing, literals)  or  dict -> tree (mappings)
        -> bound to columns of matching types (binding, values) -> mask (matching)

Rows that do not match are not live to a search: so k hits come back when k match, and they are the best of those.
docs/filters.md describes what can be written and what it means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.binding import Columns, bind
from vecsearch.search.filters.mappings import of_mapping
from vecsearch.search.filters.matching import matching
from vecsearch.search.filters.tree import Condition
from vecsearch.storage.store import Part
from vecsearch.types import Where

_KEPT = 8  # conditions whose masks are kept, a byte per row each


class Filters:
    """The conditions of one version, and the masks of the latest few of them. Safe for threads."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._kept: dict[str, tuple[Part, ...]] = {}  # the latest last
        self._lock = Lock()

    def parts(self, where: Where | None) -> tuple[Part, ...]:
        """Return the parts of the version in which only matching rows are live; raises InvalidFilter."""
        if where is None:
            return self._parts
        # A dict is kept by its tree as text: to Python, 1 and TRUE are equal.
        key = repr(of_mapping(where)) if isinstance(where, Mapping) else where
        if not isinstance(key, str):
            return restricted(self._parts, where)  # raises
        with self._lock:
            parts = self._kept.get(key)
        if parts is None:
            parts = restricted(self._parts, where)  # two threads may both do it, and get the same
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = parts
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return parts


def condition_of(where: Where) -> Condition:
    """Return the tree of a condition; raises InvalidFilter."""
    if isinstance(where, Mapping):
        return of_mapping(where)
    from vecsearch.search.filters.parsing import parse  # imports sqlglot, which only searches with a condition need

    return parse(where)


def restricted(parts: Sequence[Part], where: Where) -> tuple[Part, ...]:
    """Return the parts as if every row for which the condition is not true were deleted.

    Raises InvalidFilter. An index without live chunks has no columns to bind names to; there any name is valid.
    """
    condition = condition_of(where)
    live = [part for part in parts if part.live]
    columns = Columns(live)
    places = bind(condition, columns) if live else {}
    matches = {}
    for number, part in enumerate(live):
        mask = matching(condition, {name: columns.of_parts(place)[number] for name, place in places.items()})
        alive = mask if part.alive is None else mask & part.alive
        matches[id(part)] = Part(part.segment, alive, int(np.count_nonzero(alive)))
    return tuple(matches.get(id(part), part) for part in parts)


def document_ids(parts: Sequence[Part]) -> list[str]:
    """Return the ids of the documents with a live row, in alphabetical order."""
    names: set[str] = set()
    for part in parts:
        ids = part.segment.table.column("document_id")
        names.update(pc.unique(ids if part.alive is None else ids.filter(pa.array(part.alive))).to_pylist())
    return sorted(names)
