"""What the names of a condition stand for in the parts of a version, and what those columns hold.

A name is one of the columns that every chunk has, or a metadata key of a chunk that is there. `chunk.` or `metadata.`
in front of it says which; a name that could be both needs that, so that neither is ever taken for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.tree import Name
from vecsearch.search.filters.values import Column, Kind, column_of
from vecsearch.storage.columns import PREFIX
from vecsearch.storage.store import Part

BUILT_IN = {
    "document_id": Kind.TEXT,
    "path": Kind.TEXT,  # the file it was read from, relative to the index, or the source that a program gave
    "heading": Kind.TEXT,
    "page": Kind.NUMBER,
    "line": Kind.NUMBER,
    "text": Kind.TEXT,
}
_CHUNK, _METADATA = "chunk", "metadata"
_NAMED = 10  # keys in a message


class Columns:
    """The columns of the parts of a version, each taken apart when it is first asked for."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._taken: dict[str, list[Column]] = {}

    def named(self, name: Name) -> str:
        """The column of the tables that the name stands for; raises InvalidFilter for none or for two."""
        first, *rest = name.parts
        if first == _CHUNK and rest:
            if rest[0] not in BUILT_IN or rest[1:]:
                raise InvalidFilter(f"the condition names {name}; the columns of a chunk are {', '.join(BUILT_IN)}")
            return rest[0]
        key = ".".join(rest if first == _METADATA and rest else name.parts)
        is_key = bool(self.kinds(PREFIX + key))
        if key in BUILT_IN and key == ".".join(name.parts):
            if is_key:
                raise InvalidFilter(
                    f"the condition names {key}, a column of every chunk, but here a metadata key too: "
                    f"write {_CHUNK}.{key} or {_METADATA}.{key}"
                )
            return key
        if not is_key:
            raise self._unknown(name, key)
        return PREFIX + key

    def taken(self, column: str) -> list[Column]:
        """The column of each part."""
        if column not in self._taken:
            self._taken[column] = [column_of(_table(part.segment.table, column), column) for part in self._parts]
        return self._taken[column]

    def kinds(self, column: str) -> set[Kind]:
        """The types of the column's values in the chunks that are there."""
        if column in BUILT_IN:
            return {BUILT_IN[column]}
        pairs = zip(self.taken(column), self._parts, strict=True)
        return set().union(*(taken.kinds(part.alive) for taken, part in pairs))

    def element_kinds(self, column: str) -> set[Kind]:
        """The types of what is in the column's lists in the chunks that are there."""
        pairs = zip(self.taken(column), self._parts, strict=True)
        return set().union(*(taken.element_kinds(part.alive) for taken, part in pairs))

    def _unknown(self, name: Name, key: str) -> InvalidFilter:
        stored = {column for part in self._parts for column in part.segment.table.column_names}
        keys = [column.removeprefix(PREFIX) for column in sorted(stored) if column.startswith(PREFIX)]
        keys = [found for found in keys if self.kinds(PREFIX + found)]
        near = get_close_matches(key.lower(), [found.lower() for found in (*keys, *BUILT_IN)], n=3)
        meant = [str(Name((found,))) for found in (*keys, *BUILT_IN) if found.lower() in near]
        listed = ", ".join(str(Name((found,))) for found in keys[:_NAMED]) + (", ..." if len(keys) > _NAMED else "")
        there = f"the metadata keys here are {listed}" if keys else "no chunk here has metadata"
        hint = f"did you mean {' or '.join(meant)}? " if meant else ""
        if key == "source":  # as hits have it
            hint = "where a text is from is called path; "
        return InvalidFilter(f"the condition names {name}, which no chunk has: {hint}{there}")


def _table(table: pa.Table, column: str) -> pa.Table:
    if column != "path":
        return table
    return pa.table({"path": pc.coalesce(table.column("path"), table.column("source"))})
