"""A process of its own for files of foreign formats, which may hang, crash or fill the memory of what reads them.

Started when the first such file comes, used again for the next ones, killed when a file takes too long, and then
started anew. Each thread that reads files takes a reader of its own.
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

# The path comes first: nothing may be imported from the folder that this is started in, which may be anyone's.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from vecsearch.documents.worker import main; main()"


class Reader:
    """Reads one file after the other in a process that can be killed. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Nothing is started before the first file."""
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None

    def load(self, path: Path, document_id: str, fields: RecordFields, *, meant: bool) -> Iterator[Document | Failure]:
        """What the file gives, as it comes; a Failure as the last when its time is up or the process died.

        The process is killed when the iterator is given up before its end.
        """
        process = self._running()
        done = False
        try:
            cast(BinaryIO, process.stdin).write(request_line(path, document_id, fields, self.limits, meant=meant))
            cast(BinaryIO, process.stdin).flush()
            while True:
                line, in_time = self._next_line(process)
                if not line.endswith(b"\n"):
                    yield Failure(str(path), self._end(process) if in_time else self._late())
                    return
                answer = answer_of(line)  # no JSON, or not as it should be, when the file has taken over the process
                if answer is None:
                    done = True
                    return
                yield answer
        except OSError:  # it cannot be written to any more
            yield Failure(str(path), self._end(process))
        except ValueError as error:
            yield Failure(str(path), f"the process that reads it says what no document is: {error}")
        finally:
            if not done:
                self.close()

    def close(self) -> None:
        """End the process; a file that comes later starts another."""
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
        """The next line of the process, "" when it ended, and whether that was before its time was up."""
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

    def _late(self) -> str:
        return f"reading it takes more than {self.limits.seconds:g} seconds: given up"

    def _end(self, process: subprocess.Popen[bytes]) -> str:
        """Why there is no answer."""
        with self._killed_when_late(process):
            status = process.wait()
        return f"reading it ended its process (exit status {status}): the file may be damaged"
