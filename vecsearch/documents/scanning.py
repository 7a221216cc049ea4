"""Roots → the files to index, each once, in a fixed order. Looks at names and sizes; opens only `.gitignore` files.

Paths are plain strings inside this file: with many files, `os` and strings are several times faster than `Path`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vecsearch.checks import is_storable
from vecsearch.documents.gitignore import Rules, enclosing_rules, is_ignored, read_gitignore, rules_below
from vecsearch.documents.outcomes import Skip, os_reason, printable
from vecsearch.documents.selection import Matcher, Selection
from vecsearch.errors import PathNotFound
from vecsearch.reports import Failure

_BAD_NAME = "its name is not valid UTF-8: rename it"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file to index. `named`: it is a root itself, and so is taken even when hidden or ignored."""

    path: Path
    size: int
    mtime_ns: int
    named: bool


def scan(roots: Sequence[Path], selection: Selection | None = None) -> Iterator[SourceFile | Failure]:
    """Yield every file at or below `roots`, once: roots that are files, then folders, then the targets of links.

    Roots come in the order given; in a folder files come before subfolders, both sorted by name. Below a root these
    are left out: names that begin with a dot, what `.gitignore` files ignore, indexes and virtual environments.
    Yields a `Skip` for what is not a regular file and for a broken link, and a `Failure` for what cannot be read; a
    Failure that names a folder means that its content is unknown. Raises PathNotFound, before anything is scanned, when
    a root does not exist.
    """
    for root in roots:
        _check_exists(root)
    return _Walk(selection or Selection()).run(roots)


def _check_exists(root: Path) -> None:
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise PathNotFound(f"no file or folder at {printable(root)}: check the path") from error
    except OSError:
        return  # it may exist; the scan reports what is wrong with it


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    real: str  # the same with links resolved: identifies the folder
    way: str  # relative to its root, as globs match it: "" or "some/folder/"
    rules: Rules
    is_root: bool = False


class _Walk:
    """One scan: the folders visited, and the links postponed to its end.

    Links come last so that a file inside the roots is known by its own path, not by that of a link to it.
    """

    def __init__(self, selection: Selection) -> None:
        self._matcher = Matcher(selection)
        self._walked: dict[str, _Folder] = {}  # by real path, with the rules for its entries
        self._singles: set[str] = set()  # real paths of files taken as roots or through links
        self._links: deque[tuple[str, str]] = deque()  # path, and path relative to its root

    def run(self, roots: Sequence[Path]) -> Iterator[SourceFile | Failure]:
        """Yield the files at and below `roots`."""
        for root in sorted(roots, key=os.path.isdir):
            yield from self._follow(str(root), root.name, is_root=True)
        while self._links:
            path, way = self._links.popleft()
            yield from self._follow(path, way, is_root=False)

    def _follow(self, path: str, way: str, *, is_root: bool) -> Iterator[SourceFile | Failure]:
        """Yield the files at a root or the target of a link; the work tree around a folder may have rules for it."""
        try:
            status = os.stat(path)
            real = os.path.realpath(path)
        except OSError as error:
            # A link to nothing, or to itself, is not a failure: its target is gone.
            is_broken = Path(path).is_symlink() and not isinstance(error, PermissionError)
            yield Skip(printable(path), "broken link") if is_broken else Failure(printable(path), os_reason(error))
            return
        if not stat.S_ISDIR(status.st_mode):
            if self._matcher.takes(way) and self._is_new(real):
                yield _source(path, status, named=is_root)
        elif is_root or self._matcher.enters(f"{way}/"):
            way = "" if is_root else f"{way}/"
            yield from self._tree(_Folder(path, real, way, enclosing_rules(Path(real)), is_root))

    def _is_new(self, real: str) -> bool:
        """Whether the file `real`, reached as a root or through a link, was not yielded before; remembers it."""
        folder = self._walked.get(str(Path(real).parent))
        name = Path(real).name
        if real in self._singles or (folder is not None and self._takes(folder, name)):
            return False
        self._singles.add(real)
        return True

    def _tree(self, top: _Folder) -> Iterator[SourceFile | Failure]:
        """Yield the files in `top` and below it, with an explicit stack: folders nest deeper than Python recurses."""
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
                    yield Skip(printable(folder.path), "a vecsearch index")
            elif folder.is_root or not _is_virtual_environment(entries):
                self._walked[folder.real] = folder
                yield from self._files(folder, entries)
                self._postpone_links(folder, entries)
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
        subfolders: list[_Folder] = []
        for entry in entries:
            name = f"{entry.name}/"
            if not entry.is_dir(follow_symlinks=False) or not _is_visible(folder, name):
                continue
            if self._matcher.enters(folder.way + name):
                rules = rules_below(folder.rules, name)
                subfolders.append(_Folder(entry.path, _real(folder, entry), folder.way + name, rules))
        return subfolders

    def _postpone_links(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> None:
        for entry in entries:
            if entry.is_symlink() and _is_visible(folder, entry.name):
                self._links.append((entry.path, folder.way + entry.name))


def _real(folder: _Folder, entry: os.DirEntry[str]) -> str:
    """Return the real path of an entry that is not a link itself."""
    return os.path.join(folder.real, entry.name)


def _open(folder: _Folder) -> tuple[_Folder, list[os.DirEntry[str]]]:
    """Return the folder with the rules for its entries, and its entries by name. Raises OSError."""
    if not is_storable(folder.path):
        raise OSError(errno.EILSEQ, _BAD_NAME)
    with os.scandir(folder.path) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    rules = folder.rules
    if any(entry.name == ".git" for entry in entries):
        rules = ()  # a work tree of its own: the rules around it do not apply inside
    for entry in entries:
        if entry.name == ".gitignore" and entry.is_file():
            rules += _rules_in(entry.path)
    return replace(folder, rules=rules), entries


def _rules_in(gitignore: str) -> Rules:
    try:
        return read_gitignore(gitignore)
    except OSError as error:
        # Without its rules it is unknown which files are private, so nothing in the folder is read.
        raise OSError(error.errno, f".gitignore: {os_reason(error)}") from error


def _is_visible(folder: _Folder, name: str) -> bool:
    """Whether the entry `name`, which ends in a slash for a folder, is neither hidden nor ignored."""
    return not name.startswith(".") and not is_ignored(folder.rules, name)


def _is_index(entries: list[os.DirEntry[str]]) -> bool:
    """Whether the entries are those of a vecsearch index."""
    return sum(entry.name in ("manifests", "segments") and entry.is_dir() for entry in entries) == 2


def _is_virtual_environment(entries: list[os.DirEntry[str]]) -> bool:
    return any(entry.name == "pyvenv.cfg" for entry in entries)


def _source(path: str, status: os.stat_result, *, named: bool) -> SourceFile | Failure:
    """Return the file at `path`; a Skip for a device, pipe or socket, a Failure for a name that cannot be stored."""
    if not stat.S_ISREG(status.st_mode):
        return Skip(printable(path), "not a regular file")
    if not is_storable(path):  # a name is any bytes, and may be in no encoding at all
        return Failure(printable(path), _BAD_NAME)
    return SourceFile(Path(path), status.st_size, status.st_mtime_ns, named)
