"""Rows of .csv and .tsv files. One whose quotes are never closed, or whose field is too long, fails alone."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from vecsearch.documents.limits import Limits
from vecsearch.documents.row import Readable, Row, open_text, too_long

_MOST_RETURNS = 10  # times that lines are read again because a quote before them was never closed
_PART = 1 << 20  # characters of a line in memory at a time, where the row is left out
_QUOTED = re.compile('"[^"]*"?')
_WIDE = "field larger than field limit"  # how the csv module begins to say so


def csv_rows(path: Readable, limits: Limits) -> Iterator[Row]:
    """Yield the rows below the header. Raises NotText and OSError."""
    with open_text(path, newline="") as file:
        lines = _Lines(file, limits)
        delimiter = _delimiter(lines.peek())
        header: list[str] | None = None
        while True:
            begins = lines.number + 1
            cells = _next_cells(lines, delimiter, limits)
            if cells is None:
                return
            if isinstance(cells, str):
                yield Row(lines.number, {}, cells)
            elif header is None:
                header = [name.strip() for name in cells] or None
            elif cells:
                yield _row(lines.number, header, cells)._replace(begins=begins)


def _row(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(number, {}, f"{len(cells):,} fields; the header has {len(header)}")
    return Row(number, {name: cell or None for name, cell in zip(header, cells, strict=False) if name})


class _Lines:
    """The lines of a file for the csv module, a row at a time: what it has taken for a row can be given back."""

    def __init__(self, file: TextIO, limits: Limits) -> None:
        self.number = 0  # of the line taken last
        self.is_odd = False  # whether the row has an odd number of quotes: a quoted field has no end yet
        self.is_open = False  # whether the file has ended inside a quoted field
        self._returns = 0
        self._file = file
        self._most = limits.text
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Take the next line. Raises StopIteration at the end, and csv.Error where the row becomes too long."""
        line = self._read()
        if not line:
            self.is_open = self._size > 0  # only a quoted field goes on in the next line
            raise StopIteration
        if self._size + len(line) > self._most + 1:
            self._end_line(line)
            raise csv.Error(_WIDE)
        self.is_odd ^= line.count('"') % 2 == 1
        self.number += 1
        self._taken.append(line)
        self._size += len(line)
        return line

    def peek(self) -> str:
        """Return the first line, which is taken later, or as much of it as a row may have."""
        line = self._read()
        if line:
            self._again.appendleft(line)
        return line

    def begin(self) -> None:
        """Begin a row."""
        self.is_odd = self.is_open = False
        self._taken, self._size = [], 0

    def give_back(self) -> None:
        """Let the lines of the row after its first be taken again, unless that was done too often."""
        self._returns += 1
        if self._returns <= _MOST_RETURNS:
            self._again.extendleft(reversed(self._taken[1:]))
            self.number -= len(self._taken) - 1

    def skip(self) -> None:
        """Take lines up to the end of the row: the first after which all quotes are closed."""
        self._taken = []
        while self.is_odd and (line := self._read()):
            self._end_line(line)

    def _read(self) -> str:
        """Return the next line, or the part of it that a row may have."""
        return self._again.popleft() if self._again else self._file.readline(self._most + 2)

    def _end_line(self, line: str) -> None:
        """Take the rest of a line that begins with `line`, in parts, for its quotes alone."""
        self.is_odd ^= line.count('"') % 2 == 1
        while not line.endswith(("\n", "\r")) and (line := self._again_or(_PART)):
            self.is_odd ^= line.count('"') % 2 == 1
        self.number += 1

    def _again_or(self, size: int) -> str:
        return "" if self._again else self._file.readline(size)


def _next_cells(lines: _Lines, delimiter: str, limits: Limits) -> list[str] | str | None:
    """Return the next row's cells, or what is wrong with it; None at the end.

    The csv module's limit for the size of a field is global and too low for texts: it is raised for one row at a time.
    """
    lines.begin()
    before = csv.field_size_limit(limits.text)
    try:
        cells: list[str] | None = next(csv.reader(lines, delimiter=delimiter, strict=False), None)
    except csv.Error as error:
        lines.skip()
        reason = str(error)
        return too_long(limits) if reason.startswith(_WIDE) else f"not valid CSV: {reason}"
    finally:
        csv.field_size_limit(before)
    if lines.is_open:
        lines.give_back()
        return "not valid CSV: a quote in it is never closed"
    return cells


def _delimiter(header: str) -> str:
    """Return whichever of comma, semicolon and tab is most frequent in the header outside quotes; comma if none is."""
    unquoted = _QUOTED.sub("", header)
    return max(",;\t", key=unquoted.count)
