"""The files an index was made from, so that unchanged ones need not be read again.

A table of path, size and modification time: a hint and no record. Where it is missing or stale, files are read and
compared by content; nothing is lost but time.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vecsearch.errors import IndexDamaged

_SAME_TICK_NS = 50_000_000  # a file written this shortly before it was read may change again in the same tick
_SECOND_NS = 1_000_000_000  # the tick of file systems that keep whole seconds (two on FAT)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was when it was read: its size and time, how it was read, and how many documents it gave."""

    size: int
    mtime_ns: int
    reading: str  # what else decides what is read from it, such as the fields of records
    documents: int


def is_settled(mtime_ns: int, read_at_ns: int) -> bool:
    """Whether a later change to a file must give it another modification time than `mtime_ns`.

    The same caution as Git's with an index file younger than the file (git documentation, "racy-git").
    """
    tick = 2 * _SECOND_NS if mtime_ns % _SECOND_NS == 0 else _SAME_TICK_NS
    return read_at_ns - mtime_ns > tick


def to_bytes(stamps: Mapping[str, Stamp]) -> bytes:
    """The table as an Arrow IPC file, sorted by path."""
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


def read(path: Path) -> dict[str, Stamp]:
    """The stamps by path; raises IndexDamaged when the file is not such a table."""
    import pyarrow as pa

    try:
        columns = pa.ipc.open_file(path.read_bytes()).read_all().to_pydict()
        rows = zip(columns["size"], columns["mtime_ns"], columns["reading"], columns["documents"], strict=True)
        return {name: Stamp(*row) for name, row in zip(columns["path"], rows, strict=True)}
    except (pa.ArrowInvalid, OSError, KeyError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}: run vecsearch verify") from None
