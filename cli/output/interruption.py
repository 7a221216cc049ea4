"""What Ctrl-C leaves behind of a run of `vecsearch index`: what is kept, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .text import plural, shown_path

if TYPE_CHECKING:
    from vecsearch import Index


@contextmanager
def interruption_explained(index: Index, path: Path, *, dry_run: bool = False) -> Iterator[None]:
    """Let a KeyboardInterrupt of the block say what is kept of the run that it ends."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was changed" if dry_run else _kept(index, path)) from None


def _kept(index: Index, path: Path) -> str:
    from vecsearch import VecsearchError
    from vecsearch.models import Cache

    documents = "what was committed"
    with suppress(VecsearchError, OSError):
        index.refresh()
        documents = plural(index.info().documents, "document")
    cache = Cache()
    vectors = f", and vectors that were encoded are in {cache.path.parent}" if cache.path.exists() else ""
    return f"{shown_path(path)} has {documents}{vectors}; run the same command again to continue"
