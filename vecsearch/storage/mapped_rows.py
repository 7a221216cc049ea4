"""The rows of a segment, mapped from rows.arrow, and safe to compute on.

Arrow trusts what a file says: text whose offsets are damaged makes it read outside the file, which ends the process. So
a column is validated as a whole before anything is computed from it; columns that nobody uses are never read. What
RowReader reads one row at a time needs no validation, as it slices bytes whose bounds Python checks.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from vecsearch.errors import IndexDamaged
from vecsearch.storage.arrow_file import read_table
from vecsearch.storage.buffers import open_buffer
from vecsearch.storage.rows import check_rows


class MappedRows:
    """A table of rows for any number of threads; raises IndexDamaged for what is not as Arrow writes it.

    `unchecked` has the columns as they are mapped: do not compute from them.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        """Open the file, or `content` in its place, and read no rows."""
        self._path = path
        self._checked: dict[str, pa.ChunkedArray] = {}
        try:
            self._buffer = open_buffer(path, content)
            self.unchecked = read_table(self._buffer)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise self.damaged(error) from None
        check_rows(self.unchecked, str(path))

    @property
    def schema(self) -> pa.Schema:
        """The names and types of the columns."""
        return self.unchecked.schema

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        names: list[str] = self.unchecked.column_names
        return names

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return int(self.unchecked.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column, validated on first use."""
        if name not in self._checked:  # two threads may both validate it
            column = self.unchecked.column(name)
            try:
                column.validate(full=True)
            except (pa.ArrowException, ValueError) as error:
                raise self.damaged(error, name) from None
            self._checked[name] = column
        return self._checked[name]

    def whole(self) -> pa.Table:
        """Return all rows with all columns validated."""
        return pa.table([self.column(name) for name in self.column_names], schema=self.schema)

    def filter(self, kept: Any) -> pa.Table:
        """Return the rows where `kept`, Arrow booleans, is true."""
        return self.whole().filter(kept)

    def take(self, rows: Any) -> pa.Table:
        """Return the rows with these numbers, an Arrow array."""
        return self.whole().take(rows)

    def slice(self, first: int, count: int) -> pa.Table:
        """Return `count` rows from `first` on."""
        return self.whole().slice(first, count)

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes that are mapped, whatever is at the path by now."""
        return hashlib.sha256(memoryview(self._buffer)).hexdigest()

    def damaged(self, error: Exception, column: str | None = None) -> IndexDamaged:
        """Return the error for what is damaged in the file, or in one of its columns."""
        where = f"{self._path}, column {column}," if column else f"{self._path}"
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return IndexDamaged(f"{where} cannot be read: {reason}: run vecsearch verify --repair")
