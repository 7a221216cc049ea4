"""Why a file or a row gave no document: a Skip held nothing to index, any other Failure could not be read.

A document made earlier from what is now skipped is deleted; one made from what now fails stays in the index.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure


class NoRecords(InvalidDocument):
    """A file with the extension of records whose rows lack a field that every record needs."""


@dataclass(frozen=True, slots=True)
class Skip(Failure):
    """A file or row with nothing to index, and why: empty, only white space, or binary."""


def os_reason(error: OSError) -> str:
    """Return the operating system's own words for `error`, without the path."""
    reason = error.strerror or str(error) or type(error).__name__
    return reason[0].lower() + reason[1:]


def printable(path: str | os.PathLike[str]) -> str:
    r"""Return `path` as text that any terminal and file can hold; bytes that are not UTF-8 appear as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
