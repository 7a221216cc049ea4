"""The folder of an index without a path: private to the user, and removed with the object that owns it.

It is in the folder for temporary files, so that it may be larger than memory. It goes when its owner is closed, when
the last reference to it is gone, or when the process ends, after an error too; only a process that is killed leaves it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from weakref import finalize

from vecsearch.storage.store import Store


def temporary_store() -> Store:
    """Return a store in a new folder; files that are indexed are named relative to the working folder."""
    return Store(Path(mkdtemp(prefix="vecsearch-")) / "index", beside=Path.cwd())


@contextmanager
def removed_on_error(store: Store) -> Iterator[None]:
    """Remove the folder of a temporary store when the block raises."""
    try:
        yield
    except BaseException:
        _remove(store.path.parent, os.getpid())
        raise


def remove_with(owner: object, store: Store) -> Callable[[], object]:
    """Remove the folder of a temporary store with its owner; return a function that removes it at once."""
    return finalize(owner, _remove, store.path.parent, os.getpid())


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not when a forked child ends
        shutil.rmtree(folder, ignore_errors=True)
