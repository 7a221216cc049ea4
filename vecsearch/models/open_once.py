"""OpenOnce: what is expensive to open is opened when it is first needed, once for all threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")


class OpenOnce(Generic[T]):
    """Call it for the value. The first call opens it; calls from other threads wait meanwhile.

    When opening fails, its error goes to the caller and the next call tries again.
    """

    __slots__ = ("_lock", "_open", "_value")

    def __init__(self, open_value: Callable[[], T]) -> None:
        """Remember how to open the value."""
        self._lock = RLock()  # to open one part of a model, another part may be needed
        self._open: Callable[[], T] | None = open_value
        self._value: T

    def __call__(self) -> T:
        """Return the value."""
        if self._open is not None:
            with self._lock:
                if self._open is not None:
                    self._value = self._open()
                    self._open = None  # only now; with it goes what it refers to, often the owner of this value
        return self._value

    @property
    def opened(self) -> bool:
        """Whether the value is there already."""
        return self._open is None
