"""Files for tests of sync, with times that say "written long ago" unless a test wants them young."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LONG_AGO = 1_600_000_000_123_456_789  # no whole second: a file system with coarse times would look like that
_ticks = itertools.count()


def write(path: Path, content: str | bytes) -> Path:
    """The file with this content, and with a time of its own, long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return touch(path)


def touch(path: Path) -> Path:
    """The file as it is, with another time."""
    time = _LONG_AGO + next(_ticks) * 10_000_000_000
    os.utime(path, ns=(time, time))
    return path


def write_records(path: Path, records: Mapping[str, str] | list[Any]) -> Path:
    """A .jsonl file: a record for each id and text, or for each line as it stands."""
    if isinstance(records, Mapping):
        records = [json.dumps({"id": identifier, "text": text}) for identifier, text in records.items()]
    return write(path, "".join(f"{line}\n" for line in records))


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte by byte."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
