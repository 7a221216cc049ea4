"""The metadata columns of a table of chunks: one for each key, up to a number of keys, and one for all rarer ones.

A column has the type of its values (typed_columns.py), and the first rows of documents hold them (document_values.py).
Were each key a column, n documents with a key each would take n * n places; so the frequent keys of a segment are
columns, and the others an object in JSON for each document, in the column `metadata`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.storage.document_values import (
    PREFIX,
    REST,
    Documents,
    for_each_document,
    is_metadata,
    marked,
    of_documents,
    unmarked,
)
from vecsearch.storage.typed_columns import (
    EXACT_IN_DOUBLE,
    as_json,
    decoder,
    from_json,
    is_json,
    is_typed,
    json_field,
    metadata_columns,
    metadata_keys,
    to_json,
    typed_column,
)
from vecsearch.types import BoolArray

DOCUMENT = "document"  # the text of a whole document, at its first chunk; only in an index that keeps texts
MOST_COLUMNS = 256  # keys of a segment that are columns


def with_documents(table: pa.Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the table with the metadata of each of its documents, in addition to columns that it has."""
    documents = Documents.of(table)
    present = [{key: value for key, value in row.items() if value is not None} for row in rows]
    counts = Counter(key for row in present for key in row)
    frequent = set(sorted(counts, key=lambda key: (-counts[key], key))[:MOST_COLUMNS])
    columns = metadata_columns([{key: row[key] for key in row.keys() & frequent} for row in present])
    if len(counts) > len(frequent):
        rest = [{key: value for key, value in row.items() if key not in frequent} for row in present]
        columns.append((json_field(REST), pa.array([to_json(row) if row else None for row in rest], pa.string())))
    fields = [*table.schema, *(marked(field) for field, _ in columns)]
    arrays = [*table.columns, *(documents.scattered(column) for _, column in columns)]
    return in_order(pa.table(arrays, schema=pa.schema(fields)))


def metadata_of_documents(table: pa.Table) -> list[dict[str, Any]]:
    """Return the metadata that the first rows hold for their documents, as Python values."""
    firsts = pa.array(Documents.of(table).firsts)
    rows: list[dict[str, Any]] = [{} for _ in firsts]
    for field, column in zip(table.schema, table.columns, strict=True):
        if of_documents(field):
            key, decode = field.name.removeprefix(PREFIX), decoder(field)
            for row, value in zip(rows, column.take(firsts).to_pylist(), strict=True):
                if value is not None:
                    row.update(rest_of(value) if field.name == REST else {key: decode(value)})
    return rows


def rest_of(text: str) -> dict[str, Any]:
    """Return the rarer keys of a document and their values; raises ValueError for what is not JSON of an object."""
    rest = from_json(text)
    if type(rest) is not dict:
        raise ValueError(f"the column {REST} holds {type(rest).__name__}, expected an object")
    return rest


def holds_key(table: Any, key: str, alive: BoolArray | None) -> bool:
    """Whether one of these rows has metadata under a key; None means any row."""
    name = PREFIX + key
    live = slice(None) if alive is None else alive
    if name in table.column_names and np.asarray(pc.is_valid(table.column(name)))[live].any():
        return True
    if REST not in table.column_names:
        return False
    texts = pc.if_else(pa.array(alive), table.column(REST), None) if alive is not None else table.column(REST)
    return any(key in rest_of(text) for text in texts.drop_null().to_pylist())


def metadata_rows(table: pa.Table, keys: Collection[str]) -> list[dict[str, Any]]:
    """Return what each row of a table holds of these keys, as Python values; None where a key is absent.

    The values of a document are at its first row; another row holds only those that are its own.
    """
    rows: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    if any(map(of_documents, table.schema)):
        for first, held in zip(Documents.of(table).firsts.tolist(), metadata_of_documents(table), strict=True):
            rows[first] = {key: value for key, value in held.items() if key in keys}
    for key, decode in metadata_keys(table.schema):
        if key in keys and not of_documents(table.schema.field(PREFIX + key)):
            for row, value in zip(rows, table.column(PREFIX + key).to_pylist(), strict=True):
                row[key] = None if value is None else decode(value)
    return rows


def with_metadata(table: pa.Table, changes: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the table with these changes of each document's metadata; None removes a key."""
    table = for_each_document(table)
    of_chunks = {key for key, _ in metadata_keys(table.schema) if not of_documents(table.schema.field(PREFIX + key))}
    changed = {key for change in changes for key in change.keys() & of_chunks}
    held, numbers = metadata_rows(table, changed), Documents.of(table).numbers.tolist()
    rows = [
        {**old, **{key: value for key, value in change.items() if key not in of_chunks}}
        for old, change in zip(metadata_of_documents(table), changes, strict=True)
    ]
    table = _without_documents(table)
    for key in sorted(changed):
        values = [changes[number].get(key, row.get(key)) for number, row in zip(numbers, held, strict=True)]
        table = table.drop_columns([PREFIX + key]).append_column(*typed_column(key, values))
    return with_documents(table, rows)


def with_columns(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return the table with these values of keys for each row, in place of all that it has of the keys."""
    rows = [{key: value for key, value in row.items() if key not in columns} for row in metadata_of_documents(table)]
    table = _without_documents(table)
    table = table.drop_columns([PREFIX + key for key in columns if PREFIX + key in table.column_names])
    for key, column in columns.items():
        table = table.append_column(pa.field(PREFIX + key, column.type), column)
    return with_documents(table, rows)


def _without_documents(table: pa.Table) -> pa.Table:
    return table.select([field.name for field in table.schema if not of_documents(field)])


def in_order(table: pa.Table) -> pa.Table:
    """Return the table with its metadata columns last, in alphabetical order."""
    metadata = sorted(filter(is_metadata, table.column_names))
    return table.select([name for name in table.column_names if not is_metadata(name)] + metadata)


def join_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Concatenate tables of whole documents, whose metadata columns may differ."""
    tables = [for_each_document(table) for table in tables]
    names = {name for table in tables for name in table.column_names if is_metadata(name)}
    return _joined(tables) if REST not in names and len(names) <= MOST_COLUMNS else _joined_by_document(tables)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    fields = union_fields(tables)
    return pa.concat_tables([align(table, fields) for table in tables])


def _joined_by_document(tables: Sequence[pa.Table]) -> pa.Table:
    """Concatenate tables, and choose again which keys are columns.

    A key that differs between chunks in one of the tables stays a column in all of them.
    """
    of_chunks = {
        field.name.removeprefix(PREFIX)
        for table in tables
        for field in table.schema
        if field.name.startswith(PREFIX) and not of_documents(field)
    }
    rows, remaining = [], []
    for table in tables:
        held = metadata_of_documents(table)
        columns = metadata_columns([{key: row.pop(key) for key in row.keys() & of_chunks} for row in held])
        documents, table = Documents.of(table), _without_documents(table)
        for field, column in columns:
            table = table.append_column(marked(field), documents.scattered(column))
        rows += held
        remaining.append(table)
    return with_documents(_joined(remaining), rows)


def union_fields(tables: Sequence[pa.Table]) -> list[pa.Field]:
    """Return the optional columns that can hold those of all the tables, in alphabetical order.

    Integers in one table and doubles in another become doubles where that loses nothing, any other mixture JSON text.
    A column is of documents where it is in all tables that have it.
    """
    holding = defaultdict(list)
    for table in tables:
        for field in table.schema:
            if _is_optional(field.name):
                holding[field.name].append((field, table))
    return [_union_field(name, holding[name]) for name in sorted(holding)]


def align(table: pa.Table, fields: Sequence[pa.Field]) -> pa.Table:
    """Return the table with these optional columns in place of its own: converted, or null."""
    held = {field.name: field for field in table.schema}
    own = [field for field in held.values() if not _is_optional(field.name)]
    columns = [table.column(field.name) for field in own]
    columns += [_convert(table, held.get(field.name), field) for field in fields]
    return pa.table(columns, schema=pa.schema([*own, *fields]))


def is_optional_column(field: pa.Field) -> bool:
    """Whether this is a column, in addition to those of all chunks, that a segment may have."""
    if field.name in (DOCUMENT, REST):
        return bool(field.type == pa.string())
    return field.name.startswith(PREFIX) and is_typed(field.type)


def _is_optional(name: str) -> bool:
    return name == DOCUMENT or is_metadata(name)


def _union_field(name: str, holding: Sequence[tuple[pa.Field, pa.Table]]) -> pa.Field:
    fields = [field for field, _ in holding]
    types = {field.type for field in fields}
    field = json_field(name)
    if not any(map(is_json, fields)):
        if len(types) == 1:
            field = unmarked(fields[0])
        elif types == {pa.int64(), pa.float64()} and all(_fits_double(*each) for each in holding):
            field = pa.field(name, pa.float64())
    return marked(field) if all(map(of_documents, fields)) else field


def _fits_double(field: pa.Field, table: pa.Table) -> bool:
    if field.type != pa.int64():
        return True
    ends = pc.min_max(table.column(field.name)).as_py()
    return all(end is None or abs(end) <= EXACT_IN_DOUBLE for end in ends.values())


def _convert(table: pa.Table, own: pa.Field | None, field: pa.Field) -> pa.ChunkedArray:
    """Return a column of the table in the type and rows of `field`; nulls if the table does not have it."""
    if own is None:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
    column = table.column(field.name)
    column = as_json(column, own) if is_json(field) else column.cast(field.type)
    return Documents.of(table).spread(column) if of_documents(own) and not of_documents(field) else column
