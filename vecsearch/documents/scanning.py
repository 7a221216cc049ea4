"""Roots → the files to index, each once, in a fixed order. Looks at names and sizes; opens only files of rules.

Paths are plain strings inside this file: with many files, `os` and strings are several times faster than `Path`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path

from vecsearch.checks import is_storable
from vecsearch.documents.gitignore import IGNORE_FILES, Rules, enclosing_rules, is_ignored, rules_below, rules_in
from vecsearch.documents.outcomes import Skip, os_reason, printable
from vecsearch.documents.selection import Matcher, Selection
from vecsearch.errors import PathNotFound
from vecsearch.reports import Failure

_BAD_NAME = "its name is not valid UTF-8: rename it"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file to index. `named`: it is a root itself, and so is taken even when hidden or ignored.

    `changed_ns` is when the system last noted a change of the file or its name, which no program can set back, and
    `inode` the number of the file; both are None on Windows, which tells neither.
    """

    path: Path
    size: int
    mtime_ns: int
    named: bool
    changed_ns: int | None = field(default=None, compare=False)
    inode: int | None = field(default=None, compare=False)
    root: int = field(default=0, compare=False)  # the number of the root that it belongs to


@dataclass(frozen=True, slots=True)
class ScanRoot:
    """A file or folder to scan, with globs of its own. With `only`, just what is at and below these paths in it."""

    path: Path
    selection: Selection = field(default_factory=Selection)
    only: tuple[Path, ...] = ()


def scan(roots: Sequence[Path], selection: Selection | None = None) -> Iterator[SourceFile | Failure]:
    """Yield every file at or below `roots`: see `Scan`."""
    return Scan([ScanRoot(root, selection or Selection()) for root in roots]).files()


class Scan:
    """One pass over roots, which also learns how they lie in one another and in the file system.

    `covered` are the real paths of roots that another root reaches too, and `mounts` the folders at which another file
    system begins. Both are complete when `files` is exhausted. A file in several roots belongs to the innermost. The
    places in `elsewhere` belong to roots that are not part of this scan, and are left out.
    """

    def __init__(self, roots: Sequence[ScanRoot], elsewhere: Collection[Path] = ()) -> None:
        """Raises PathNotFound when a root does not exist."""
        for root in roots:
            _check_exists(root.path)
        self._roots = roots
        self._walk = _Walk({os.path.realpath(path) for path in elsewhere})

    def files(self) -> Iterator[SourceFile | Failure]:
        """Yield every file, once: roots that are files, then folders, then the targets of links.

        Roots come in the order given, those in another one before it; in a folder files come before subfolders, both
        sorted by name. Below a root these are left out: names that begin with a dot, what IGNORE_FILES and Git ignore,
        indexes and virtual environments. Yields a `Skip` for what is not a regular file and for a broken link, and a
        `Failure` for what cannot be read; a Failure that names a folder means that its content is unknown.
        """
        return self._walk.run(self._roots)

    @property
    def covered(self) -> AbstractSet[str]:
        """The real paths of the roots, and of the `only` paths in them, that the scan of another root reached."""
        return self._walk.covered

    @property
    def mounts(self) -> Sequence[str]:
        """The folders that are in another file system than the folder around them."""
        return self._walk.mounts

    def reached(self, path: Path) -> bool:
        """Whether the scan took the file at this real path, or listed the folder there."""
        return str(path) in self._walk.reached


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
    root: _Root
    is_root: bool = False
    device: int = 0  # of the folder that contains it


class _Root:
    """A root, with its globs parsed."""

    def __init__(self, number: int, root: ScanRoot) -> None:
        self.number = number
        self.path = str(root.path)
        self.matcher = Matcher(root.selection)
        self.only = {str(path) for path in root.only}
        self._below = tuple(os.path.join(path, "") for path in self.only)

    def has(self, path: str) -> bool:
        """Whether the file or folder at `path`, which is in the root, is to be scanned."""
        return not self.only or path in self.only or path.startswith(self._below)

    def enters(self, folder: str) -> bool:
        """Whether something to be scanned may be in the folder."""
        return self.has(folder) or any(below.startswith(os.path.join(folder, "")) for below in self._below)


class _Walk:
    """One scan: the folders visited, and the links postponed to its end.

    Links come last so that a file inside the roots is known by its own path, not by that of a link to it.
    """

    def __init__(self, elsewhere: AbstractSet[str]) -> None:
        self.covered: set[str] = set()
        self.reached: set[str] = set()
        self.mounts: list[str] = []
        self._elsewhere = elsewhere
        self._roots: set[str] = set()  # real paths
        self._walked: dict[str, _Folder] = {}  # by real path, with the rules for its entries
        self._singles: set[str] = set()  # real paths of files taken as roots or through links
        self._links: deque[tuple[str, str, _Root]] = deque()  # path, and path relative to its root

    def run(self, roots: Sequence[ScanRoot]) -> Iterator[SourceFile | Failure]:
        """Yield the files at and below `roots`."""
        numbered = [_Root(number, root) for number, root in enumerate(roots)]
        self._roots = {os.path.realpath(root.path) for root in numbered}
        folders = [root for root in numbered if os.path.isdir(root.path)]
        places = [root.path for root in folders]
        inner_first = sorted(folders, key=lambda root: -_depth(root.path, places))
        for root in [*(root for root in numbered if root not in folders), *inner_first]:
            yield from self._follow(root.path, os.path.basename(root.path), root, is_root=True)
        while self._links:
            yield from self._follow(*self._links.popleft(), is_root=False)

    def _follow(self, path: str, way: str, root: _Root, *, is_root: bool) -> Iterator[SourceFile | Failure]:
        """Yield the files at a root or the target of a link; the work tree around a folder may have rules for it."""
        try:
            status = os.stat(path)
            real = os.path.realpath(path)
        except OSError as error:
            # A link to nothing, or to itself, is not a failure: its target is gone.
            is_broken = Path(path).is_symlink() and not isinstance(error, PermissionError)
            yield Skip(printable(path), "broken link") if is_broken else Failure(printable(path), os_reason(error))
            return
        if not is_root and self._is_elsewhere(real):
            return
        if not stat.S_ISDIR(status.st_mode):
            if root.matcher.takes(way) and self._is_new(real):
                yield _source(path, status, root, named=is_root)
        elif is_root or root.matcher.enters(f"{way}/"):
            way = "" if is_root else f"{way}/"
            device = _device(os.path.dirname(real)) if is_root else status.st_dev
            yield from self._tree(_Folder(path, real, way, enclosing_rules(Path(real)), root, is_root, device))

    def _is_elsewhere(self, real: str) -> bool:
        """Whether the innermost root around the target of a link is not part of this scan."""
        if not self._elsewhere:
            return False
        around = (real, *map(str, Path(real).parents))
        return next((path in self._elsewhere for path in around if path in self._elsewhere | self._roots), False)

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
            if folder.real in self._walked or (folder.real in self._elsewhere and not folder.is_root):
                if not folder.is_root:
                    self.covered.add(folder.real)
                continue
            try:
                device = _device(folder.path)
                folder, entries = _open(folder)
            except OSError as error:
                yield Failure(printable(folder.path), os_reason(error))
                continue
            if _is_index(entries):
                if folder.is_root:
                    yield Skip(printable(folder.path), "a vecsearch index")
            elif folder.is_root or not _is_virtual_environment(entries):
                if device != folder.device:
                    self.mounts.append(folder.path)
                if folder.path in folder.root.only:
                    self.reached.add(folder.path)
                folder = replace(folder, device=device)
                self._walked[folder.real] = folder
                yield from self._files(folder, entries)
                self._postpone_links(folder, entries)
                pending += reversed(self._subfolders(folder, entries))

    def _files(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> Iterator[SourceFile | Failure]:
        for entry in entries:
            if entry.is_symlink() or entry.is_dir() or not self._takes(folder, entry.name):
                continue
            if (self._singles or self._elsewhere) and self._is_taken(_real(folder, entry)):
                continue
            if folder.root.only:
                if not folder.root.has(entry.path):
                    continue
                self.reached.add(entry.path)
            try:
                yield _source(entry.path, entry.stat(follow_symlinks=False), folder.root, named=False)
            except FileNotFoundError:
                continue  # it vanished since the folder was listed
            except OSError as error:
                yield Failure(printable(entry.path), os_reason(error))

    def _is_taken(self, real: str) -> bool:
        """Whether the file is a root itself, or was reached through a link; remembers that a folder has it, too."""
        if real in self._singles or real in self._elsewhere:
            self.covered.add(real)
            return True
        return False

    def _takes(self, folder: _Folder, name: str) -> bool:
        return _is_visible(folder, name) and folder.root.matcher.takes(folder.way + name)

    def _subfolders(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> list[_Folder]:
        subfolders: list[_Folder] = []
        for entry in entries:
            name = f"{entry.name}/"
            if not entry.is_dir(follow_symlinks=False) or not _is_visible(folder, name):
                continue
            if folder.root.only and not folder.root.enters(entry.path):
                continue
            if folder.root.matcher.enters(folder.way + name):
                rules, real = rules_below(folder.rules, name), _real(folder, entry)
                way = folder.way + name
                subfolders.append(_Folder(entry.path, real, way, rules, folder.root, device=folder.device))
        return subfolders

    def _postpone_links(self, folder: _Folder, entries: list[os.DirEntry[str]]) -> None:
        for entry in entries:
            if entry.is_symlink() and _is_visible(folder, entry.name) and folder.root.has(entry.path):
                self._links.append((entry.path, folder.way + entry.name, folder.root))


def _depth(path: str, places: Sequence[str]) -> int:
    """Return how many of the other places contain `path`."""
    return sum(path != place and path.startswith(os.path.join(place, "")) for place in places)


def _device(folder: str) -> int:
    """Return which file system a folder is in; 0 where that is unknown."""
    try:
        return os.stat(folder).st_dev
    except OSError:
        return 0


def _real(folder: _Folder, entry: os.DirEntry[str]) -> str:
    """Return the real path of an entry that is not a link itself."""
    return os.path.join(folder.real, entry.name)


def _open(folder: _Folder) -> tuple[_Folder, list[os.DirEntry[str]]]:
    """Return the folder with the rules for its entries, and its entries by name. Raises OSError."""
    if not is_storable(folder.path):
        raise OSError(errno.EILSEQ, _BAD_NAME)
    with os.scandir(folder.path) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    names = [entry.name for entry in entries if entry.name in IGNORE_FILES and entry.is_file()]
    is_tree = any(entry.name == ".git" for entry in entries)
    if names or is_tree:
        try:
            folder = replace(folder, rules=rules_in(folder.rules, folder.path, names, is_tree=is_tree))
        except OSError as error:
            # Without its rules it is unknown which files are private, so nothing in the folder is read.
            name = os.path.basename(error.filename or names[-1])
            raise OSError(error.errno, f"{name}: {os_reason(error)}") from error
    return folder, entries


def _is_visible(folder: _Folder, name: str) -> bool:
    """Whether the entry `name`, which ends in a slash for a folder, is neither hidden nor ignored."""
    return not name.startswith(".") and not is_ignored(folder.rules, name)


def _is_index(entries: list[os.DirEntry[str]]) -> bool:
    """Whether the entries are those of a vecsearch index."""
    return sum(entry.name in ("manifests", "segments") and entry.is_dir() for entry in entries) == 2


def _is_virtual_environment(entries: list[os.DirEntry[str]]) -> bool:
    return any(entry.name == "pyvenv.cfg" for entry in entries)


def _source(path: str, status: os.stat_result, root: _Root, *, named: bool) -> SourceFile | Failure:
    """Return the file at `path`; a Skip for a device, pipe or socket, a Failure for a name that cannot be stored."""
    if not stat.S_ISREG(status.st_mode):
        return Skip(printable(path), "not a regular file")
    if not is_storable(path):  # a name is any bytes, and may be in no encoding at all
        return Failure(printable(path), _BAD_NAME)
    if os.name == "nt":  # st_ctime is when the file was created, and a listing has no st_ino
        return SourceFile(Path(path), status.st_size, status.st_mtime_ns, named, root=root.number)
    times = (status.st_mtime_ns, named, status.st_ctime_ns)
    return SourceFile(Path(path), status.st_size, *times, _inode(status), root.number)


def _inode(status: os.stat_result) -> int:
    """Return the number of a file as 64 bits with a sign, as a table holds it."""
    return status.st_ino - (1 << 64) if status.st_ino >= 1 << 63 else status.st_ino
