"""What became of a file or a row that gave no document: skipped, or failed. No reading happens here.

A `Skip` holds nothing to index, so a document made of it before may go; any other `Failure` could not be
found out, so what the index holds of it stays.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure


class NoRecords(InvalidDocument):
    """A file looks like records by its name, but its rows lack a field that every record needs."""


@dataclass(frozen=True, slots=True)
class Skip(Failure):
    """A file or row with nothing to index, and why: empty, only white space, or binary."""


def os_reason(error: OSError) -> str:
    """The operating system's own words for `error`, without the path."""
    reason = error.strerror or str(error) or type(error).__name__
    return reason[0].lower() + reason[1:]


def printable(path: str | os.PathLike[str]) -> str:
    r"""`path` as text that any terminal and file takes; bytes that are not UTF-8 appear as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
