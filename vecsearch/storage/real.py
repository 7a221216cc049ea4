"""Real files and folders: what lies inside an index is never reached through a link.

An index may come from anybody, and archives and git carry symbolic links. One in place of a folder would make a writer
delete what it points to; one in place of a file, a FIFO or a device could hang a reader or empty another file. So
everything below the folder of an index is checked to be what it should be before it is opened. The folder itself may
be a link, as it is when an index lies on another disk.

A hard link is a file like any other: backup tools make them, files of an index are replaced rather than changed, and
deleting removes one name only. Only a lock file, which is written in place, must have no second name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from vecsearch.errors import IndexDamaged

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
}
_MOUNT_POINT = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT of winnt.h
_CAREFULLY = (  # for what takes the place of a checked file
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def check_folder(path: str | Path) -> None:
    """Raise IndexDamaged unless the path is a folder, not a link to one, or does not exist."""
    found = _found(path)
    if found is not None and (not stat.S_ISDIR(found.st_mode) or _is_junction(found)):
        raise IndexDamaged(f"{path} is {kind_of(found)}, expected a folder: {_advice(found)}")


def check_file(path: str | Path) -> os.stat_result:
    """Return the status of a regular file; raises IndexDamaged for anything else, FileNotFoundError."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or _is_junction(found):
        raise IndexDamaged(f"{path} is {kind_of(found)}, expected a file: {_advice(found)}")
    return found


def check_lock(path: Path) -> None:
    """Raise IndexDamaged unless the path is a regular file without another name, or does not exist."""
    try:
        _check_one_name(path, check_file(path))
    except FileNotFoundError:
        return


def open_in_place(path: Path) -> int:
    """Return a descriptor to read and change a lock file; raises IndexDamaged for another file, OSError."""
    descriptor = os.open(path, os.O_RDWR | _CAREFULLY)
    try:
        _check_one_name(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_one_name(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise IndexDamaged(
            f"{path} has {found.st_nlink} names (hard links), expected one, because it is written in place: "
            f"remove it, a write creates it"
        )


def read_file(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a regular file.

    Raises IndexDamaged for anything else and for a file of more than `most` bytes, FileNotFoundError, OSError.
    """
    size = check_file(path).st_size
    if most is not None and size > most:
        raise IndexDamaged(f"{path} has {size:,} bytes, expected at most {most:,}: run vecsearch verify")
    with os.fdopen(os.open(path, os.O_RDONLY | _CAREFULLY), "rb") as stream:
        return stream.read()


def is_at_home(path: Path) -> bool:
    """Whether a path is below the user's home folder, where a new index is for the user alone."""
    try:
        return path.resolve().is_relative_to(Path.home().resolve())
    except (RuntimeError, OSError):  # the user has no home
        return False


def kind_of(found: os.stat_result) -> str:
    """Return what a file is, for people."""
    return "a junction" if _is_junction(found) else _KINDS.get(stat.S_IFMT(found.st_mode), "no regular file")


def _advice(found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode) or _is_junction(found):
        return "an index has no links inside; do not use it unless you made the link, and then move the files back"
    return "it is no part of an index; remove it, then run vecsearch verify"


def _found(path: str | Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_junction(found: os.stat_result) -> bool:
    """Whether it is another kind of link that Windows has: lstat() shows a junction as a folder."""
    return bool(getattr(found, "st_reparse_tag", 0) == _MOUNT_POINT)
