"""Rows of .parquet files: by batches, and one by one where a batch holds a value that Python has no word for.

A column of few long texts is small on disk, however often they are repeated: texts stay dictionaries until a row is
made, and what is unpacked counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vecsearch.documents.limits import Exhausted, Limits, megabytes
from vecsearch.documents.row import Readable, Row
from vecsearch.errors import InvalidDocument

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch
    from pyarrow.parquet import FileMetaData, ParquetFile

_BATCH = 1024  # rows in memory at a time
_AT_ONCE = 16_000_000  # bytes that may become Python's values together
_WIDEST_CHARACTER = 4  # bytes
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 4}
_LONGEST_REASON = 200  # characters


def parquet_rows(path: Readable, limits: Limits) -> Iterator[Row]:
    """Yield the rows of the file.

    Raises InvalidDocument when it is no Parquet file or holds more than may be unpacked from a file of its size.
    """
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if not size:
            return
        try:
            metadata = pq.read_metadata(file)
            budget = _Budget(size, limits)
            budget.check(metadata)
            table = pq.ParquetFile(file, metadata=metadata, read_dictionary=_texts(metadata))
        except InvalidDocument:
            raise
        except Exception as error:  # the library raises anything for files that are not as they should be
            raise InvalidDocument(f"{path}: not a readable Parquet file: {_reason(error)}") from error
        yield from _rows(table, budget, limits)


def _rows(table: ParquetFile, budget: _Budget, limits: Limits) -> Iterator[Row]:
    """Yield the rows of all row groups; of one that cannot be read to its end, the others are read."""
    first = 1
    for group in range(table.metadata.num_row_groups):
        number = first
        first += table.metadata.row_group(group).num_rows
        try:
            for batch in table.iter_batches(_BATCH, row_groups=[group], use_threads=False):
                yield from _rows_of(batch, number, budget, limits)
                number += batch.num_rows
        except (Exhausted, MemoryError):
            raise
        except Exception as error:
            yield Row(number, {}, f"rows {number:,} to {first - 1:,} cannot be read: {_reason(error)}")


def _rows_of(batch: RecordBatch, first: int, budget: _Budget, limits: Limits) -> Iterator[Row]:
    """Yield the rows of a batch, the first of which has this number."""
    batch = _readable(batch)
    size = _size(batch)
    if size <= _AT_ONCE:
        budget.spend(size)
        try:
            rows = _unpacked(batch).to_pylist()
        except Exception:  # some row holds a value that cannot be read
            rows = None
        if rows is not None:
            yield from (Row(first + index, values) for index, values in enumerate(rows))
            return
    for index in range(batch.num_rows):
        row = batch.slice(index, 1) if size <= _AT_ONCE else _unpacked(batch.slice(index, 1))
        if size > _AT_ONCE:
            budget.spend(_size(row))
        yield _row(row, first + index, limits)


def _row(batch: RecordBatch, number: int, limits: Limits) -> Row:
    """Return the only row of a batch."""
    values: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.nbytes > (limits.text * _WIDEST_CHARACTER if _is_text(column.type) else _AT_ONCE):
            return Row(number, {}, f"its field {name!r} has {megabytes(column.nbytes)}, too much for one document")
        try:
            values[name] = column[0].as_py()
        except MemoryError:
            raise
        except Exception as error:  # a date that Python cannot express, bytes that are no UTF-8, and the like
            return Row(number, {}, f"its field {name!r} cannot be read: {_reason(error)}")
    return Row(number, values)


def _readable(batch: RecordBatch) -> RecordBatch:
    """Return the batch with times in microseconds, the resolution of Python's, and in UTC for an unknown zone."""
    import pyarrow as pa

    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            wanted = pa.timestamp("us" if field.type.unit == "ns" else field.type.unit, _zone(field.type))
            if wanted != field.type:
                batch = batch.set_column(index, field.name, batch.column(index).cast(wanted, safe=False))
    return batch


def _zone(kind: DataType) -> str | None:
    """Return the time zone of a type, or UTC where nobody knows it."""
    import pyarrow as pa

    zone: str | None = kind.tz
    if zone is None:
        return None
    try:
        pa.scalar(0, kind).as_py()
    except Exception:  # which error depends on the libraries that know time zones
        return "UTC"
    return zone


def _size(batch: RecordBatch) -> int:
    """Return the bytes that the values of a batch take when each is by itself."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            lengths = pc.binary_length(column.dictionary).cast(pa.int64())
            size += pc.sum(lengths.take(column.indices)).as_py() or 0
        else:
            size += column.nbytes
    return size


def _unpacked(batch: RecordBatch) -> RecordBatch:
    """Return the batch without the dictionaries, which belong to all rows."""
    import pyarrow as pa

    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _is_text(kind: DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind))


def _texts(metadata: FileMetaData) -> list[str]:
    """Return the names of the columns whose texts may be repeated."""
    columns = [metadata.schema.column(index) for index in range(len(metadata.schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY" and column.path == column.name]


class _Budget:
    """The bytes that the values of a file may take: in proportion to the file, as for an archive."""

    def __init__(self, size: int, limits: Limits) -> None:
        self._most = self._left = max(limits.always, limits.ratio * size)

    def check(self, metadata: FileMetaData) -> None:
        """Raises Exhausted when the file itself says that it holds more."""
        size = 0
        for group in range(metadata.num_row_groups):
            columns = metadata.row_group(group)
            for column in map(columns.column, range(columns.num_columns)):
                width = _WIDTHS.get(column.physical_type, 1)
                size += max(column.total_uncompressed_size, column.num_values * width)
        if size > self._most:
            self._refuse()

    def spend(self, size: int) -> None:
        """Raises Exhausted when fewer bytes are left."""
        self._left -= size
        if self._left < 0:
            self._refuse()

    def _refuse(self) -> None:
        raise Exhausted(f"unpacks to more than {megabytes(self._most)}: write it as several files")


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST_REASON]
