"""Bounds on what a server sends: the bytes of one answer, headers included, and the time until it is complete.

A timeout of the client begins again with every byte, so a server that sends one a minute is never too late for it. Here
every read from the network is counted and has the time that is left. httpx has no setting for this: its connections are
made by the network backend of a pool of httpcore (encode.io/httpcore, "Network backends"), which is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import local
from time import monotonic
from typing import Any

_WRITTEN_AT_ONCE = 1 << 14  # bytes; between two of these writes it is seen whether time is left


class OutOfBoundsError(Exception):
    """An answer is larger than any that was asked for, takes too long, or is packed; the message says which."""


class _Left(local):
    """What is left for the answer that this thread waits for."""

    until = inf
    bytes = inf
    seconds = inf


class Bounds:
    """The bounds of all requests of a client; `within` sets those of one. Any number of threads may be inside."""

    def __init__(self) -> None:
        self._left = _Left()

    @contextmanager
    def within(self, *, seconds: float, size: int) -> Iterator[None]:
        """Let the answer that is read in the block take no more seconds and bytes; else OutOfBoundsError."""
        left = self._left
        left.until, left.bytes, left.seconds = monotonic() + seconds, size, seconds
        try:
            yield
        finally:
            left.until = left.bytes = left.seconds = inf

    def hold(self, client: Any) -> None:
        """Hold every connection that an httpx.Client makes to the bounds; raises RuntimeError if that is impossible."""
        for transport in (client._transport, *client._mounts.values()):
            if transport is None:  # an address that goes without a proxy has the client's own transport
                continue
            pool: Any = getattr(transport, "_pool", None)
            if not hasattr(pool, "_network_backend"):
                raise RuntimeError("this release of httpx does not let answers be bounded")
            pool._network_backend = _Backend(pool._network_backend, self)

    def seconds(self, wanted: float | None) -> float:
        """The seconds that an operation may take; raises OutOfBoundsError when none are left."""
        left = self._left.until - monotonic()
        if left <= 0:
            raise OutOfBoundsError(f"its answer was not complete after {self._left.seconds:g} seconds")
        return left if wanted is None else min(wanted, left)

    def count(self, received: int) -> None:
        """Count bytes; raises OutOfBoundsError when there are too many."""
        self._left.bytes -= received
        if self._left.bytes < 0:
            raise OutOfBoundsError("its answer is much larger than one with the vectors that were asked for")


def refuse_packed(response: Any) -> None:
    """Raise OutOfBoundsError for a compressed answer, which was not asked for: a few bytes of it may be gigabytes."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise OutOfBoundsError("its answer is compressed, which was not asked for")


class _Backend:
    """A network backend whose streams are bounded."""

    def __init__(self, inner: Any, bounds: Bounds) -> None:
        self._inner = inner
        self._bounds = bounds

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _Stream:
        return _Stream(self._inner.connect_tcp(host, port, self._bounds.seconds(timeout), **options), self._bounds)

    def connect_unix_socket(self, path: str, timeout: float | None = None, **options: Any) -> _Stream:
        return _Stream(self._inner.connect_unix_socket(path, self._bounds.seconds(timeout), **options), self._bounds)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(self._bounds.seconds(seconds))


class _Stream:
    """A connection, whose every read and write has the time that is left."""

    def __init__(self, inner: Any, bounds: Bounds) -> None:
        self._inner = inner
        self._bounds = bounds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            received: bytes = self._inner.read(max_bytes, self._bounds.seconds(timeout))
        except Exception:
            self._bounds.seconds(None)  # no time left is the reason to name
            raise
        self._bounds.count(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
            self._inner.write(buffer[start : start + _WRITTEN_AT_ONCE], self._bounds.seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._bounds.seconds(timeout)), self._bounds)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
