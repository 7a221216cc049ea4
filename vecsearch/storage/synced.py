"""When each root was last brought in step, in one small file beside the versions: a run that finds nothing new commits
no version. A hint for people: losing it loses nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from vecsearch.errors import IndexDamaged
from vecsearch.files import replacing
from vecsearch.storage.manifest import now
from vecsearch.storage.real import read_file

SYNCED = "synced.json"


def read_synced(index: Path) -> dict[str, str]:
    """Return the time, ISO 8601 in UTC, by the key of the root; empty when the file is missing or damaged."""
    with suppress(OSError, ValueError, RecursionError, IndexDamaged):
        content = json.loads(read_file(index / SYNCED))
        if isinstance(content, dict):
            return {key: time for key, time in content.items() if isinstance(time, str)}
    return {}


def note_synced(index: Path, keys: Collection[str], kept: Collection[str]) -> None:
    """Note that the roots `keys` are in step now, and forget all but the roots `kept`. The caller holds the lock."""
    times = {**read_synced(index), **dict.fromkeys(keys, now())}
    content = json.dumps({key: time for key, time in sorted(times.items()) if key in kept}, indent=1)
    with suppress(OSError), replacing(index / SYNCED) as stream:
        stream.write(content.encode())
