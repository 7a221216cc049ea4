"""One row of a file of records, and the lines of such a file where it is text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol, TextIO

from vecsearch.documents.charsets import encoding_of_stream
from vecsearch.documents.limits import Limits

_SKIPPED = 1 << 20  # characters of a line too long to be read that are in memory at a time


class Readable(Protocol):
    """A file on disk or inside another file; `str()` of it is its name for people."""

    @property
    def suffix(self) -> str:
        """The extension of its name: ".csv"."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it at its first byte. Raises OSError."""


class Row(NamedTuple):
    """One row. `number` is the line it ends on, in Parquet its position, from 1; `problem`: why `values` is empty.

    `begins` is the line it begins on, where that may be another one.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None
    begins: int | None = None


@contextmanager
def open_text(path: Readable, newline: str | None) -> Iterator[TextIO]:
    """Open the file as text in its own encoding, which a first pass detects in constant memory.

    Raises NotText when it is binary.
    """
    with path.open("rb") as file:
        encoding = encoding_of_stream(file)
        file.seek(0)
        yield TextIOWrapper(file, encoding, "replace", newline)


def bounded_lines(lines: TextIO, limits: Limits) -> Iterator[str | None]:
    """Yield the lines; None for one with more characters than a text may have, which is never in memory as a whole."""
    most = limits.text + 1  # with its end
    while line := lines.readline(most + 1):
        if len(line) <= most:
            yield line
            continue
        while not line.endswith("\n") and (line := lines.readline(_SKIPPED)):
            pass
        yield None


def too_long(limits: Limits) -> str:
    """Return what is wrong with a line or field that has too many characters."""
    return f"more than {limits.text:,} characters, too long for one document: split it"
