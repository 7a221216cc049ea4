"""What a column holds, taken apart by type, so that a value is compared in the same way wherever it is stored.

A key may be a column of integers in one segment, of doubles in a second, and JSON text in a third. Here each becomes
Arrow arrays of one type each, with nulls where a value is of another type. JSON is decoded once for each distinct
text. NaN is null, as SQLite has it; times are moments in UTC; integers of more than 64 bits are the nearest double.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from math import inf, isnan
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.search.filters.moments import days, microseconds
from vecsearch.storage.columns import PREFIX, json_field, metadata_of
from vecsearch.types import BoolArray, IntArray

_MOMENT = pa.timestamp("us")


class Kind(Enum):
    """What people call the type of a value."""

    NUMBER = "numbers"
    TEXT = "texts"
    BOOLEAN = "booleans"
    DATE = "dates"
    TIME = "timestamps"
    LIST = "lists"
    OBJECT = "objects"


@dataclass(frozen=True, slots=True)
class View:
    """The values of one type among m: an Arrow array (m,) that is null elsewhere."""

    kind: Kind
    array: Any


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists among m values: `there` (m,) says where, and element i is in the list at `parents[i]`."""

    there: Any
    parents: IntArray
    elements: Values

    def holding(self, result: Any) -> Any:
        """Arrow booleans (m,): whether a list has an element that the result is true for; null for what is no list."""
        held = np.zeros(len(self.there), np.bool_)
        held[self.parents[as_mask(result)]] = True
        return pc.if_else(self.there, pa.array(held), None)


@dataclass(frozen=True, slots=True)
class Values:
    """m values, taken apart; `objects` (m,) says where those are, which nothing is compared with."""

    size: int
    views: tuple[View, ...]
    lists: Lists | None = None
    objects: Any = None

    def present(self) -> Any:
        """Arrow booleans (m,): where there is a value."""
        found = pa.array(np.zeros(self.size, np.bool_))
        lists = None if self.lists is None else self.lists.there
        for mask in (*(pc.is_valid(view.array) for view in self.views), lists, self.objects):
            found = found if mask is None else pc.or_(found, mask)
        return found


@dataclass(frozen=True, slots=True)
class Column:
    """A column of n rows: its values, and for each row the place of its own, or None where row i has value i."""

    values: Values
    places: Any

    def spread(self, result: Any) -> Any:
        """What was found for each value, an Arrow array (m,), for each row (n,); null where a row has none."""
        return result if self.places is None else pc.take(result, self.places)

    def kinds(self, rows: BoolArray | None) -> set[Kind]:
        """The types of the values in these rows."""
        lists, objects = self.values.lists, self.values.objects
        held = {view.kind for view in self.values.views if self._any(pc.is_valid(view.array), rows)}
        held |= {Kind.LIST} if lists is not None and self._any(lists.there, rows) else set()
        return held | ({Kind.OBJECT} if objects is not None and self._any(objects, rows) else set())

    def element_kinds(self, rows: BoolArray | None) -> set[Kind]:
        """The types of what is in the lists of these rows."""
        lists = self.values.lists
        if lists is None:
            return set()
        views = lists.elements.views
        return {view.kind for view in views if self._any(lists.holding(pc.is_valid(view.array)), rows)}

    def _any(self, result: Any, rows: BoolArray | None) -> bool:
        mask = as_mask(self.spread(result))
        return bool(mask.any() if rows is None else (mask & rows).any())


def column_of(table: pa.Table, name: str) -> Column:
    """The column of a table, all null when the table has none of this name."""
    if name not in table.column_names:
        return Column(Values(table.num_rows, ()), None)
    array, field = table.column(name), table.schema.field(name)
    if not field.equals(json_field(name), check_metadata=True):
        return Column(_of_arrow(array), None)
    encoded = array.dictionary_encode().unify_dictionaries()
    texts = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    places = pa.chunked_array([chunk.indices for chunk in encoded.chunks], pa.int32())
    return Column(_of_python(_decoded(texts, field)), places)


def _decoded(texts: Sequence[str], field: pa.Field) -> list[Any]:
    """The values that JSON texts of a column stand for; read as one list, which is ten times faster than one by one."""
    try:
        row = {field.name: f"[{','.join(texts)}]"}
        values = metadata_of(row, pa.schema([field]))[field.name.removeprefix(PREFIX)]
    except ValueError:
        values = None
    if type(values) is not list or len(values) != len(texts):
        raise IndexDamaged(f"the column {field.name} of rows.arrow holds what is no JSON: run vecsearch verify")
    return values


def as_mask(result: Any) -> BoolArray:
    """Arrow booleans as numpy has them, bool (n,); what is unknown is false."""
    mask: BoolArray = np.asarray(pc.fill_null(result, False))
    return mask


def _of_arrow(array: pa.ChunkedArray) -> Values:
    kind, size = array.type, len(array)
    if pa.types.is_list(kind):
        whole = array.combine_chunks()
        parents = pc.list_parent_indices(whole).to_numpy().astype(np.int64)
        return Values(size, (), Lists(pc.is_valid(whole), parents, _of_arrow(pa.chunked_array([whole.flatten()]))))
    for is_own, named, own in _ARROW:
        if is_own(kind):
            return Values(size, (View(named, _without_nan(array.cast(own, safe=False))),))
    return Values(size, (), objects=pc.is_valid(array))  # not from us: a file that another tool wrote was imported


def _without_nan(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(array.type) or not pc.any(pc.is_nan(array)).as_py():
        return array
    return pc.if_else(pc.is_nan(array), None, array)


def _of_python(values: Sequence[Any]) -> Values:
    views, types = [], set(map(type, values))
    for python, kind, arrow, own in _TYPES:
        if python in types:
            found = pa.array([own(value) if type(value) is python else None for value in values], arrow)
            views += [View(kind, found)] if found.null_count < len(found) else []
    lists = _lists(values) if list in types else None
    return Values(len(values), tuple(views), lists, _where(values, dict) if dict in types else None)


def _lists(values: Sequence[Any]) -> Lists:
    lists = [value if type(value) is list else [] for value in values]
    parents = np.repeat(np.arange(len(lists)), [len(elements) for elements in lists])
    return Lists(_where(values, list), parents, _of_python([element for elements in lists for element in elements]))


def _where(values: Sequence[Any], kind: type) -> Any:
    return pa.array([type(value) is kind for value in values], pa.bool_())


def _fits_int64(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind)) and kind != pa.uint64()


def _integer(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None


def _large_integer(value: int) -> float | None:
    try:
        return None if _integer(value) is not None else float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _same(value: Any) -> Any:
    return value


_TYPES: tuple[tuple[type, Kind, Any, Callable[[Any], Any]], ...] = (
    (int, Kind.NUMBER, pa.int64(), _integer),
    (int, Kind.NUMBER, pa.float64(), _large_integer),
    (float, Kind.NUMBER, pa.float64(), lambda value: None if isnan(value) else value),
    (str, Kind.TEXT, pa.string(), _same),
    (bool, Kind.BOOLEAN, pa.bool_(), _same),
    (date, Kind.DATE, pa.date32(), days),
    (datetime, Kind.TIME, _MOMENT, microseconds),
)
_ARROW: tuple[tuple[Callable[[pa.DataType], bool], Kind, Any], ...] = (
    (_fits_int64, Kind.NUMBER, pa.int64()),
    (pa.types.is_floating, Kind.NUMBER, pa.float64()),
    (pa.types.is_string, Kind.TEXT, pa.string()),
    (pa.types.is_large_string, Kind.TEXT, pa.string()),
    (pa.types.is_boolean, Kind.BOOLEAN, pa.bool_()),
    (pa.types.is_date, Kind.DATE, pa.date32()),
    (pa.types.is_timestamp, Kind.TIME, _MOMENT),
)
