"""Several calls that wait for a server at the same time, and their results as they arrive. Knows no vectors.

The threads are daemons: a call that is no longer needed is not waited for, not even at the end of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

_HEARTBEAT = 0.25  # seconds after which the caller may decide to stop
_Result = TypeVar("_Result")


def as_finished(calls: Iterable[Callable[[Event], _Result]], at_once: int) -> Iterator[_Result | None]:
    """Yield the calls' results as they end, with `at_once` of them running; None now and then while none ends.

    When one raises, no other is started, the results of those that run are yielded, and then the error is raised. Each
    call gets an event that is set from then on, or when the iterator is closed: a signal to give up waiting.
    """
    stop, ended = Event(), SimpleQueue[tuple[_Result | None, BaseException | None]]()
    coming, running, failure = iter(calls), 0, None
    try:
        while True:
            while running < at_once and failure is None and (call := next(coming, None)) is not None:
                Thread(target=_run, args=(call, stop, ended), daemon=True).start()
                running += 1
            if not running:
                break
            try:
                result, error = ended.get(timeout=_HEARTBEAT)
            except Empty:
                yield None
                continue
            running -= 1
            if error is None:
                yield result
            else:
                failure = failure or error
                stop.set()
        if failure is not None:
            raise failure
    finally:
        stop.set()


def _run(
    call: Callable[[Event], _Result], stop: Event, ended: SimpleQueue[tuple[_Result | None, BaseException | None]]
) -> None:
    try:
        ended.put((call(stop), None))
    except BaseException as error:  # raised again in the thread that waits
        ended.put((None, error))
