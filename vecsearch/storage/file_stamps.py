"""The stamps of the files an index was made from, so that unchanged files need not be read again, and its roots.

A table of path, size and times: a hint, not a record. If it is missing or stale, files are read and compared by
content; only time is lost.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vecsearch.errors import IndexDamaged
from vecsearch.storage.roots import StoredRoot, decode_roots, encode_roots

if TYPE_CHECKING:
    import pyarrow as pa

_ROOTS = b"vecsearch.roots"
_SAME_TICK_NS = 50_000_000  # a file written less than this before it was read may change again within the same tick
_SECOND_NS = 1_000_000_000  # the tick of file systems that keep whole seconds (two on FAT)
_DAMAGE = (OSError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError)
_NEEDED = 5  # columns: an older release did not note the others
_MOST_UNPACKED, _MOST_RATIO = 16 << 20, 64  # bytes, and bytes for each byte of the file: paths compress well


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was read: its size and time, how it was read, and the number of its documents."""

    size: int
    mtime_ns: int
    reading: str  # what else affects what is read from it, such as the fields of records
    documents: int
    changed_ns: int | None = None  # these two: see SourceFile; None where the system or an older release noted none
    inode: int | None = None

    def fits(self, now: Stamp, *, trust_inodes: bool = True) -> bool:
        """Whether a file with the stamp `now` is as it was when it had this one.

        A program may set size and modification time back (rsync -t, cp -p, a build with SOURCE_DATE_EPOCH), but not
        the time of the change itself.
        """
        own = (self.size, self.mtime_ns, self.reading, self.documents)
        return (
            own == (now.size, now.mtime_ns, now.reading, now.documents)
            and _agree(self.changed_ns, now.changed_ns)
            and (not trust_inodes or _agree(self.inode, now.inode))
        )


def _agree(known: int | None, now: int | None) -> bool:
    return known is None or now is None or known == now


def inodes_last(pairs: Iterable[tuple[Stamp, Stamp]]) -> bool:
    """Whether files keep their numbers from one run to the next, judged by stamps that are equal otherwise.

    Some network file systems number the files each time they are mounted. There all numbers differ, although no time
    does, which no copying or restoring of files brings about.
    """
    same = [known.inode == now.inode for known, now in pairs if known.inode is not None and now.inode is not None]
    return len(same) < 2 or any(same)


def is_settled(mtime_ns: int, read_at_ns: int) -> bool:
    """Whether any later change to a file gives it a modification time other than `mtime_ns`.

    Git takes the same care with files as young as its index (git documentation, "racy-git").
    """
    tick = 2 * _SECOND_NS if mtime_ns % _SECOND_NS == 0 else _SAME_TICK_NS
    return read_at_ns - mtime_ns > tick


def encode_stamps(stamps: Mapping[str, Stamp], roots: Sequence[StoredRoot] = ()) -> bytes:
    """Return the table as an Arrow IPC file, sorted by path, with the roots in its schema's metadata."""
    import pyarrow as pa

    paths = sorted(stamps)
    columns = [paths, *([getattr(stamps[path], name) for path in paths] for name in _schema().names[1:])]
    table = pa.table(columns, schema=_schema())
    if roots:
        table = table.replace_schema_metadata({_ROOTS: encode_roots(roots)})
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _schema() -> pa.Schema:
    """Return the columns of the table: the path, and the fields of a stamp."""
    import pyarrow as pa

    kinds = {"path": pa.string(), "size": pa.int64(), "mtime_ns": pa.int64(), "reading": pa.string()}
    return pa.schema({**kinds, "documents": pa.int64(), "changed_ns": pa.int64(), "inode": pa.int64()})


def decode_stamps(content: bytes, name: str) -> dict[str, Stamp]:
    """Return the stamps by path; raises IndexDamaged, which names the content, when it is not such a table."""
    import pyarrow as pa

    from vecsearch.storage.arrow_file import read_table

    try:
        table = read_table(pa.py_buffer(content), _MOST_UNPACKED + _MOST_RATIO * len(content))
        table.validate(full=True)
        if list(table.schema)[:_NEEDED] != list(_schema())[:_NEEDED] or not set(table.schema) <= set(_schema()):
            raise pa.ArrowInvalid(f"it holds the columns {', '.join(table.schema.names)}")
        if any(column.null_count for column in table.columns[:_NEEDED]):
            raise pa.ArrowInvalid("a value is missing")
        columns = table.to_pydict()
        unknown = [None] * len(columns["path"])  # an older release did not note the last two
        names = ("size", "mtime_ns", "reading", "documents")
        later = [columns.get(name, unknown) for name in ("changed_ns", "inode")]
        rows = zip(*(columns[name] for name in names), *later, strict=True)
        return {name: Stamp(*row) for name, row in zip(columns["path"], rows, strict=True)}
    except (*_DAMAGE, pa.ArrowException) as error:
        raise IndexDamaged(f"{name} cannot be read: {error}: run vecsearch verify") from None


def count_files(stamps: Mapping[str, Stamp]) -> tuple[dict[str, int], int]:
    """Return how many files gave documents, by the end of their name, most first, and the bytes of all of them."""
    held = {path: stamp.size for path, stamp in stamps.items() if stamp.documents}
    counts = Counter(PurePosixPath(path).suffix.lower().lstrip(".") or "none" for path in held)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))), sum(held.values())


def decode_stamp_roots(content: bytes, name: str) -> tuple[StoredRoot, ...]:
    """Return the roots in such a table, none in one of an older release; raises IndexDamaged."""
    import pyarrow as pa

    try:
        return decode_roots((pa.ipc.open_file(content).schema.metadata or {}).get(_ROOTS, b"[]"))
    except (*_DAMAGE, pa.ArrowException) as error:
        raise IndexDamaged(f"{name} cannot be read: {error}: run vecsearch verify") from None
