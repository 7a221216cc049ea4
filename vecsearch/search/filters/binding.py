"""Bind the names of a condition to columns, and check that its values can be compared with what those hold.

A name is one of the columns that every chunk has, a metadata key of a live chunk, or `key.inside` for what the objects
under a key hold. `chunk.` or `metadata.` in front says which; a name that could be both needs that, so that neither is
taken for the other. Types are those of the values in live chunks, not of how they are stored: a compacted index refuses
the same conditions.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.matching import comparable
from vecsearch.search.filters.tree import (
    Comparison,
    Condition,
    Contains,
    IsNull,
    Leaf,
    Like,
    Literal,
    Name,
    OneOf,
    leaves,
    quoted,
    written,
)
from vecsearch.search.filters.values import Column, Decoded, Kind, inner_keys, segment_column
from vecsearch.storage.document_values import PREFIX, REST
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
_MOST_PARTS = 100  # of a name, which lead into objects within objects
_LISTED = 10  # keys in a message
_EXAMPLES = {
    Kind.NUMBER: "{} = 2020",
    Kind.TEXT: "{} = 'text'",
    Kind.BOOLEAN: "{} = TRUE",
    Kind.DATE: "{} = DATE '2024-01-31'",
    Kind.TIME: "{} >= TIMESTAMP '2024-01-31 12:00:00'",
    Kind.LIST: "'x' = ANY({})",
    Kind.OBJECT: "{} IS NOT NULL",
}


class Place(NamedTuple):
    """Where values are: a column, and the keys that lead to them inside its objects."""

    column: str
    inside: tuple[str, ...] = ()


class Columns:
    """The columns of the parts of a version, each decoded on first use."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._decoded: dict[Place, list[Column]] = {}
        self._json: list[dict[str, Decoded]] = [{} for _ in parts]

    def of_parts(self, place: Place) -> list[Column]:
        """Return the column of each part."""
        if place not in self._decoded:
            self._decoded[place] = [
                segment_column(part.segment, *place, decoded)
                for part, decoded in zip(self._parts, self._json, strict=True)
            ]
        return self._decoded[place]

    def kinds(self, place: Place) -> set[Kind]:
        """Return the types of the column's values in live chunks."""
        if place.column in BUILT_IN:
            return {BUILT_IN[place.column]}
        pairs = zip(self.of_parts(place), self._parts, strict=True)
        return set().union(*(of_part.kinds(part.alive) for of_part, part in pairs))

    def element_kinds(self, place: Place) -> set[Kind]:
        """Return the types of what the column's lists hold in live chunks."""
        pairs = zip(self.of_parts(place), self._parts, strict=True)
        return set().union(*(of_part.element_kinds(part.alive) for of_part, part in pairs))

    def holds_moments(self, place: Place) -> bool:
        """Return whether a text in a live chunk is a date or a time in ISO 8601."""
        pairs = zip(self.of_parts(place), self._parts, strict=True)
        return any(of_part.holds_moments(part.alive) for of_part, part in pairs)

    def keys(self) -> list[str]:
        """Return the metadata keys of live chunks, in alphabetical order."""
        stored = {column for part in self._parts for column in part.segment.table.column_names}
        columns = [column for column in stored if column.startswith(PREFIX) and self.kinds(Place(column))]
        rare = set().union(*(inner_keys(part.segment.table, REST, part.alive) for part in self._parts))
        return sorted({column.removeprefix(PREFIX) for column in columns} | rare)

    def inner_keys(self, key: str) -> list[str]:
        """Return the keys that the objects under a metadata key have in live chunks, in alphabetical order."""
        names: set[str] = set()
        for part in self._parts:
            names |= inner_keys(part.segment.table, PREFIX + key, part.alive)
        return sorted(names)


def bind(condition: Condition, columns: Columns) -> dict[Name, Place]:
    """Return where the values of each name are; raises InvalidFilter for a name or a type that does not fit."""
    bound = {}
    for leaf in leaves(condition):
        place = _place_of_name(leaf.name, columns)
        _check_types(leaf, place, columns)
        bound[leaf.name] = place
    return bound


def _place_of_name(name: Name, columns: Columns) -> Place:
    if len(name.parts) > _MOST_PARTS:
        raise InvalidFilter(
            f"the condition has a name of {len(name.parts):,} parts, expected at most {_MOST_PARTS}: {name}"
        )
    first, *rest = name.parts
    if first == _CHUNK and rest:
        if rest[0] not in BUILT_IN or rest[1:]:
            raise InvalidFilter(f"the condition names {name}; the columns of a chunk are {', '.join(BUILT_IN)}")
        return Place(rest[0])
    parts = tuple(rest) if first == _METADATA and rest else name.parts
    key = ".".join(parts)
    is_key = bool(columns.kinds(Place(PREFIX + key)))
    if key in BUILT_IN and parts == name.parts:
        if is_key:
            raise InvalidFilter(
                f"the condition names {key}, a column of every chunk, but here a metadata key too: "
                f"write {_CHUNK}.{key} or {_METADATA}.{key}"
            )
        return Place(key)
    inner = _inner_place(parts, columns) or _inner_place(name.parts, columns)
    if is_key and inner:
        base = inner.column.removeprefix(PREFIX)
        raise InvalidFilter(
            f"the condition names {name}, a metadata key, but here also {'.'.join(inner.inside)} inside {base}: "
            f"write {quoted(key)}, in double quotes, for the key"
        )
    if not is_key and inner is None:
        raise _unknown_inside(name, parts, columns) or _unknown(name, key, columns.keys())
    return inner or Place(PREFIX + key)


def _inner_place(parts: tuple[str, ...], columns: Columns) -> Place | None:
    """What a dotted name means inside the objects of a key, the longest that there is."""
    for length in range(len(parts) - 1, 0, -1):
        place = Place(PREFIX + ".".join(parts[:length]), parts[length:])
        if Kind.OBJECT in columns.kinds(Place(place.column)) and columns.kinds(place):
            return place
    return None


def _unknown_inside(name: Name, parts: tuple[str, ...], columns: Columns) -> InvalidFilter | None:
    for length in range(len(parts) - 1, 0, -1):
        key = ".".join(parts[:length])
        if inner := columns.inner_keys(key):
            listed = ", ".join(str(Name((each,))) for each in inner[:_LISTED]) + (", ..." if inner[_LISTED:] else "")
            return InvalidFilter(f"the condition names {name}, which no chunk has: inside {key} are {listed}")
    return None


def _unknown(name: Name, key: str, keys: Sequence[str]) -> InvalidFilter:
    names = [*keys, *BUILT_IN]
    close = get_close_matches(key.lower(), [known.lower() for known in names], n=3)
    suggested = [str(Name((known,))) for known in names if known.lower() in close]
    listed = ", ".join(str(Name((known,))) for known in keys[:_LISTED]) + (", ..." if len(keys) > _LISTED else "")
    available = f"the metadata keys here are {listed}" if keys else "no chunk here has metadata"
    hint = f"did you mean {' or '.join(suggested)}? " if suggested else ""
    if key == "source":  # what hits call it
        hint = "the source of a text is called path; "
    return InvalidFilter(f"the condition names {name}, which no chunk has: {hint}{available}")


def _check_types(leaf: Leaf, place: Place, columns: Columns) -> None:
    """Raise InvalidFilter for a test that can hold for no value of the types that its column holds."""
    kinds = columns.kinds(place)
    match leaf:
        case Comparison():
            _check_literals(leaf.name, (leaf.literal,), place, columns)
        case OneOf():
            _check_literals(leaf.name, leaf.literals, place, columns)
        case Like():
            if Kind.TEXT not in kinds:
                raise _incomparable(leaf.name, "LIKE, which is for texts", kinds)
        case Contains():
            if Kind.LIST not in kinds:
                part = f"; {leaf.name} LIKE '%part%' finds a part of a text" if Kind.TEXT in kinds else ""
                raise _incomparable(leaf.name, "ANY, which is for lists", kinds, part)
            element_kinds = columns.element_kinds(place)
            if element_kinds and not any(comparable(kind, leaf.literal) for kind in element_kinds):
                held = _listed(element_kinds)
                raise InvalidFilter(f"the condition looks for {written(leaf.literal)} in {leaf.name}, lists of {held}")
        case IsNull():
            pass


def _check_literals(name: Name, literals: tuple[Literal, ...], place: Place, columns: Columns) -> None:
    kinds = columns.kinds(place)
    for literal in literals:
        fit = {kind for kind in kinds if comparable(kind, literal)}
        if fit == {Kind.TEXT} and isinstance(literal, date) and not columns.holds_moments(place):
            fit = set()
        if not fit:
            raise _incomparable(name, written(literal), kinds)


def _incomparable(name: Name, what: str, kinds: Set[Kind], hint: str = "") -> InvalidFilter:
    examples = " or ".join(_EXAMPLES[kind].format(name) for kind in Kind if kind in kinds)
    held = _listed(kinds)
    return InvalidFilter(
        f"the condition compares {name}, which holds {held}, with {what}: write as in {examples}{hint}"
    )


def _listed(kinds: Set[Kind]) -> str:
    return " and ".join(kind.value for kind in Kind if kind in kinds)
