"""The stamps of the files an index was made from, so that unchanged files need not be read again.

A table of path, size and modification time: a hint, not a record. If it is missing or stale, files are read and
compared by content; only time is lost.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from vecsearch.errors import IndexDamaged

_SAME_TICK_NS = 50_000_000  # a file written less than this before it was read may change again within the same tick
_SECOND_NS = 1_000_000_000  # the tick of file systems that keep whole seconds (two on FAT)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was read: its size and time, how it was read, and the number of its documents."""

    size: int
    mtime_ns: int
    reading: str  # what else affects what is read from it, such as the fields of records
    documents: int


def is_settled(mtime_ns: int, read_at_ns: int) -> bool:
    """Whether any later change to a file gives it a modification time other than `mtime_ns`.

    Git takes the same care with files as young as its index (git documentation, "racy-git").
    """
    tick = 2 * _SECOND_NS if mtime_ns % _SECOND_NS == 0 else _SAME_TICK_NS
    return read_at_ns - mtime_ns > tick


def encode_stamps(stamps: Mapping[str, Stamp]) -> bytes:
    """Return the table as an Arrow IPC file, sorted by path."""
    import pyarrow as pa

    paths = sorted(stamps)
    table = pa.table(
        {
            "path": pa.array(paths, pa.string()),
            "size": pa.array([stamps[path].size for path in paths], pa.int64()),
            "mtime_ns": pa.array([stamps[path].mtime_ns for path in paths], pa.int64()),
            "reading": pa.array([stamps[path].reading for path in paths], pa.string()),
            "documents": pa.array([stamps[path].documents for path in paths], pa.int64()),
        }
    )
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def decode_stamps(content: bytes, name: str) -> dict[str, Stamp]:
    """Return the stamps by path; raises IndexDamaged, which names the content, when it is not such a table."""
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(content).read_all()
        table.validate(full=True)
        columns = table.to_pydict()
        rows = zip(columns["size"], columns["mtime_ns"], columns["reading"], columns["documents"], strict=True)
        return {name: Stamp(*row) for name, row in zip(columns["path"], rows, strict=True)}
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, MemoryError) as error:
        raise IndexDamaged(f"{name} cannot be read: {error}: run vecsearch verify") from None
