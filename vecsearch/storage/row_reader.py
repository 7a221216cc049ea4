"""Single rows of an Arrow table as Python values, in microseconds.

Arrow is made for columns: reading a row through it takes a hundred times as long. So texts and integers are read
directly from Arrow's buffers; Arrow converts rarer types, such as lists.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from itertools import accumulate
from typing import Any, TypeAlias

import pyarrow as pa

from vecsearch.storage.columns import rest_of
from vecsearch.storage.document_values import PREFIX, REST, of_documents
from vecsearch.storage.mapped_rows import MappedRows
from vecsearch.storage.rows import Row
from vecsearch.storage.typed_columns import metadata_keys
from vecsearch.types import Chunk

_Read: TypeAlias = Callable[[int], Any]
_Column: TypeAlias = tuple[str, Sequence[_Read], Callable[[Any], Any]]  # key, reader of each batch, decoder
_DAMAGE = (ValueError, IndexError, TypeError, OverflowError, RecursionError, pa.ArrowException)  # bad UTF-8 too


class RowReader:
    """Reads rows of a table with the columns of chunks; any number of threads may use it at once.

    Keeps the table's memory mapped.
    """

    def __init__(self, rows: MappedRows) -> None:
        self._rows = rows
        schema = rows.schema
        readers = {field.name: [_reader(batch) for batch in _batches(rows, field)] for field in schema}
        self._columns = readers
        ends = list(accumulate(len(batch) for batch in rows.unchecked.column(0).chunks))
        self._ends, self._starts = ends, [0, *ends]
        self._chunks = [[readers[field.name][batch] for field in fields(Chunk)] for batch in range(len(ends))]
        metadata = [(key, readers[PREFIX + key], decode) for key, decode in metadata_keys(schema)]
        once = {field.name.removeprefix(PREFIX) for field in schema if of_documents(field)}
        self._of_documents = [column for column in metadata if column[0] in once]
        self._rest: list[_Column] = [(REST, readers[REST], rest_of)] if REST in readers else []
        self._of_chunks = [column for column in metadata if column[0] not in once]

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return the rows with these numbers, in this order; raises IndexDamaged for values that are damaged.

        Rows of one document share the values of its metadata, which may be large.
        """
        documents: dict[int, dict[str, Any]] = {}  # by first row
        try:
            return [self._row(number, documents) for number in numbers]
        except _DAMAGE as error:
            raise self._rows.damaged(error) from None

    def value(self, column: str, number: int) -> Any:
        """Return one value of a row; raises IndexDamaged for a value that is damaged."""
        return self.values(column, (number,))[0]

    def values(self, column: str, numbers: Sequence[int]) -> list[Any]:
        """Return a value of each of these rows; raises IndexDamaged for one that is damaged."""
        readers, ends, starts = self._columns[column], self._ends, self._starts
        try:
            return [readers[batch := bisect_right(ends, number)](number - starts[batch]) for number in numbers]
        except _DAMAGE as error:
            raise self._rows.damaged(error, column) from None

    def _row(self, number: int, documents: dict[int, dict[str, Any]]) -> Row:
        batch, index = self._place(number)
        chunk = Chunk(*[read(index) for read in self._chunks[batch]])
        path, source = self._columns["path"][batch](index), self._columns["source"][batch](index)
        first = number - chunk.ordinal
        if first not in documents:
            documents[first] = self._of_document(first, number)
        return Row(chunk, path, source, documents[first] | self._values(self._of_chunks, number))

    def _of_document(self, first: int, row: int) -> dict[str, Any]:
        """The metadata of the document that begins at `first`, which is not behind `row`."""
        if not 0 <= first <= row:
            raise IndexError(f"row {row} belongs to a document that begins at row {first}")
        frequent, rest = self._values(self._of_documents, first), self._values(self._rest, first)
        return dict(sorted({**frequent, **rest[REST]}.items())) if rest else frequent

    def _values(self, columns: Sequence[_Column], row: int) -> dict[str, Any]:
        """The metadata in these columns of a row."""
        if not columns:
            return {}
        batch, index = self._place(row)
        values = [(key, column[batch](index), decode) for key, column, decode in columns]
        return {key: decode(value) for key, value, decode in values if value is not None}

    def _place(self, number: int) -> tuple[int, int]:
        """The batch of a row, and its number there."""
        batch = bisect_right(self._ends, number)
        return batch, number - self._starts[batch]


def _batches(rows: MappedRows, field: pa.Field) -> list[pa.Array]:
    """Return the batches of a column, validated where Arrow is to read values of no fixed width."""
    is_safe = pa.types.is_string(field.type) or pa.types.is_primitive(field.type)
    column = rows.unchecked.column(field.name) if is_safe else rows.column(field.name)
    batches: list[pa.Array] = column.chunks
    return batches


def _reader(batch: pa.Array) -> _Read:
    """Return a function that reads the value at an index of the batch; None for a missing value."""
    if batch.null_count == len(batch):
        return _nothing
    if not (pa.types.is_string(batch.type) or pa.types.is_integer(batch.type)):
        return partial(_convert, batch)
    valid, first, *_ = batch.buffers()
    read: _Read
    if pa.types.is_string(batch.type):
        offsets = _numbers(first, 4)[batch.offset : batch.offset + len(batch) + 1]
        read = partial(_text, memoryview(batch.buffers()[2] or b""), offsets)
    else:
        read = _numbers(first, batch.type.bit_width // 8)[batch.offset :].__getitem__
    return read if not batch.null_count else partial(_if_valid, memoryview(valid), batch.offset, read)


def _nothing(_: int) -> None:
    return None


def _convert(batch: pa.Array, index: int) -> Any:
    return batch[index].as_py()


def _if_valid(valid: memoryview, offset: int, read: _Read, index: int) -> Any:
    """Read the value if its bit is set; Arrow's bit order is least significant first."""
    byte, bit = divmod(index + offset, 8)
    return read(index) if valid[byte] >> bit & 1 else None


def _numbers(buffer: Any, width: int) -> memoryview:
    """Return a buffer as integers of 4 or 8 bytes; Python checks every index, as in a list."""
    whole = memoryview(buffer)
    return whole[: len(whole) // width * width].cast("i" if width == 4 else "q")


def _text(texts: memoryview, offsets: memoryview, index: int) -> str:
    begin, end = offsets[index], offsets[index + 1]
    if not 0 <= begin <= end <= len(texts):
        raise ValueError(f"a text lies at {begin} to {end} of {len(texts)} bytes")
    return str(texts[begin:end], "utf-8")
