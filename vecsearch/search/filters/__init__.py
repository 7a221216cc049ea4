"""Filters: which chunks a search may find, by an SQL condition over metadata and the columns of every chunk.

    text -> tree (parsing, literals) -> bound to columns of matching types (binding, values) -> mask (matching)

Rows that do not match are not live to a search: so k hits come back when k match, and they are the best of those.
docs/filters.md describes what can be written and what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.binding import Columns, bind
from vecsearch.search.filters.matching import matching
from vecsearch.storage.store import Part

_KEPT = 8  # conditions whose masks are kept, a byte per row each


class Filters:
    """The conditions of one version, and the masks of the latest few of them. Safe for threads."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._kept: dict[str, tuple[Part, ...]] = {}  # the latest last
        self._lock = Lock()

    def parts(self, where: str | None) -> tuple[Part, ...]:
        """Return the parts of the version in which only matching rows are live; raises InvalidFilter."""
        if where is None:
            return self._parts
        if not isinstance(where, str):
            return restricted(self._parts, where)  # raises
        with self._lock:
            parts = self._kept.get(where)
        if parts is None:
            parts = restricted(self._parts, where)  # two threads may both do it, and get the same
        with self._lock:
            self._kept.pop(where, None)
            self._kept[where] = parts
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return parts


def restricted(parts: Sequence[Part], where: str) -> tuple[Part, ...]:
    """Return the parts as if every row for which the condition is not true were deleted.

    Raises InvalidFilter. An index without live chunks has no columns to bind names to; there any name is valid.
    """
    from vecsearch.search.filters.parsing import parse  # imports sqlglot, which only searches with a condition need

    condition = parse(where)
    live = [part for part in parts if part.live]
    columns = Columns(live)
    column_names = bind(condition, columns) if live else {}
    matches = {}
    for number, part in enumerate(live):
        mask = matching(condition, {name: columns.of_parts(column)[number] for name, column in column_names.items()})
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
