"""How the process that reads files keeps itself within bounds: memory, processor time, the life of its parent."""

from __future__ import annotations

import os
import sys
import threading
from math import ceil
from queue import SimpleQueue
from time import process_time, sleep

from vecsearch.documents.limits import Limits

_GRACE = 10  # seconds beyond the limit after which this process ends itself; before that, its parent does it
_OFTEN = 1.0  # seconds of processor time after which the limit is set again
_POLL = 0.2  # seconds between two looks whether the parent is there


def end_with(parent: int) -> None:
    """Make the system kill this process when the process `parent` ends, however it does, where the system can."""
    if sys.platform == "linux":
        import ctypes
        import signal

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)


def requests_until_end(parent: int) -> SimpleQueue[bytes]:
    """Return the lines of standard input as they come, b"" at its end: then this process ends soon, busy or not.

    The input ends when nobody has its other side any more: the parent is gone, or it has closed it and waits for the
    last answers. Of the first this process learns also where the system does not kill it.
    """
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        lines.put(b"")
        left = Limits().seconds + _GRACE  # where it cannot be known whether the parent is there
        while os.getppid() == parent and (sys.platform != "win32" or left > 0):
            sleep(_POLL)
            left -= _POLL
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return lines


def limit_memory(size: int) -> None:
    """Limit the memory of this process to `size` bytes, where the system supports that."""
    if sys.platform == "linux":
        import resource

        _lower(resource.RLIMIT_AS, size)


class ProcessorTime:
    """The processor time that one file takes, and the limits on it: until its next document, and for all of them."""

    def __init__(self, limits: Limits) -> None:
        """Start to count."""
        self._limits = limits
        self._started = process_time()
        self._renewed = -_OFTEN

    def renew(self) -> None:
        """Let the system kill this process when the next document takes too long, should its parent not do it."""
        now = process_time()
        if now - self._renewed < _OFTEN:
            return
        self._renewed = now
        if sys.platform == "win32":
            import faulthandler

            faulthandler.dump_traceback_later(self._limits.seconds + _GRACE, exit=True, file=sys.stderr)
        else:
            import resource

            _lower(resource.RLIMIT_CPU, ceil(now + self._limits.seconds + _GRACE))

    def pause(self) -> None:
        """Take no account of the time in which this process waits to be listened to."""
        if sys.platform == "win32":
            import faulthandler

            faulthandler.cancel_dump_traceback_later()
            self._renewed = -_OFTEN

    @property
    def is_spent(self) -> bool:
        """Whether the file has taken more time than all that is in it may take."""
        return process_time() - self._started > self._limits.seconds_in_all

    @property
    def reason(self) -> str:
        """Why the file is read no further."""
        limit = self._limits.seconds_in_all
        return f"takes more than {limit:g} seconds of processor time with all that is in it: split it or unpack it"


def _lower(kind: int, size: int) -> None:
    """Set the soft limit, as far as the hard one allows."""
    import resource

    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
