"""Metadata as typed Arrow columns, one for each key, and back to what the user gave.

A key whose values are all of one type gets that type: boolean, 64-bit integer, double, string, date, timestamp, or
a list of one of these. Integers among doubles become doubles where that loses nothing. Other mixtures, decimal numbers
and nested values are kept as JSON text in a string column whose field is marked. An absent key is null. Which rows hold
the values is the matter of document_values.py.

Values, plain as `metadata_values.py` makes them, are read back as they were, except that a key whose value is None is
absent. A time in a zone comes back as the same moment at the same offset from UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.storage.document_values import (
    PREFIX,
    Documents,
    for_each_document,
    marked,
    names_of_metadata,
    of_documents,
    unmarked,
)

DOCUMENT = "document"  # the text of a whole document, at its first chunk; only in an index that keeps texts
_JSON = {b"vecsearch": b"json"}
_SCALARS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    date: pa.date32(),
}
_EXACT_IN_DOUBLE = 2**53
_DATE, _TIME, _DECIMAL = "vecsearch:date", "vecsearch:time", "vecsearch:decimal"  # the keys of what JSON lacks


def metadata_columns(rows: Sequence[Mapping[str, Any]]) -> list[tuple[pa.Field, pa.Array]]:
    """Make a column for each key of the rows, in alphabetical order."""
    keys = sorted({key for row in rows for key in row})
    return [_column(key, [row.get(key) for row in rows]) for key in keys]


def document_columns(documents: Documents, rows: Sequence[Mapping[str, Any]]) -> list[tuple[pa.Field, pa.Array]]:
    """Make a column for each key of the documents, (m,), with the values at their first rows, (n,)."""
    return [(marked(field), documents.scattered(column)) for field, column in metadata_columns(rows)]


def metadata_of(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return the metadata of a row that was read from Arrow as Python values; absent keys are left out."""
    values = ((key, row.get(PREFIX + key), decode) for key, decode in metadata_keys(schema))
    return {key: decode(value) for key, value, decode in values if value is not None}


def metadata_keys(schema: pa.Schema) -> list[tuple[str, Callable[[Any], Any]]]:
    """Return each metadata key of a table and the function that decodes its column's values."""
    return [
        (column.name.removeprefix(PREFIX), _from_json if is_json(column) else _unchanged)
        for column in schema
        if column.name.startswith(PREFIX)
    ]


def metadata_rows(table: pa.Table, keys: Collection[str]) -> list[dict[str, Any]]:
    """Return what each row of a table holds of these keys, as Python values; None where a key is absent.

    The values of a document are at its first row; another row holds only those that are its own.
    """
    firsts = Documents.of(table).firsts.tolist() if any(map(of_documents, table.schema)) else []
    rows: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    for key, decode in metadata_keys(table.schema):
        if key in keys:
            column, field = table.column(PREFIX + key), table.schema.field(PREFIX + key)
            held = [rows[first] for first in firsts] if of_documents(field) else rows
            values = column.take(pa.array(firsts, pa.int64())) if of_documents(field) else column
            for row, value in zip(held, values.to_pylist(), strict=True):
                row[key] = None if value is None else decode(value)
    return rows


def with_metadata(table: pa.Table, changes: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the table with these changes of each document's metadata; None removes a key."""
    documents, keys = Documents.of(table), sorted({key for change in changes for key in change})
    held = metadata_rows(table, keys)
    for key in keys:
        name = PREFIX + key
        exists = name in table.column_names
        of_chunks = exists and not of_documents(table.schema.field(name))
        rows = range(table.num_rows) if of_chunks else documents.firsts.tolist()
        given = [changes[number] for number in documents.numbers[rows].tolist()]
        values = [change.get(key, held[row].get(key)) for row, change in zip(rows, given, strict=True)]
        table = table.drop_columns([name]) if exists else table
        if any(value is not None for value in values):
            field, column = _column(key, values)
            pair = (field, column) if of_chunks else (marked(field), documents.scattered(column))
            table = table.append_column(*pair)
    return in_order(table)


def in_order(table: pa.Table) -> pa.Table:
    """Return the table with its metadata columns last, in alphabetical order."""
    metadata = names_of_metadata(table.column_names)
    return table.select([name for name in table.column_names if not name.startswith(PREFIX)] + metadata)


def _unchanged(value: Any) -> Any:
    return value


def join_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Concatenate tables of whole documents, whose metadata columns may differ."""
    tables = [for_each_document(table) for table in tables]
    fields = union_fields(tables)
    return pa.concat_tables([align(table, fields) for table in tables])


def union_fields(tables: Sequence[pa.Table]) -> list[pa.Field]:
    """Return the optional columns that can hold those of all the tables, in alphabetical order.

    Integers in one table and doubles in another become doubles where that loses nothing, any other mixture JSON text.
    A column is of documents where it is in all tables that have it.
    """
    names = sorted({name for table in tables for name in table.column_names if _is_optional(name)})
    return [_union_field(name, tables) for name in names]


def align(table: pa.Table, fields: Sequence[pa.Field]) -> pa.Table:
    """Return the table with these optional columns in place of its own: converted, or null."""
    own = [field for field in table.schema if not _is_optional(field.name)]
    columns = [table.column(field.name) for field in own] + [_convert(table, field) for field in fields]
    return pa.table(columns, schema=pa.schema([*own, *fields]))


def is_optional_column(field: pa.Field) -> bool:
    """Whether this is a column, in addition to those of all chunks, that a segment may have."""
    kind = field.type
    if field.name == DOCUMENT:
        return bool(kind == pa.string())
    element = kind.value_type if pa.types.is_list(kind) else kind
    times = (pa.timestamp("us"), pa.timestamp("us", "UTC"))
    return field.name.startswith(PREFIX) and element in (*_SCALARS.values(), *times)


def _is_optional(name: str) -> bool:
    return name == DOCUMENT or name.startswith(PREFIX)


def _union_field(name: str, tables: Sequence[pa.Table]) -> pa.Field:
    fields = [table.schema.field(name) for table in tables if name in table.column_names]
    types = {field.type for field in fields}
    field = json_field(name)
    if not any(map(is_json, fields)):
        if len(types) == 1:
            field = unmarked(fields[0])
        elif types == {pa.int64(), pa.float64()} and all(_fits_double(table, name) for table in tables):
            field = pa.field(name, pa.float64())
    return marked(field) if all(map(of_documents, fields)) else field


def _fits_double(table: pa.Table, name: str) -> bool:
    if name not in table.column_names or table.schema.field(name).type != pa.int64():
        return True
    ends = pc.min_max(table.column(name)).as_py()
    return all(end is None or abs(end) <= _EXACT_IN_DOUBLE for end in ends.values())


def _convert(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    """Return a column of the table in the type and rows of `field`; nulls if the table does not have it."""
    if field.name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
    column, own = table.column(field.name), table.schema.field(field.name)
    column = as_json(column, own) if is_json(field) else column.cast(field.type)
    return Documents.of(table).spread(column) if of_documents(own) and not of_documents(field) else column


def as_json(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """Return the same values as JSON text, for a key that has different types in different segments."""
    if is_json(field):
        return column
    texts = [None if value is None else _to_json(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def json_field(name: str) -> pa.Field:
    """Return the field of a column that holds JSON text."""
    return pa.field(name, pa.string(), metadata=_JSON)


def _column(key: str, values: list[Any]) -> tuple[pa.Field, pa.Array]:
    present = [value for value in values if value is not None]
    kind = _common_type(present)
    if kind is None:
        texts = [None if value is None else _to_json(value) for value in values]
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
    if types == {int, float} and all(abs(value) <= _EXACT_IN_DOUBLE for value in values if type(value) is int):
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


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_json_default)


def _json_default(value: Any) -> Any:
    if isinstance(value, date):  # includes datetime: within mixed or nested values they become text
        return {_TIME if isinstance(value, datetime) else _DATE: value.isoformat()}
    return {_DECIMAL: str(value)} if isinstance(value, Decimal) else dict(value)


def _from_json(text: str) -> Any:
    return json.loads(text, object_hook=_decode_value)


def _decode_value(value: dict[str, Any]) -> Any:
    """Turn JSON objects that represent a date, time or decimal number back into it."""
    match value:
        case {"vecsearch:date": str(text)}:
            return date.fromisoformat(text)
        case {"vecsearch:time": str(text)}:
            return datetime.fromisoformat(text)
        case {"vecsearch:decimal": str(text)}:
            with suppress(InvalidOperation):
                return Decimal(text)
            return value
        case _:
            return value


def is_json(field: pa.Field) -> bool:
    """Whether the column holds JSON text."""
    return bool(field.metadata) and field.metadata.get(b"vecsearch") == b"json"
