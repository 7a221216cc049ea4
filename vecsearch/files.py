"""Atomic files: write to a temporary name, flush to the disk, rename into place.

The only module that flushes, renames and removes, so that a test can make each operation fail in turn.
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

from vecsearch.errors import PathNotFound

TEMPORARY = ".tmp-"  # prefix of files that nobody may read yet
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_BY_DESCRIPTOR = hasattr(os, "O_NOFOLLOW") and {os.open, os.unlink, os.rmdir} <= os.supports_dir_fd
_DEEPEST = 20  # folders inside one another; what this program writes has two
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """Yield an unused name in `path`'s folder; a file of that name is removed at the end."""
    temporary = path.with_name(f"{TEMPORARY}{uuid4().hex}")
    try:
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make an OSError name `path` when it names no file, as for a full disk, or a temporary one."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if error.errno and (named is None or Path(os.fsdecode(named)).name.startswith(TEMPORARY)):
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Yield a stream whose content replaces `path` at the end of the block; nothing changes when the block raises.

    A `private` file can be read by its owner alone. Raises PathNotFound where something is that is no file.
    """
    if path.exists() and not path.is_file():  # renaming would remove a device
        raise PathNotFound(f"{path} cannot be written: it is no file: name another")
    with naming(path), temporary_beside(path) as temporary:
        with open(temporary, "wb", opener=_opened_private if private else None) as stream:
            yield stream
            flush(stream)
        move(temporary, path)


def check_output(path: Path) -> None:
    """Raise PathNotFound unless a file can be made or replaced: the folder exists, and no device or folder is there."""
    real = os.path.realpath(path.parent)
    if not os.path.isdir(real) or real == "/dev" or (path.exists() and not path.is_file()):
        raise PathNotFound(f"{path} cannot be written: name a file in a folder that exists")


def _opened_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def move(source: Path, path: Path) -> None:
    """Rename `source`, which is flushed already, to `path`, replacing what was there; flush the folder."""
    os.replace(source, path)
    flush_folder(path.parent)


def create(path: Path, content: bytes) -> None:
    """Create the file `path` with `content` atomically; raises FileExistsError if it exists.

    After another OSError the file may exist or not: it does when the failure came after the link.
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
    """Flush what was written to `stream` to the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def flush_file(path: Path) -> None:
    """Flush a file that something else wrote to the disk."""
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())


def flush_all(paths: Sequence[Path]) -> None:
    """Flush files that something else wrote, and folders, to the disk.

    All at once: a file system then writes its journal once or twice, not for each.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(paths)) as pool:
        for _ in pool.map(lambda path: flush_folder(path) if path.is_dir() else flush_file(path), paths):
            pass


def flush_folder(path: Path) -> None:
    """Flush the names in a folder to the disk; Windows does that by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove a folder as far as possible: files that are open on Windows stay for the next time."""
    _remove_in(path.parent, [path.name], _FOLDER)


def remove_from(folder: Path, names: Sequence[str]) -> None:
    """Remove files and folders from a folder as far as possible, unless the folder is a link.

    Where the system can, everything is removed by descriptors: a link that takes the place of a folder meanwhile is
    removed itself, not what it points to.
    """
    _remove_in(folder, names, _FOLDER | getattr(os, "O_NOFOLLOW", 0))


def _remove_in(folder: Path, names: Sequence[str], flags: int) -> None:
    if not names:
        return
    if not _BY_DESCRIPTOR:
        for path in [folder / name for name in names]:
            shutil.rmtree(path, ignore_errors=True)  # refuses links, junctions among them
            remove_file(path)
        return
    with suppress(OSError):
        parent = os.open(folder, flags)
        try:
            for name in names:
                _remove_at(parent, name, _DEEPEST)
        finally:
            os.close(parent)


def _remove_at(parent: int, name: str, depth: int) -> None:
    """Remove what has this name in the folder of a descriptor; a folder that is nested too deep stays."""
    with suppress(OSError):
        try:
            os.unlink(name, dir_fd=parent)
            return
        except (IsADirectoryError, PermissionError):  # a folder: EPERM on macOS
            if not depth:
                return
        folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        try:
            for below in os.listdir(folder):
                _remove_at(folder, below, depth - 1)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=parent)


def remove_file(path: Path) -> None:
    """Remove a file if possible: one that is open on Windows stays."""
    with suppress(OSError):
        path.unlink()


def remove_folder(path: Path) -> None:
    """Remove a folder if it exists and is empty."""
    with suppress(OSError):
        path.rmdir()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
