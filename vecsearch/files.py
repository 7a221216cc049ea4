"""Files that are either wholly there or not at all: write aside, flush to the disk, rename into place.

The only place that flushes, renames and removes, so that a test can make each operation fail in turn.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

TEMPORARY = ".tmp-"  # how the name of a file begins that no one may read yet
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A free name in `path`'s folder; whatever carries it at the end is removed."""
    temporary = path.with_name(f"{TEMPORARY}{uuid4().hex}")
    try:
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError that says no file, as when the disk is full, or a temporary one, says `path`."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if error.errno and (named is None or Path(os.fsdecode(named)).name.startswith(TEMPORARY)):
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content is at `path` after the block, or, when the block raises, what was there before."""
    with naming(path), temporary_beside(path) as temporary:
        with open(temporary, "wb") as stream:
            yield stream
            flush(stream)
        move(temporary, path)


def move(source: Path, path: Path) -> None:
    """The file `source`, flushed already, is at `path` instead of what was there, on the disk."""
    os.replace(source, path)
    flush_folder(path.parent)


def create(path: Path, content: bytes) -> None:
    """Makes the file `path` with `content`, atomically and only if there is none: raises FileExistsError.

    After another OSError the file may be there or not: it is when the failure came after the link.
    """
    with naming(path), temporary_beside(path) as temporary:
        with open(temporary, "wb") as stream:
            stream.write(content)
            flush(stream)
        _link_or_rename(temporary, path)
        flush_folder(path.parent)


def _link_or_rename(temporary: Path, path: Path) -> None:
    if os.name == "nt":
        os.rename(temporary, path)  # refuses an existing name on Windows
        return
    try:
        os.link(temporary, path)  # refuses an existing name
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if path.exists():  # a file system without links: the writer's lock is what keeps this test true
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(temporary, path)


def flush(stream: BinaryIO) -> None:
    """What was written to `stream` is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def flush_file(path: Path) -> None:
    """The content of a file that something else wrote is on the disk."""
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())


def flush_all(paths: Sequence[Path]) -> None:
    """The content of files that something else wrote, and the names in folders, are on the disk.

    All are flushed at once: a file system with a journal then writes it once or twice, and not for each.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(paths)) as pool:
        for _ in pool.map(lambda path: flush_folder(path) if path.is_dir() else flush_file(path), paths):
            pass


def flush_folder(path: Path) -> None:
    """The names in the folder are on the disk; Windows does that by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """The folder is gone, or as much of it as could be removed: what is open on Windows stays for the next time."""
    shutil.rmtree(path, ignore_errors=True)


def remove_file(path: Path) -> None:
    """The file is gone, if it could be removed: what is open on Windows stays."""
    with suppress(OSError):
        path.unlink()


def remove_folder(path: Path) -> None:
    """The folder is gone, if it was there and empty and could be removed."""
    with suppress(OSError):
        path.rmdir()


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content in hexadecimal digits, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
