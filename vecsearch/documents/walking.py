"""Roots -> the files to index, each once, in a fixed order. Looks at names and sizes; opens nothing but `.gitignore`.

Paths are plain text inside this file: with many files, `os` and text are several times faster than `Path`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vecsearch.documents.ignoring import Rules, enclosing_rules, is_ignored, read_gitignore, rules_below
from vecsearch.documents.outcomes import Skip, os_reason, printable
from vecsearch.documents.selection import Matcher, Selection
from vecsearch.errors import PathNotFound
from vecsearch.reports import Failure

_BAD_NAME = "its name is not valid UTF-8"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file to index. `named`: it is a root itself, so it is taken even when hidden or ignored."""

    path: Path
    size: int
    mtime_ns: int
    named: bool


def scan(roots: Sequence[Path], selection: Selection | None = None) -> Iterator[SourceFile | Failure]:
    """Every file at or below `roots`, once: roots that are files, then folders, then what links lead to.

    Roots come in the order given; in a folder files come before subfolders, both sorted by name. Below a root these
    are passed over: names that begin with a dot, what `.gitignore` files ignore, indexes and virtual environments.
    What cannot be taken is a `Skip` (no regular file, a link to nothing) or a `Failure` (could not be read; one that
    names a folder says that nothing is known of what is in it). Raises PathNotFound, before anything else is done,
    when a root does not exist.
    """
    for root in roots:
        _check_exists(root)
    return _Walk(selection or Selection()).run(roots)


def _check_exists(root: Path) -> None:
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise PathNotFound(f"there is no file or folder {printable(root)}: check the path") from error
    except OSError:
        return  # it may exist; the walk reports what is wrong with it


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    real: str  # the same without links: tells folders apart
    way: str  # from its root, as globs see it: "" or "some/folder/"
    rules: Rules
    is_root: bool = False


class _Walk:
    """One scan: where it has been, and the links put off to its end.

    Links wait so that a file inside the roots is known by its own path, not by that of a link to it.
    """

    def __init__(self, selection: Selection) -> None:
        self._matcher = Matcher(selection)
        self._walked: dict[str, _Folder] = {}  # by real path, with the rules for what is in it
        self._singles: set[str] = set()  # real paths of files taken as roots or through links
        self._links: deque[tuple[str, str]] = deque()  # path, and way from its root

    def run(self, roots: Sequence[Path]) -> Iterator[SourceFile | Failure]:
        """Yield what is at and below `roots`."""
        for root in sorted(roots, key=os.path.isdir):
            yield from self._follow(str(root), root.name, is_root=True)
        while self._links:
            path, way = self._links.popleft()
            yield from self._follow(path, way, is_root=False)

    def _follow(self, path: str, way: str, *, is_root: bool) -> Iterator[SourceFile | Failure]:
        """What a root or a link leads to: a file, or a folder with the rules of the work tree around it."""
        try:
            status = os.stat(path)
            real = os.path.realpath(path)
        except OSError as error:
            # A link to nothing, or to itself, is no failure: what it led to is gone.
            lost = Path(path).is_symlink() and not isinstance(error, PermissionError)
            yield Skip(printable(path), "link to nothing") if lost else Failure(printable(path), os_reason(error))
            return
        if not stat.S_ISDIR(status.st_mode):
            if self._matcher.takes(way) and self._is_new(real):
                yield _source(path, status, named=is_root)
        elif is_root or self._matcher.enters(f"{way}/"):
            way = "" if is_root else f"{way}/"
            yield from self._tree(_Folder(path, real, way, enclosing_rules(Path(real)), is_root))

    def _is_new(self, real: str) -> bool:
        """Whether the file `real`, met as a root or through a link, was not taken before; remembers it."""
        folder = self._walked.get(str(Path(real).parent))
        name = Path(real).name
        if real in self._singles or (folder is not None and self._takes(folder, name)):
            return False
        self._singles.add(real)
        return True

    def _tree(self, top: _Folder) -> Iterator[SourceFile | Failure]:
        """Everything in `top` and below, with a stack of our own: folders nest deeper than Python recurses."""
        pending = [top]
        while pending:
            folder = pending.pop()
            if folder.real in self._walked:
                continue
            try:
                folder, entries = _open(folder)
            except OSError as error:
                yield Failure(printable(folder.path), os_reason(error))
                continue
            if _is_index(entries):
                if folder.is_root:
                    yield Skip(printable(folder.path), "an index of vecsearch")
            elif folder.is_root or not _is_virtual_environment(entries):
                self._walked[folder.real] = folder
                yield from self._files(folder, entries)
                self._put_off_links(folder, entries)
                pending += reversed(self._subfolders(folder, entries))

    def _files(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> Iterator[SourceFile | Failure]:
        for entry in entries:
            if entry.is_symlink() or entry.is_dir() or not self._takes(folder, entry.name):
                continue
            if self._singles and _real(folder, entry) in self._singles:
                continue
            try:
                yield _source(entry.path, entry.stat(follow_symlinks=False), named=False)
            except FileNotFoundError:
                continue  # it vanished since the folder was listed
            except OSError as error:
                yield Failure(printable(entry.path), os_reason(error))

    def _takes(self, folder: _Folder, name: str) -> bool:
        return _is_visible(folder, name) and self._matcher.takes(folder.way + name)

    def _subfolders(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> list[_Folder]:
        found: list[_Folder] = []
        for entry in entries:
            name = f"{entry.name}/"
            if not entry.is_dir(follow_symlinks=False) or not _is_visible(folder, name):
                continue
            if self._matcher.enters(folder.way + name):
                found.append(
                    _Folder(entry.path, _real(folder, entry), folder.way + name, rules_below(folder.rules, name))
                )
        return found

    def _put_off_links(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> None:
        for entry in entries:
            if entry.is_symlink() and _is_visible(folder, entry.name):
                self._links.append((entry.path, folder.way + entry.name))


def _real(folder: _Folder, entry: os.DirEntry[str]) -> str:
    """The real path of an entry that is no link itself."""
    return os.path.join(folder.real, entry.name)


def _open(folder: _Folder) -> tuple[_Folder, list[os.DirEntry[str]]]:
    """The folder with the rules for what is in it, and its entries by name. Raises OSError."""
    if not _is_writable_down(folder.path):
        raise OSError(errno.EILSEQ, _BAD_NAME)
    with os.scandir(folder.path) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    rules = folder.rules
    if any(entry.name == ".git" for entry in entries):
        rules = ()  # a work tree of its own: the rules around it say nothing about what is in it
    for entry in entries:
        if entry.name == ".gitignore" and entry.is_file():
            rules += _rules_in(entry.path)
    return replace(folder, rules=rules), entries


def _rules_in(gitignore: str) -> Rules:
    try:
        return read_gitignore(gitignore)
    except OSError as error:
        # Without its rules nobody knows what in the folder is private, so the whole folder is left alone.
        raise OSError(error.errno, f".gitignore: {os_reason(error)}") from error


def _is_visible(folder: _Folder, name: str) -> bool:
    """Whether the entry `name`, with a slash at its end for a folder, is neither hidden nor ignored."""
    return not name.startswith(".") and not is_ignored(folder.rules, name)


def _is_index(entries: list[os.DirEntry[str]]) -> bool:
    """Whether the entries are those of a folder that vecsearch keeps an index in."""
    return sum(entry.name in ("manifests", "segments") and entry.is_dir() for entry in entries) == 2


def _is_virtual_environment(entries: list[os.DirEntry[str]]) -> bool:
    return any(entry.name == "pyvenv.cfg" for entry in entries)


def _source(path: str, status: os.stat_result, *, named: bool) -> SourceFile | Failure:
    """The file at `path`, unless it is a device, pipe or socket, or its name cannot be written down."""
    if not stat.S_ISREG(status.st_mode):
        return Skip(printable(path), "not a regular file")
    if not _is_writable_down(path):
        return Failure(printable(path), _BAD_NAME)
    return SourceFile(Path(path), status.st_size, status.st_mtime_ns, named)


def _is_writable_down(path: str) -> bool:
    """Whether the path is text that can stand in a file; the bytes of a name may be in no encoding at all."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
