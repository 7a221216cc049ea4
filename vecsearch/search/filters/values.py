"""Decode a column into values by type, so that a value compares in the same way however it is stored.

A key may be a column of integers in one segment, of doubles in a second, and JSON text in a third. Here it becomes one
Arrow array per type, with nulls where a value is of another type. JSON is decoded once for each distinct text. NaN is
null, as in SQLite; times are in UTC; integers of more than 64 bits and decimal numbers are the nearest double.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from math import inf, isnan
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.search.filters.tree import parse_moment
from vecsearch.storage.document_values import PREFIX, REST, Documents
from vecsearch.storage.segment import Segment
from vecsearch.storage.typed_columns import from_json, is_json
from vecsearch.types import BoolArray, IntArray

_OF_DOCUMENTS = ("document_id", "path")  # equal in all chunks of a document
_TIMESTAMP = pa.timestamp("us")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MICROSECOND, _DAY = timedelta(microseconds=1), timedelta(days=1)


class Kind(Enum):
    """The types of values, as messages call them."""

    NUMBER = "numbers"
    TEXT = "texts"
    BOOLEAN = "booleans"
    DATE = "dates"
    TIME = "timestamps"
    LIST = "lists"
    OBJECT = "objects"


@dataclass(frozen=True, slots=True)
class View:
    """The values of one type among m values: an Arrow array (m,), null where a value is of another type."""

    kind: Kind
    array: Any


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists among m values: `is_list` (m,) is true for them, and element i is in the list at `parents[i]`."""

    is_list: Any
    parents: IntArray
    elements: Values

    def holding(self, result: Any) -> Any:
        """Return whether a list has an element for which `result` is true: Arrow booleans (m,), null elsewhere."""
        held = np.zeros(len(self.is_list), np.bool_)
        held[self.parents[as_mask(result)]] = True
        return pc.if_else(self.is_list, pa.array(held), None)


@dataclass(frozen=True, slots=True)
class Values:
    """m values by type; `objects` (m,) is true for objects, which nothing compares with."""

    size: int
    views: tuple[View, ...]
    lists: Lists | None = None
    objects: Any = None

    def present(self) -> Any:
        """Return where a value is present, of whatever type: Arrow booleans (m,)."""
        present = pa.array(np.zeros(self.size, np.bool_))
        lists = None if self.lists is None else self.lists.is_list
        for mask in (*(pc.is_valid(view.array) for view in self.views), lists, self.objects):
            present = present if mask is None else pc.or_(present, mask)
        return present


@dataclass(frozen=True, slots=True)
class Column:
    """The values of n chunks or documents, and the position of each one's value, or None where one i has value i.

    `documents` is given where they are of documents.
    """

    values: Values
    positions: Any
    documents: Documents | None = None

    def spread(self, result: Any) -> Any:
        """Return a result for each value, an Arrow array (m,), as one for each chunk or document (n,)."""
        return result if self.positions is None else pc.take(result, self.positions)

    def of_chunks(self) -> Column:
        """Return the same values as of chunks."""
        if self.documents is None:
            return self
        numbers = pa.array(self.documents.numbers)
        return Column(self.values, numbers if self.positions is None else pc.take(self.positions, numbers))

    def kinds(self, rows: BoolArray | None) -> set[Kind]:
        """Return the types of the values in these rows."""
        lists, objects = self.values.lists, self.values.objects
        held = {view.kind for view in self.values.views if self._any(pc.is_valid(view.array), rows)}
        held |= {Kind.LIST} if lists is not None and self._any(lists.is_list, rows) else set()
        return held | ({Kind.OBJECT} if objects is not None and self._any(objects, rows) else set())

    def element_kinds(self, rows: BoolArray | None) -> set[Kind]:
        """Return the types of what the lists in these rows hold."""
        lists = self.values.lists
        if lists is None:
            return set()
        views = lists.elements.views
        return {view.kind for view in views if self._any(lists.holding(pc.is_valid(view.array)), rows)}

    def holds_moments(self, rows: BoolArray | None) -> bool:
        """Return whether a text in these rows is a date or a time in ISO 8601."""
        texts = [view.array for view in self.values.views if view.kind is Kind.TEXT]
        return any(self._any(pc.is_valid(moments(array)), rows) for array in texts)

    def _any(self, result: Any, rows: BoolArray | None) -> bool:
        mask = as_mask(self.spread(result))
        if rows is None:
            return bool(mask.any())
        return bool((mask & (rows if self.documents is None else self.documents.with_any(rows))).any())


@dataclass(frozen=True, slots=True)
class Decoded:
    """The different values of a column of JSON, and the position of each row's among them."""

    values: Sequence[Any]
    positions: Any


def column_of(
    table: pa.Table, name: str, inside: Sequence[str] = (), decoded: dict[str, Decoded] | None = None
) -> Column:
    """Return a column of a table, all null when the table has no column of this name.

    `inside` are the keys that lead to the values within the column's objects. Columns of JSON that are in `decoded`
    need not be decoded again.
    """
    if name not in table.column_names:
        return Column(Values(table.num_rows, ()), None)
    array, field = table.column(name), table.schema.field(name)
    if not is_json(field):
        return Column(Values(table.num_rows, ()) if inside else _of_arrow(array), None)
    kept = {} if decoded is None else decoded
    if name not in kept:
        kept[name] = _decode(array, field)
    return Column(_of_python([_within(value, inside) for value in kept[name].values]), kept[name].positions)


def segment_column(segment: Segment, name: str, inside: Sequence[str], decoded: dict[str, Decoded]) -> Column:
    """Return a column of a segment: of documents where all chunks of a document have the same value."""
    held = segment.table.column_names
    if name not in held and name.startswith(PREFIX) and REST in held:
        name, inside = REST, (name.removeprefix(PREFIX), *inside)
    elif name not in held:
        return Column(Values(len(segment.first_rows), ()), None, segment.documents)
    is_of_documents = name in _OF_DOCUMENTS or segment.is_of_documents(name)
    names = ["path", "source"] if name == "path" else [name]
    table = segment.columns(names, segment.first_rows if is_of_documents else None)
    if name == "path":
        table = pa.table({name: pc.coalesce(*table.columns)})
    column = column_of(table, name, inside, decoded)
    return replace(column, documents=segment.documents) if is_of_documents else column


def inner_keys(table: Any, name: str, rows: BoolArray | None, inside: Sequence[str] = ()) -> set[str]:
    """Return the keys that the objects in these rows of a column have, or those that `inside` leads to."""
    if name not in table.column_names and name.startswith(PREFIX):
        name, inside = REST, (name.removeprefix(PREFIX), *inside)
    if name not in table.column_names or not is_json(table.schema.field(name)):
        return set()
    array = table.column(name)
    texts = pc.unique(array if rows is None else array.filter(pa.array(rows))).drop_null().to_pylist()
    values = [_within(value, inside) for value in _values_of(texts, name)]
    return {key for value in values if type(value) is dict for key in value}


def _within(value: Any, inside: Sequence[str]) -> Any:
    """What the keys lead to in a value; None where they lead to nothing."""
    for key in inside:
        value = value.get(key) if type(value) is dict else None
    return value


def _decode(array: Any, field: pa.Field) -> Decoded:
    encoded = array.dictionary_encode().unify_dictionaries()
    texts = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    positions = pa.chunked_array([chunk.indices for chunk in encoded.chunks], pa.int32())
    return Decoded(_values_of(texts, field.name), positions)


def _values_of(texts: Sequence[str], name: str) -> list[Any]:
    """The values of a column's JSON texts, parsed as one list, which is ten times faster than one by one."""
    try:
        values = from_json(f"[{','.join(texts)}]")
    except (ValueError, RecursionError):
        values = None
    if type(values) is not list or len(values) != len(texts):
        raise IndexDamaged(f"the column {name} of rows.arrow does not hold valid JSON: run vecsearch verify")
    return values


def moments(texts: Any) -> Any:
    """Return the dates and times that are written in ISO 8601 among texts, (m,), as timestamps; null for others."""
    encoded = pc.if_else(pc.match_substring_regex(texts, _DAY_PATTERN), texts, None).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        return pa.chunked_array([_moments(chunk) for chunk in encoded.chunks], _TIMESTAMP)
    return _moments(encoded)


def _moments(encoded: Any) -> Any:
    parsed = [parse_moment(text) for text in encoded.dictionary.to_pylist()]
    times = pa.array([None if moment is None else microseconds(moment) for moment in parsed], _TIMESTAMP)
    return pc.take(times, encoded.indices)


def as_mask(result: Any) -> BoolArray:
    """Return Arrow booleans as a numpy mask, bool (n,); null is false."""
    mask: BoolArray = np.asarray(pc.fill_null(result, False))
    return mask


def _of_arrow(array: pa.ChunkedArray) -> Values:
    kind, size = array.type, len(array)
    if pa.types.is_list(kind):
        whole = array.combine_chunks()
        parents = pc.list_parent_indices(whole).to_numpy().astype(np.int64)
        return Values(size, (), Lists(pc.is_valid(whole), parents, _of_arrow(pa.chunked_array([whole.flatten()]))))
    for is_of_type, named, arrow in _ARROW:
        if is_of_type(kind):
            return Values(size, (View(named, _without_nan(array.cast(arrow, safe=False))),))
    return Values(size, (), objects=pc.is_valid(array))  # imported from a file that another tool wrote


def _without_nan(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(array.type) or not pc.any(pc.is_nan(array)).as_py():
        return array
    return pc.if_else(pc.is_nan(array), None, array)


def _of_python(values: Sequence[Any]) -> Values:
    views, types = [], set(map(type, values))
    for python, kind, arrow, convert in _TYPES:
        if python in types:
            array = pa.array([convert(value) if type(value) is python else None for value in values], arrow)
            views += [View(kind, array)] if array.null_count < len(array) else []
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


def _decimal(value: Decimal) -> float | None:
    return None if value.is_nan() else float(value)


def _integer(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None


def _large_integer(value: int) -> float | None:
    try:
        return None if _integer(value) is not None else float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _same(value: Any) -> Any:
    return value


def microseconds(value: date) -> int:
    """Return the microseconds from 1970 in UTC to a time, or to the midnight at which a date begins."""
    if not isinstance(value, datetime):
        return days(value) * (_DAY // _MICROSECOND)
    aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // _MICROSECOND


def days(value: date) -> int:
    """Return the days from 1970 to a date."""
    return value.toordinal() - _EPOCH.toordinal()


_TYPES: tuple[tuple[type, Kind, Any, Callable[[Any], Any]], ...] = (
    (int, Kind.NUMBER, pa.int64(), _integer),
    (int, Kind.NUMBER, pa.float64(), _large_integer),
    (float, Kind.NUMBER, pa.float64(), lambda value: None if isnan(value) else value),
    (Decimal, Kind.NUMBER, pa.float64(), _decimal),
    (str, Kind.TEXT, pa.string(), _same),
    (bool, Kind.BOOLEAN, pa.bool_(), _same),
    (date, Kind.DATE, pa.date32(), days),
    (datetime, Kind.TIME, _TIMESTAMP, microseconds),
)
_ARROW: tuple[tuple[Callable[[pa.DataType], bool], Kind, Any], ...] = (
    (_fits_int64, Kind.NUMBER, pa.int64()),
    (pa.types.is_floating, Kind.NUMBER, pa.float64()),
    (pa.types.is_string, Kind.TEXT, pa.string()),
    (pa.types.is_large_string, Kind.TEXT, pa.string()),
    (pa.types.is_boolean, Kind.BOOLEAN, pa.bool_()),
    (pa.types.is_date, Kind.DATE, pa.date32()),
    (pa.types.is_timestamp, Kind.TIME, _TIMESTAMP),
)
