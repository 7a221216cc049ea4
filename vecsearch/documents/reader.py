"""The process that reads what may be dangerous, seen from outside: its parsers may hang, crash or fill the memory.

It is started for the first such file and used for the next ones; when a file takes too long, it is killed and started
again. It never outlives this process. Each thread that reads files needs a Reader of its own. The other side is
`worker.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, BinaryIO, cast

from vecsearch.documents.limits import Limits
from vecsearch.documents.records import RecordFields
from vecsearch.documents.worker import answer_of, request_line
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

    from typing_extensions import Self

# The path is set first: nothing may be imported from the current folder, whose files may be anyone's.
_CODE = (
    "import sys; parent = int(sys.argv[1]); sys.path[:] = sys.argv[2:]; "
    "from vecsearch.documents.worker import main; main(parent)"
)


class Reader:
    """Reads one file after the other in a process that can be killed. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Set the limits; the process starts with the first file."""
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: _Watch | None = None

    def load(
        self, path: Path, document_id: str, fields: RecordFields, *, expect_records: bool
    ) -> Iterator[Document | Failure]:
        """Yield the file's documents as they come; a last Failure when its time is up or the process died.

        Raises InvalidDocument for a file whose rows are no records, as the loader does. The process is killed when the
        iterator is closed before its end.
        """
        process, watch = self._running()
        done = False
        request = request_line(path, document_id, fields, self.limits, expect_records=expect_records)
        try:
            watch.begin(self.limits.seconds)
            cast(BinaryIO, process.stdin).write(request)
            cast(BinaryIO, process.stdin).flush()
            while True:
                watch.renew(self.limits.seconds)
                line = cast(BinaryIO, process.stdout).readline()
                watch.pause()
                if not line.endswith(b"\n"):
                    yield Failure(str(path), self._end_reason(process, watch))
                    return
                answer = answer_of(line)  # invalid when the file has taken over the process
                del line  # as long as the text in it
                if answer is None or isinstance(answer, InvalidDocument):
                    done = True
                    if answer is not None:
                        raise answer
                    return
                yield answer
        except OSError:  # the process has closed its input
            yield Failure(str(path), self._end_reason(process, watch))
        except (ValueError, RecursionError) as error:
            if done:
                raise
            yield Failure(str(path), f"the process that reads it sent an invalid answer: {error}")
        finally:
            if not done:
                self.close()

    def close(self) -> None:
        """End the process; a later file starts another."""
        process, self._process = self._process, None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> tuple[subprocess.Popen[bytes], _Watch]:
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it ended between two files
        if self._process is None or self._watch is None:
            import subprocess  # only now: most runs need no process

            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", _CODE, str(os.getpid()), *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # numpy's other threads would only take memory
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._watch = _Watch(self._process)
        return self._process, self._watch

    def _end_reason(self, process: subprocess.Popen[bytes], watch: _Watch) -> str:
        """Wait for the process to end, and say how it did."""
        watch.renew(self.limits.seconds)
        status = process.wait()
        if watch.was_late:
            return f"takes more than {self.limits.seconds:g} seconds to read: stopped"
        return f"the process that read it crashed (exit status {status}): the file may be damaged"


class _Watch:
    """Kills a process that does not answer in time: a thread, so that a deadline costs no more than an assignment."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._deadline: float | None = None  # none while nobody waits for an answer
        self._changed = Condition()
        self._ended = False
        self.was_late = False
        Thread(target=self._run, daemon=True).start()

    def begin(self, seconds: float) -> None:
        """Set a deadline that may be earlier than the one before."""
        with self._changed:
            self._deadline = monotonic() + seconds
            self._seconds = seconds
            self._changed.notify()

    def renew(self, seconds: float) -> None:
        """Set the next deadline, as far from now as the one before was then."""
        self._deadline = monotonic() + seconds

    def pause(self) -> None:
        """Let the process wait as long as it has to."""
        self._deadline = None

    def end(self) -> None:
        """Watch no longer."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                deadline = self._deadline
                left = self._seconds if deadline is None else deadline - monotonic()
                if left <= 0:
                    self.was_late = True
                    self._process.kill()
                    return
                self._changed.wait(left)

    _seconds = 1.0  # until the first file begins
