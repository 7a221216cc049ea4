"""Values of metadata as a typed Arrow column, and back to what the user gave.

A key whose values are all of one type gets that type: boolean, 64-bit integer, double, string, date, timestamp, or
a list of one of these. Integers among doubles become doubles where that loses nothing. Other mixtures, decimal numbers
and nested values are kept as JSON text in a string column whose field is marked. An absent key is null.

Values, plain as `metadata_values.py` makes them, are read back as they were, except that a key whose value is None is
absent. A time in a zone comes back as the same moment at the same offset from UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from vecsearch.storage.document_values import PREFIX

_JSON = {b"vecsearch": b"json"}
_SCALARS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    date: pa.date32(),
}
EXACT_IN_DOUBLE = 2**53
_DATE, _TIME, _DECIMAL = "vecsearch:date", "vecsearch:time", "vecsearch:decimal"  # the keys of what JSON lacks
_OBJECT = "vecsearch:object"  # of an object that would be taken for one of these: its pairs


def metadata_columns(rows: Sequence[Mapping[str, Any]]) -> list[tuple[pa.Field, pa.Array]]:
    """Make a column for each key of the rows, in alphabetical order."""
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        for key, value in row.items():
            if key not in columns:
                columns[key] = [None] * len(rows)
            columns[key][number] = value
    return [typed_column(key, columns[key]) for key in sorted(columns)]


def is_typed(kind: pa.DataType) -> bool:
    """Whether a column of metadata may have this type."""
    element = kind.value_type if pa.types.is_list(kind) else kind
    return element in (*_SCALARS.values(), pa.timestamp("us"), pa.timestamp("us", "UTC"))


def metadata_of(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return the metadata of a row that was read from Arrow as Python values; absent keys are left out."""
    values = ((key, row.get(PREFIX + key), decode) for key, decode in metadata_keys(schema))
    return {key: decode(value) for key, value, decode in values if value is not None}


def metadata_keys(schema: pa.Schema) -> list[tuple[str, Callable[[Any], Any]]]:
    """Return each key that has a column of its own, and the function that decodes the column's values."""
    return [(column.name.removeprefix(PREFIX), decoder(column)) for column in schema if column.name.startswith(PREFIX)]


def decoder(field: pa.Field) -> Callable[[Any], Any]:
    """Return the function that decodes the values of a column."""
    return from_json if is_json(field) else _unchanged


def _unchanged(value: Any) -> Any:
    return value


def as_json(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """Return the same values as JSON text, for a key that has different types in different segments."""
    if is_json(field):
        return column
    texts = [None if value is None else to_json(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def json_field(name: str) -> pa.Field:
    """Return the field of a column that holds JSON text."""
    return pa.field(name, pa.string(), metadata=_JSON)


def typed_column(key: str, values: list[Any]) -> tuple[pa.Field, pa.Array]:
    """Return a column of these values of a key, None where it is absent."""
    present = [value for value in values if value is not None]
    kind = _common_type(present)
    if kind is None:
        texts = [None if value is None else to_json(value) for value in values]
        return json_field(PREFIX + key), pa.array(texts, pa.string())
    return pa.field(PREFIX + key, kind), pa.array(values, kind)


def _common_type(values: Sequence[Any]) -> pa.DataType | None:
    """Return the Arrow type that holds each value exactly; None where only JSON does."""
    if values and all(type(value) is list for value in values):
        element = _scalar_type([element for value in values for element in value])
        return None if element is None else pa.list_(element)
    return _scalar_type(values)


def _scalar_type(values: Sequence[Any]) -> pa.DataType | None:
    types = {type(value) for value in values}
    if types == {datetime}:
        return _timestamp_type(values)
    if types == {int, float} and all(abs(value) <= EXACT_IN_DOUBLE for value in values if type(value) is int):
        return pa.float64()
    if len(types) != 1 or (types == {int} and not all(-(2**63) <= value < 2**63 for value in values)):
        return None
    return _SCALARS.get(types.pop())


def _timestamp_type(values: Iterable[datetime]) -> pa.DataType | None:
    """Return the type of times without a zone or all in UTC; other zones would be read back as another zone."""
    zones = {None if value.tzinfo is None else str(value.tzinfo) for value in values}
    if zones == {None}:
        return pa.timestamp("us")
    return pa.timestamp("us", "UTC") if zones == {"UTC"} else None


def to_json(value: Any) -> str:
    """Return a value as JSON text."""
    text = json.dumps(value, ensure_ascii=False, default=_json_default)
    if '"vecsearch:' not in text:
        return text
    return json.dumps(_escaped(value), ensure_ascii=False, default=_json_default)


def _escaped(value: Any) -> Any:
    """The value with objects of one key that begins as our own do as what `_decode_value` makes them again from."""
    if isinstance(value, list):
        return list(map(_escaped, value))
    if not isinstance(value, Mapping):
        return value
    pairs = {key: _escaped(element) for key, element in value.items()}
    if len(pairs) == 1 and next(iter(pairs)).startswith("vecsearch:"):
        return {_OBJECT: [list(pair) for pair in pairs.items()]}
    return pairs


def _json_default(value: Any) -> Any:
    if isinstance(value, date):  # includes datetime: within mixed or nested values they become text
        return {_TIME if isinstance(value, datetime) else _DATE: value.isoformat()}
    return {_DECIMAL: str(value)} if isinstance(value, Decimal) else dict(value)


def from_json(text: str) -> Any:
    """Return the value that `to_json` wrote; raises ValueError for other text."""
    return json.loads(text, object_hook=_decode_value)


def _decode_value(value: dict[str, Any]) -> Any:
    """Turn JSON objects that represent a date, time or decimal number back into it."""
    if len(value) != 1:
        return value
    with suppress(InvalidOperation, ValueError):  # an object that an earlier release stored as it was given
        match value:
            case {"vecsearch:object": [[str(key), element]]}:
                return {key: element}
            case {"vecsearch:date": str(text)}:
                return date.fromisoformat(text)
            case {"vecsearch:time": str(text)}:
                return datetime.fromisoformat(text)
            case {"vecsearch:decimal": str(text)}:
                return Decimal(text)
    return value


def is_json(field: pa.Field) -> bool:
    """Whether the column holds JSON text."""
    return bool(field.metadata) and field.metadata.get(b"vecsearch") == b"json"
