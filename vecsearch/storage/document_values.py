"""Which rows hold a value of metadata: only the first row of each document, in a column of documents.

So the metadata of a document is stored once, however many chunks it has. Where the chunks of a document differ, as they
do in their clusters, each row of the column has a value; and so it is in every column that format 1 wrote. The field of
a column says which of the two it is.

    of documents    [2020, null, null, 2021, null]      marked
    of chunks       [   3,    1,    3,    1,    2]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import IndexDamaged
from vecsearch.types import BoolArray, IntArray

PREFIX = "metadata."  # of a metadata column's name
REST = "metadata"  # the column of keys that have none of their own
_MARK = {b"vecsearch.rows": b"first"}


def is_metadata(name: str) -> bool:
    """Whether a column of this name holds metadata."""
    return name.startswith(PREFIX) or name == REST


def of_documents(field: pa.Field) -> bool:
    """Whether only the first row of each document has the values of the column."""
    return bool(field.metadata) and _MARK.items() <= field.metadata.items()


def marked(field: pa.Field) -> pa.Field:
    """Return the field of a column whose values are at the first rows of documents."""
    return field.with_metadata({**(field.metadata or {}), **_MARK})


def unmarked(field: pa.Field) -> pa.Field:
    """Return the field of a column that has a value in each row."""
    kept = {key: value for key, value in (field.metadata or {}).items() if key not in _MARK}
    return field.with_metadata(kept or None)


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a table of n rows; `firsts` is the first row of each, int64 (m,), ascending."""

    firsts: IntArray
    rows: int

    @classmethod
    def of(cls, table: Any) -> Documents:
        """Return the documents of a table of chunks; raises IndexDamaged when it begins within one."""
        ordinals = table.column("ordinal").to_numpy()
        firsts = np.flatnonzero(ordinals == 0)
        if len(ordinals) and (not len(firsts) or firsts[0]):
            raise IndexDamaged("the first row is not the first chunk of a document: run vecsearch verify")
        return cls(firsts, len(ordinals))

    @property
    def numbers(self) -> IntArray:
        """The document of each row, int64 (n,)."""
        numbers: IntArray = self.over_rows(np.arange(len(self.firsts)))
        return numbers

    def over_rows(self, values: Any) -> Any:
        """Return one value for each document, a numpy array (m,), as one for each row (n,)."""
        return np.repeat(values, np.diff(self.firsts, append=self.rows))

    def with_any(self, rows: BoolArray) -> BoolArray:
        """Return the documents that have one of these rows, bool (m,)."""
        held: BoolArray = np.logical_or.reduceat(rows, self.firsts) if self.rows else np.empty(0, np.bool_)
        return held

    def scattered(self, values: Any) -> Any:
        """Return one value for each document, an Arrow array (m,), at its first row, with nulls elsewhere (n,)."""
        places = np.zeros(self.rows, np.int64)
        places[self.firsts] = np.arange(len(self.firsts))
        elsewhere = np.ones(self.rows, np.bool_)
        elsewhere[self.firsts] = False
        return values.take(pa.array(places, mask=elsewhere))

    def spread(self, column: Any) -> Any:
        """Return a column of documents as one that has the value of its document in each row."""
        return column.take(pa.array(self.over_rows(self.firsts)))


def alone(table: Any, documents: Documents, rows: IntArray) -> pa.Table:
    """Return these rows of a table, each with the metadata of its document."""
    firsts = pa.array(documents.firsts[np.searchsorted(documents.firsts, rows, side="right") - 1])
    schema, numbers = table.schema, pa.array(rows)
    columns = [table.column(field.name).take(firsts if of_documents(field) else numbers) for field in schema]
    return pa.table(columns, schema=pa.schema(map(unmarked, schema)))


def bytes_of_documents(table: Any, documents: Documents) -> IntArray:
    """Return how many bytes the columns of documents hold of each document, int64 (m,)."""
    sizes = np.zeros(len(documents.firsts), np.int64)
    for field in filter(of_documents, table.schema):
        sizes += _sizes(table.column(field.name).take(pa.array(documents.firsts)).combine_chunks())
    return sizes


def _sizes(values: Any) -> IntArray:
    """The bytes of each value of an Arrow array."""
    if pa.types.is_list(values.type):
        parents = pc.list_parent_indices(values).to_numpy()
        return np.bincount(parents, _sizes(values.flatten()), len(values)).astype(np.int64)
    if pa.types.is_string(values.type):
        lengths: IntArray = pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths
    return np.full(len(values), 8, np.int64)


def for_each_document(table: pa.Table) -> pa.Table:
    """Return the table with its metadata at the first rows of documents, where their chunks do not differ."""
    fields, columns = list(table.schema), table.columns
    each = [number for number, field in enumerate(fields) if is_metadata(field.name) and not of_documents(field)]
    if not each or not table.num_rows:
        return table
    documents = Documents.of(table)
    for number in each:
        if _agree(columns[number], documents):
            firsts = columns[number].take(pa.array(documents.firsts))
            fields[number], columns[number] = marked(fields[number]), documents.scattered(firsts)
    return pa.table(columns, schema=pa.schema(fields))


def _agree(column: pa.ChunkedArray, documents: Documents) -> bool:
    """Whether all rows of each document have the same value."""
    if pa.types.is_null(column.type):
        return True
    if pa.types.is_nested(column.type):
        return bool(documents.spread(column).equals(column))
    within = np.ones(documents.rows, np.bool_)
    within[documents.firsts] = False
    one, following = column[:-1], column[1:]
    alike = pc.or_(pc.fill_null(pc.equal(one, following), False), pc.and_(pc.is_null(one), pc.is_null(following)))
    if pa.types.is_floating(column.type):
        alike = pc.or_(alike, pc.fill_null(pc.and_(pc.is_nan(one), pc.is_nan(following)), False))
    return bool(np.asarray(alike)[within[1:]].all())
