"""Methods for `await`: what a blocking method does, in a thread; and what becomes of a write whose task is cancelled.

A thread cannot be stopped. So a cancelled read goes on unseen, and changes nothing. A cancelled write that has not
begun never begins. One that has begun is asked to stop, and awaited: it ends as if it had raised an error, or as it
should if it was done already. What it had committed stays, always whole documents.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial, wraps
from keyword import iskeyword
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from vecsearch.reports import Progress

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_P = ParamSpec("_P")
_Result = TypeVar("_Result")
_Self = TypeVar("_Self")


class Unwanted(BaseException):
    """The task that awaits a write was cancelled. No Exception, so that no code takes it for a failed document."""


class _Wish:
    """Whether a write is still wanted; it begins, or is cancelled, at one moment for both threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted = True
        self._begun = False

    def begin(self) -> None:
        """Note that the write begins; raises Unwanted when it was cancelled before."""
        with self._lock:
            self.check()
            self._begun = True

    def cancel(self) -> bool:
        """Cancel the write; return whether it has begun."""
        with self._lock:
            self._wanted = False
            return self._begun

    def check(self) -> None:
        """Raise Unwanted when the write was cancelled."""
        if not self._wanted:
            raise Unwanted


_wish: ContextVar[_Wish | None] = ContextVar("vecsearch_wish", default=None)


def begin_write() -> None:
    """Note that a write has the lock and begins; raises Unwanted when its task was cancelled meanwhile."""
    if wish := _wish.get():
        wish.begin()


def stoppable(progress: Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    """Return a listener to progress that also ends a write, by raising Unwanted, when its task is cancelled."""
    wish = _wish.get()
    if wish is None:
        return progress

    def listen(state: Progress) -> None:
        wish.check()
        if progress is not None:
            progress(state)

    return listen


class Writer(Protocol):
    """What has a thread of its own for writes, which take turns anyway."""

    @property
    def write_thread(self) -> ThreadPoolExecutor:
        """The one thread in which awaited writes run."""


_Writer = TypeVar("_Writer", bound=Writer)


def in_thread(
    method: Callable[Concatenate[_Self, _P], _Result],
) -> Callable[Concatenate[_Self, _P], Coroutine[Any, Any, _Result]]:
    """Return a method to await that reads, as `method` does, in a thread of the event loop."""

    @wraps(method)
    async def call(self: _Self, /, *args: _P.args, **options: _P.kwargs) -> _Result:
        import asyncio  # here and below: it takes 30 ms, and most programs do without

        return await asyncio.to_thread(method, self, *args, **options)

    _describe(call, method)
    return call


def in_write_thread(
    method: Callable[Concatenate[_Writer, _P], _Result],
) -> Callable[Concatenate[_Writer, _P], Coroutine[Any, Any, _Result]]:
    """Return a method to await that writes, as `method` does, in the thread for writes, one after another."""

    @wraps(method)
    async def call(self: _Writer, /, *args: _P.args, **options: _P.kwargs) -> _Result:
        import asyncio

        wish, context = _Wish(), copy_context()
        context.run(_wish.set, wish)
        future = self.write_thread.submit(context.run, partial(method, self, *args, **options))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if wish.cancel():
                await _end_of(future)
            raise

    _describe(call, method)
    return call


async def _end_of(future: Future[Any]) -> None:
    """Return when a thread has ended what it does, however often the task is cancelled meanwhile."""
    import asyncio

    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([asyncio.wrap_future(future)])


def _describe(call: Any, method: Any) -> None:
    """Name and describe a method to await; `async` would be a keyword."""
    name = f"a{method.__name__}"
    call.__name__ = f"{name}_{method.__name__}" if iskeyword(name) else name
    call.__qualname__ = call.__qualname__.rpartition(".")[0] + "." + call.__name__
    call.__doc__ = f"Await `{method.__name__}`, which runs in a thread.\n\n{method.__doc__}"
