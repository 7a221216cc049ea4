"""Who is who in tests of what other users can do: as root, files of anybody and a life as an ordinary user."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MALLORY = 54321  # nobody has this number
ORDINARY = 65534

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes files of other users"
)
needs_owners = pytest.mark.skipif(os.name == "nt", reason="Windows does not say whose a file is")


def given_to(path: Path, user: int = MALLORY) -> Path:
    """A file, link or folder with all that is in it, which belongs to another user from now on."""
    for place in (path, *(path.rglob("*") if path.is_dir() and not path.is_symlink() else ())):
        os.chown(place, user, -1, follow_symlinks=False)
    return path


@pytest.fixture
def ordinary() -> Iterator[Path]:
    """A folder of an ordinary user, as whom the test runs: root may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, ORDINARY, -1)
        os.seteuid(ORDINARY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700)
        shutil.rmtree(folder)
