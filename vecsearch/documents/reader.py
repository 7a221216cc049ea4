"""The process that reads foreign formats, seen from outside: its parsers may hang, crash or fill the memory.

It is started for the first such file and used for the next ones; when a file takes too long, it is killed and started
again. Each thread that reads files needs a Reader of its own. The other side is `worker.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, BinaryIO, cast

from vecsearch.documents.limits import Limits
from vecsearch.documents.records import RecordFields
from vecsearch.documents.worker import answer_of, request_line
from vecsearch.reports import Failure
from vecsearch.types import Document

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

    from typing_extensions import Self

# The path is set first: nothing may be imported from the current folder, whose files may be anyone's.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from vecsearch.documents.worker import main; main()"


class Reader:
    """Reads one file after the other in a process that can be killed. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Set the limits; the process starts with the first file."""
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None

    def load(
        self, path: Path, document_id: str, fields: RecordFields, *, expect_records: bool
    ) -> Iterator[Document | Failure]:
        """Yield the file's documents as they come; a last Failure when its time is up or the process died.

        The process is killed when the iterator is closed before its end.
        """
        process = self._running()
        done = False
        request = request_line(path, document_id, fields, self.limits, expect_records=expect_records)
        try:
            cast(BinaryIO, process.stdin).write(request)
            cast(BinaryIO, process.stdin).flush()
            while True:
                line, in_time = self._next_line(process)
                if not line.endswith(b"\n"):
                    yield Failure(str(path), self._exit_reason(process) if in_time else self._timeout_reason())
                    return
                answer = answer_of(line)  # invalid when the file has taken over the process
                if answer is None:
                    done = True
                    return
                yield answer
        except OSError:  # the process has closed its input
            yield Failure(str(path), self._exit_reason(process))
        except ValueError as error:
            yield Failure(str(path), f"the process that reads it sent an invalid answer: {error}")
        finally:
            if not done:
                self.close()

    def close(self) -> None:
        """End the process; a later file starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it ended between two files
        if self._process is None:
            import subprocess  # only now: most runs need no process

            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", _CODE, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # numpy's other threads would only take memory
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        return self._process

    def _next_line(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bool]:
        """Return the next line of the process, empty when it ended, and whether it came in time."""
        started = monotonic()
        with self._killed_when_late(process):
            line = cast(BinaryIO, process.stdout).readline()
        return line, monotonic() - started < self.limits.seconds

    @contextmanager
    def _killed_when_late(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        timer = Timer(self.limits.seconds, process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _timeout_reason(self) -> str:
        return f"takes more than {self.limits.seconds:g} seconds to read: stopped"

    def _exit_reason(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for the process to end, and say how it did."""
        with self._killed_when_late(process):
            status = process.wait()
        return f"the process that read it crashed (exit status {status}): the file may be damaged"
