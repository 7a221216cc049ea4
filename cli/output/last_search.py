"""The hits that a terminal showed last, so that `vecsearch open N` finds them: places alone, no texts.

They are kept in the user's state folder ($VECSEARCH_CACHE, where that is set), in a file for each terminal that only
the user may read.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vecsearch import Hit

_FOLDER = "last-search"
_MOST = 64  # terminals remembered


class Target(NamedTuple):
    """Where a hit is: its file or URL, None for what is from neither; its line; whether it has lines at all."""

    source: str | None
    line: int
    paged: bool


def remember(hits: Sequence[Hit]) -> None:
    """Keep where these hits are. What cannot be written is not remembered: a search must not fail for that."""
    with suppress(OSError):
        file = _file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        targets = [Target(hit.source, hit.line, bool(hit.page or (hit.place and hit.row is None))) for hit in hits]
        temporary = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
            json.dump(targets, stream)
        os.replace(temporary, file)
        _forget_old(file.parent)


def recall() -> list[Target]:
    """Return where the hits of this terminal's last search are; empty when there was no search."""
    try:
        content = json.loads(_file().read_text(encoding="utf-8", errors="surrogateescape"))
        return [Target(source, int(line), bool(paged)) for source, line, paged in content]
    except (OSError, ValueError, TypeError):
        return []


def _file() -> Path:
    return _state_folder() / _FOLDER / f"{hashlib.sha256(_terminal().encode()).hexdigest()[:32]}.json"


def _state_folder() -> Path:
    if folder := os.environ.get("VECSEARCH_CACHE"):
        return Path(folder)
    from platformdirs import user_state_path

    return user_state_path("vecsearch", appauthor=False)


def _terminal() -> str:
    """Return a name of this terminal, or of the session of processes where there is none."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            return os.ttyname(stream.fileno())
    return f"session {os.getsid(0) if hasattr(os, 'getsid') else os.getppid()}"


def _forget_old(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[:-_MOST]:
        file.unlink(missing_ok=True)
