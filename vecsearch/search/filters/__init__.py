"""Conditions on chunks: which of them a search may find.

    text -> tree -> the columns it names, of the right types -> a mask for each part -> parts with fewer rows

To a search, rows that do not match are rows that are not there: so k hits come back when k match, and they are the
best of those. A condition is SQL; docs/filters.md says what can be written and what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.checking import check
from vecsearch.search.filters.matching import matching
from vecsearch.search.filters.names import Columns
from vecsearch.search.filters.tree import leaves
from vecsearch.storage.store import Part

_REMEMBERED = 8  # conditions, a byte for each row


class Filters:
    """What conditions leave of one version; the masks of the latest few conditions are kept. Safe for threads."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._kept: dict[str, tuple[Part, ...]] = {}  # the latest last
        self._lock = Lock()

    def parts(self, where: str | None) -> tuple[Part, ...]:
        """The parts of the version in which only matching rows are live; raises InvalidFilter."""
        if where is None:
            return self._parts
        if not isinstance(where, str):
            return restricted(self._parts, where)  # which refuses it
        with self._lock:
            parts = self._kept.get(where)
        if parts is None:
            parts = restricted(self._parts, where)  # two threads may both do it, and get the same
        with self._lock:
            self._kept.pop(where, None)
            self._kept[where] = parts
            while len(self._kept) > _REMEMBERED:
                del self._kept[next(iter(self._kept))]
        return parts


def restricted(parts: Sequence[Part], where: str) -> tuple[Part, ...]:
    """The parts as if every row for which the condition is not true were deleted.

    Raises InvalidFilter. An index without chunks has nothing that a name could stand for, so that any is right there.
    """
    from vecsearch.search.filters.parsing import (
        parse,  # imports the SQL parser, which a search without a condition needs not
    )

    condition = parse(where)
    there = [part for part in parts if part.live]
    columns, meant = Columns(there), {}
    for test in leaves(condition) if there else []:
        column = columns.named(test.name)
        check(test, columns.kinds(column), columns.element_kinds(column))
        meant[test.name] = column
    left = {}
    for place, part in enumerate(there):
        found = matching(condition, {name: columns.taken(column)[place] for name, column in meant.items()})
        alive = found if part.alive is None else found & part.alive
        left[id(part)] = Part(part.segment, alive, int(np.count_nonzero(alive)))
    return tuple(left.get(id(part), part) for part in parts)


def document_ids(parts: Sequence[Part]) -> list[str]:
    """The ids of the documents that the rows which are there belong to, in alphabetical order."""
    found: set[str] = set()
    for part in parts:
        ids = part.segment.table.column("document_id")
        found.update(pc.unique(ids if part.alive is None else ids.filter(pa.array(part.alive))).to_pylist())
    return sorted(found)
