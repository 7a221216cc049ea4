"""Single rows of an Arrow table, as Python has them, in microseconds.

Arrow is made for columns: a row by its own means costs a hundred times as much. So texts and numbers are taken from
where their bytes lie; what is rarer, such as lists and values that may be missing, Arrow converts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from vecsearch.errors import IndexDamaged
from vecsearch.storage.columns import PREFIX, metadata_keys
from vecsearch.storage.rows import Row
from vecsearch.types import Chunk

_Read: TypeAlias = Callable[[int], Any]


class RowReader:
    """The rows of a table with the columns of chunks, for any number of threads: it only reads.

    The table's memory stays mapped as long as the reader is used.
    """

    def __init__(self, rows: pa.Table, name: str) -> None:
        """`name` is what an error calls the table."""
        self._name = name
        readers = {field.name: _by_batch(column) for field, column in zip(rows.schema, rows.columns, strict=True)}
        self._columns = readers
        ends = list(accumulate(len(batch) for batch in rows.column(0).chunks))
        self._ends, self._starts = ends, [0, *ends]
        self._chunks = [[readers[field.name][batch] for field in fields(Chunk)] for batch in range(len(ends))]
        self._metadata = [(key, readers[PREFIX + key], told) for key, told in metadata_keys(rows.schema)]

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """The rows with these numbers, in this order; raises IndexDamaged for a text that is none."""
        try:
            return [self._row(number) for number in numbers]
        except UnicodeDecodeError as error:
            raise self._damaged(error) from None

    def value(self, column: str, number: int) -> Any:
        """One value of a row; raises IndexDamaged for a text that is none."""
        batch = bisect_right(self._ends, number)
        try:
            return self._columns[column][batch](number - self._starts[batch])
        except UnicodeDecodeError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: UnicodeDecodeError) -> IndexDamaged:
        return IndexDamaged(f"{self._name} holds what is no text: {error}: run vecsearch verify")

    def _row(self, number: int) -> Row:
        batch = bisect_right(self._ends, number)
        place = number - self._starts[batch]
        chunk = Chunk(*[read(place) for read in self._chunks[batch]])
        found = [(key, column[batch](place), told) for key, column, told in self._metadata]
        metadata = {key: told(value) for key, value, told in found if value is not None}
        path, source = self._columns["path"][batch](place), self._columns["source"][batch](place)
        return Row(chunk, path, source, metadata)


def _by_batch(column: pa.ChunkedArray) -> list[_Read]:
    return [_reader(batch) for batch in column.chunks]


def _reader(batch: pa.Array) -> _Read:
    """What gives the value at a place of the batch; None for a missing one."""
    if batch.null_count == len(batch):
        return _nothing
    if not (pa.types.is_string(batch.type) or pa.types.is_integer(batch.type)):
        return partial(_converted, batch)
    valid, first, *_ = batch.buffers()
    read: _Read
    if pa.types.is_string(batch.type):
        places = np.frombuffer(first, np.int32)[batch.offset : batch.offset + len(batch) + 1]
        read = partial(_text, memoryview(batch.buffers()[2] or b""), places)
    else:
        read = partial(_integer, np.frombuffer(first, batch.type.to_pandas_dtype())[batch.offset :])
    return read if not batch.null_count else partial(_if_valid, memoryview(valid), batch.offset, read)


def _nothing(_: int) -> None:
    return None


def _converted(batch: pa.Array, place: int) -> Any:
    return batch[place].as_py()


def _if_valid(valid: memoryview, offset: int, read: _Read, place: int) -> Any:
    """The value where its bit is set, in Arrow's order: the least significant first."""
    byte, bit = divmod(place + offset, 8)
    return read(place) if valid[byte] >> bit & 1 else None


def _text(texts: memoryview, places: Any, place: int) -> str:
    return str(texts[places[place] : places[place + 1]], "utf-8")


def _integer(values: Any, place: int) -> int:
    return int(values[place])
