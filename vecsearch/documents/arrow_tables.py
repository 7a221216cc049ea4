"""Tables of pandas, Polars, DuckDB and Arrow itself → their rows as dicts, a batch at a time.

Any object with the Arrow interface is taken: `__arrow_c_stream__`, see
https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html. Missing values are left out of a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vecsearch.documents.records import RecordFields
from vecsearch.errors import InvalidDocument

_ROWS_AT_ONCE = 1_000
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def is_table(items: Any) -> bool:
    """Return whether an object offers its rows by the Arrow interface."""
    return hasattr(items, "__arrow_c_stream__") or hasattr(items, "__arrow_c_array__")


def rows_of_table(table: Any, fields: RecordFields) -> Iterator[dict[str, Any]]:
    """Return the rows of a table as they are taken; raises InvalidDocument for one without records.

    It needs a column for the id and one for the text, by default `_id` or `id` and `text`.
    """
    import pyarrow as pa

    kind = f"{type(table).__module__.partition('.')[0]}'s {type(table).__name__}"
    try:
        if hasattr(table, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(table)
        else:
            batch = pa.record_batch(table)
            reader = pa.RecordBatchReader.from_batches(batch.schema, [batch])
    except (pa.ArrowException, TypeError, ValueError) as error:
        if hasattr(table, "to_list") or hasattr(table, "to_pylist"):
            raise InvalidDocument(
                f"add takes a table or an iterable of documents, not {kind}, a column: give its values as a list"
            ) from None
        raise InvalidDocument(f"{kind} cannot be read as an Arrow table: {' '.join(str(error).split())}") from None
    names = list(reader.schema.names)
    index = "; reset_index() makes a column of its index" if hasattr(table, "reset_index") else ""
    _check_columns(kind, names, fields, index)
    return _rows(reader, [name for name in names if not _PANDAS_INDEX.fullmatch(name)], kind)


def _check_columns(kind: str, names: list[str], fields: RecordFields, hint: str) -> None:
    for role, candidates in (
        ("id", [fields.id] if fields.id else ["_id", "id"]),
        ("text", [fields.text or "text"]),
        ("title", [fields.title] if fields.title else []),
    ):
        if candidates and not {*candidates} & {*names}:
            raise InvalidDocument(
                f"{kind} has no column {' or '.join(map(repr, candidates))} for the {role} of its records; "
                f"it has {', '.join(map(str, names)) or 'none'}: name one with {role}_field={hint}"
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidDocument(f"{kind} has several columns called {', '.join(twice)}: rename all but one")


def _rows(reader: Any, names: list[str], kind: str) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    try:
        for batch in reader:
            kept = batch.select(names)
            for first in range(0, len(kept), _ROWS_AT_ONCE):
                for row in kept.slice(first, _ROWS_AT_ONCE).to_pylist():
                    yield {name: value for name, value in row.items() if value is not None}
    except (pa.ArrowException, ValueError) as error:
        raise InvalidDocument(f"{kind} cannot be read to its end: {' '.join(str(error).split())}") from None
