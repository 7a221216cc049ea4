"""When something changes below files and folders, as the operating system tells it; and the runs that follow it.

Nothing is polled and nothing read: which changes matter to the index is for the run to find out. Passed over is what a
run would pass over anyway, and what would only wake it up: the index itself, hidden files, editors' temporary ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from vecsearch.errors import ExtraMissing, IndexLocked, InvalidOption, PathNotFound
from vecsearch.reports import Report

_STEP_MS = 100  # of quiet after a change: a save is several changes, such as a temporary file and a renaming
_LONGEST_MS = 500  # that a burst of changes puts off the run
_AGAIN_SECONDS = 1.0  # until the next attempt while another process writes
_PASSING = re.compile(r".*~|#.*#|.*\.(?:swp|swx|tmp|part|crdownload)")


class Watcher:
    """The files and folders from the moment it is made on; what changes while nobody waits is told to the next wait."""

    def __init__(self, paths: Sequence[Path], index: Path, stop: Event | None = None) -> None:
        """`index` is the folder whose changes do not count; `stop` ends every wait.

        Raises PathNotFound; InvalidOption when the system cannot watch so much.
        """
        self._roots = [path.resolve() for path in paths]
        self._folders = {root for root in self._roots if root.is_dir()}
        self._index = index.resolve()
        self._stop = stop
        self._begin()

    def wait(self, seconds: float = 0) -> bool:
        """Until something has changed and the change is over; False when told to stop. At most so many seconds, 0: any.

        Raises KeyboardInterrupt on Ctrl-C, PathNotFound when a folder that is watched is gone.
        """
        while True:
            found = self._notify.watch(_LONGEST_MS, _STEP_MS, int(1_000 * seconds), self._stop)
            if found == "signal":
                raise KeyboardInterrupt
            if found == "stop":
                return False
            if found == "timeout":
                return True
            changed = {Path(path) for _, path in found}
            if self._folders & changed:  # it may be another one now, which nobody watches yet
                self._begin()
                return True
            if any(map(self._concerns, changed)):
                return True

    def _begin(self) -> None:
        try:
            from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] != "watchfiles":
                raise
            raise ExtraMissing.of("watchfiles", "watch", "watching files") from None
        # A file is watched through its folder: editors put a new file in its place.
        places = sorted({str(root if root in self._folders else root.parent) for root in self._roots})
        try:
            self._notify = RustNotify(places, False, False, 0, bool(self._folders), True)
        except (OSError, WatchfilesRustInternalError) as error:
            raise InvalidOption(
                f"the system cannot watch {', '.join(places)}: {error}: raise its limit of watched files, "
                "or index now and then"
            ) from None
        for place in places:  # only now: one that vanishes from here on is told
            if not Path(place).is_dir():
                raise PathNotFound(f"there is no folder {place}: it cannot be watched")

    def _concerns(self, changed: Path) -> bool:
        """Whether a run could see that this file changed."""
        if changed in self._roots:
            return True
        if changed.is_relative_to(self._index) or _PASSING.fullmatch(changed.name):
            return False
        return any(self._is_visible(changed.relative_to(f).parts) for f in self._folders if changed.is_relative_to(f))

    def _is_visible(self, names: tuple[str, ...]) -> bool:
        *folders, last = names
        return not any(name.startswith(".") for name in folders) and (last[0] != "." or last == ".gitignore")


def run_at_changes(run: Callable[[], Report], watcher: Watcher) -> Iterator[Report]:
    """A report of a run now, and of one after each change, until the watcher is told to stop.

    While another process writes, the run is tried again each second. A file that is watched and gone is waited for.
    """
    before: Report | None = None
    while True:
        pause = 0.0
        try:
            before = run()
        except IndexLocked:
            pause = _AGAIN_SECONDS
        except PathNotFound:
            if before is None:
                raise
        else:
            yield before
        if not watcher.wait(pause):
            return
