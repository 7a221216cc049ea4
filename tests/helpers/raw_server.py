"""A server on loopback that takes a request and then sends whatever bytes it likes, for as long as it likes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Sends = Callable[["RawServer"], Iterator[bytes]]  # the pieces of an answer, in order


class RawServer:
    """Each connection gets the pieces that `sends` yields; `requests` are the bodies of all that were received.

    `pause` waits a little, and ends the answer when the server is closed.
    """

    def __init__(self, sends: Sends) -> None:
        self.requests: list[bytes] = []
        self.sent = 0  # bytes
        self._sends = sends
        self._closed = Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    @property
    def name(self) -> str:
        return f"openai:counting@{self.url}"

    def pause(self, seconds: float = 0.02) -> None:
        if self._closed.wait(seconds):
            raise ConnectionAbortedError

    def close(self) -> None:
        self._closed.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                thread = Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            head, _, body = self._received(connection).partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"content-length" in line.lower())
            while len(body) < length:
                body += connection.recv(1 << 16)
            self.requests.append(body)
            for piece in self._sends(self):
                connection.sendall(piece)
                self.sent += len(piece)

    def _received(self, connection: socket.socket) -> bytes:
        content = b""
        while b"\r\n\r\n" not in content:
            if not (piece := connection.recv(1 << 16)):
                raise ConnectionAbortedError
            content += piece
        return content


@contextmanager
def raw_server(sends: Sends) -> Iterator[RawServer]:
    server = RawServer(sends)
    try:
        yield server
    finally:
        server.close()
