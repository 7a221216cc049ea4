"""Wait for changes to files and folders, as the operating system reports them, and run after each one.

Nothing is polled or read: the run finds out which changes matter. Changes that could only wake it up in vain are
ignored: those of the index itself, of hidden files and of editors' temporary files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from vecsearch.documents import IGNORE_FILES
from vecsearch.errors import IndexLocked, InvalidOption, PathNotFound
from vecsearch.imports import require
from vecsearch.reports import Report

_QUIET_MS = 100  # after a change: saving a file is several changes, such as writing a temporary file and renaming it
_LONGEST_MS = 500  # that a burst of changes delays the run
_RETRY_SECONDS = 1.0  # while another process writes
_MISSING_SECONDS = 30.0
_TEMPORARY = re.compile(r".*~|#.*#|.*\.(?:swp|swx|tmp|part|crdownload)")


class Watcher:
    """Watches files and folders from its creation on; `wait` also reports changes made before it was called."""

    def __init__(
        self, paths: Sequence[Path], index: Path, stop: Event | None = None, *, lose_some: bool = False
    ) -> None:
        """`index` is the folder whose changes are ignored; setting `stop` ends every wait.

        With `lose_some` what vanishes is no longer watched, as long as something is left. Raises ExtraMissing,
        PathNotFound; InvalidOption when the system cannot watch that many files.
        """
        self._roots: list[Path] = []
        self._index = index.resolve()
        self._stop = stop
        self._lose_some = lose_some
        self.follow(paths)

    def follow(self, paths: Sequence[Path]) -> None:
        """Watch these paths from now on; raises as the constructor does."""
        roots = [path.resolve() for path in paths]
        if roots != self._roots:
            self._roots = roots
            self._folders = {root for root in roots if root.is_dir()}
            self._begin()

    def wait(self, seconds: float = 0) -> bool:
        """Wait for a change and until it is over, or for `seconds` (0: without a limit); False when `stop` was set.

        Raises KeyboardInterrupt on Ctrl-C, PathNotFound when a folder that is watched is gone.
        """
        while True:
            event = self._notify.watch(_LONGEST_MS, _QUIET_MS, int(1_000 * seconds), self._stop)
            if event == "signal":
                raise KeyboardInterrupt
            if event == "stop":
                return False
            if event == "timeout":
                return True
            changed = {Path(path) for _, path in event}
            if self._folders & changed:  # the folder may have been replaced by one that is not watched yet
                self._begin()
                return True
            if any(map(self._concerns, changed)):
                return True

    def _begin(self) -> None:
        notify = require("watchfiles._rust_notify", "watch", "watching files", package="watchfiles")
        # A file is watched through its folder: editors replace it by a new file.
        folders = sorted({str(root if root in self._folders else root.parent) for root in self._roots})
        if self._lose_some:
            folders = [folder for folder in folders if Path(folder).is_dir()] or folders
        try:
            self._notify = notify.RustNotify(folders, False, False, 0, bool(self._folders), True)
        except (OSError, notify.WatchfilesRustInternalError) as error:
            raise InvalidOption(
                f"the system cannot watch {', '.join(folders)}: {error}: raise its limit of watched files, "
                "or run vecsearch index from time to time"
            ) from None
        for folder in folders:  # checked only now: if one vanishes later, that is reported as a change
            if not Path(folder).is_dir() and (len(folders) == 1 or not self._lose_some):
                raise PathNotFound(f"{folder} is not a folder that exists: it cannot be watched")

    def _concerns(self, changed: Path) -> bool:
        """Whether a run could notice this change."""
        if changed in self._roots:
            return True
        if changed.is_relative_to(self._index) or _TEMPORARY.fullmatch(changed.name):
            return False
        return any(self._is_visible(changed.relative_to(f).parts) for f in self._folders if changed.is_relative_to(f))

    def _is_visible(self, names: tuple[str, ...]) -> bool:
        *folders, last = names
        return not any(name.startswith(".") for name in folders) and (last[0] != "." or last in IGNORE_FILES)


def run_at_changes(run: Callable[[], Report], watcher: Watcher) -> Iterator[Report]:
    """Yield the report of a run now and of one after each change, until the watcher stops.

    While another process writes, the run is tried again every second, and while a root is missing every half minute:
    its disk may be mounted again. When a watched file is gone, the next run waits for it to come back.
    """
    last: Report | None = None
    while True:
        pause = 0.0
        try:
            last = run()
        except IndexLocked:
            pause = _RETRY_SECONDS
        except PathNotFound:
            if last is None:
                raise
        else:
            pause = _MISSING_SECONDS if last.missing else 0.0
            yield last
        if not watcher.wait(pause):
            return
