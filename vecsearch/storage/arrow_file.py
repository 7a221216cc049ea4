"""Read an Arrow file that may come from anybody: what it says is checked before Arrow unpacks or allocates anything.

A compressed buffer states its own size, and a file of kilobytes can state and fill gigabytes. So the messages of the
file are read one after another, and how much a batch unpacks to is known before it is. The footer, which repeats where
the batches are, is not needed. What the arrays hold is not checked here: see mapped_rows.py.
"""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa

_MAGIC, _END = b"ARROW1\0\0", b"ARROW1"
_HEADER, _BUFFERS, _COMPRESSION = 2, 2, 3  # fields of Message and RecordBatch in Arrow's Message.fbs


def read_table(buffer: Any, most_unpacked: int = 0) -> pa.Table:
    """Return the table in an Arrow buffer, uncompressed columns without a copy.

    Raises ArrowInvalid for anything else than batches that unpack to `most_unpacked` bytes at most, and what Arrow
    raises for a malformed file: ArrowException, OSError, ValueError, MemoryError.
    """
    content = memoryview(buffer)
    if content[: len(_MAGIC)] != _MAGIC or content[-len(_END) :] != _END:
        raise pa.ArrowInvalid("it is not a whole Arrow file")
    reader = pa.BufferReader(buffer)
    reader.seek(len(_MAGIC))
    schema = pa.ipc.read_schema(pa.ipc.read_message(reader))
    _ = schema.names  # decodes them: they may be no UTF-8
    batches, unpacked = [], 0
    while (message := _next(reader)) is not None:
        if message.type != "record batch":
            raise pa.ArrowInvalid(f"it has a message of the type {message.type}, expected batches only")
        unpacked += _unpacked(message)
        if unpacked > most_unpacked:
            raise pa.ArrowInvalid(f"it unpacks to {unpacked:,} bytes or more, expected at most {most_unpacked:,}")
        batches.append(pa.ipc.read_record_batch(message, schema))
    table = pa.Table.from_batches(batches, schema)
    table.validate()  # lengths of columns and buffers, so that numbers are safe to read
    return table


def _next(reader: Any) -> Any:
    """Return the next message; None at the mark that ends them."""
    try:
        return pa.ipc.read_message(reader)
    except EOFError:
        return None


def _unpacked(message: Any) -> int:
    """Return how many bytes the compressed buffers of a batch say they unpack to; 0 for an uncompressed batch."""
    content, body = memoryview(message.metadata), memoryview(message.body or b"")
    try:
        batch = _target(content, _field(content, _target(content, 0), _HEADER))
        if not _field(content, batch, _COMPRESSION):
            return 0
        total, buffers = 1, _target(content, _field(content, batch, _BUFFERS))  # 1: even an empty one is compressed
        for number in range(struct.unpack_from("<I", content, buffers)[0]):
            offset, length = struct.unpack_from("<qq", content, buffers + 4 + 16 * number)
            if length:
                total += max(0, struct.unpack_from("<q", body, offset)[0])
    except struct.error as error:
        raise pa.ArrowInvalid(f"a message of it cannot be read: {error}") from None
    return total


def _target(content: memoryview, place: int) -> int:
    """Return where the offset at a place of a flatbuffer leads to."""
    return place + int(struct.unpack_from("<I", content, place)[0])


def _field(content: memoryview, table: int, number: int) -> int:
    """Return where a field of a flatbuffer's table is; 0 for one that is absent."""
    fields = table - struct.unpack_from("<i", content, table)[0]
    place = 4 + 2 * number
    if place >= struct.unpack_from("<H", content, fields)[0]:
        return 0
    offset = int(struct.unpack_from("<H", content, fields + place)[0])
    return table + offset if offset else 0
