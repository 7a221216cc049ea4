"""A real HTTP server on loopback that speaks POST /v1/embeddings as OpenAI does, and can misbehave on demand.

Its vectors are a CountingEncoder's. What it does with a request is a behaviour: the next one that was lined up with
`then`, else to answer. A behaviour gets the Exchange and returns what is sent, or None when it has seen to it.
"""

from __future__ import annotations

import base64
import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch.types import Role

MODEL = "counting"
LIMIT_VARIABLE = "VECSEARCH_ENDPOINT_MAX_TOKENS"


@dataclass
class Reply:
    """What goes over the wire; `cut` closes the connection after half of it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Exchange:
    """One request: its JSON and its headers, lower case."""

    server: EndpointServer
    asked: dict[str, Any]
    headers: dict[str, str]

    @property
    def texts(self) -> list[str]:
        given = self.asked["input"]
        return [given] if isinstance(given, str) else given

    def answer(self) -> dict[str, Any]:
        """The JSON of an answer."""
        vectors = self.server.encoder.encode(self.texts, Role.DOCUMENT) if self.texts else []
        in_base64 = self.asked.get("encoding_format") == "base64" and self.server.knows_base64
        data = [
            {"object": "embedding", "index": i, "embedding": encoded(vector) if in_base64 else vector.tolist()}
            for i, vector in enumerate(vectors)
        ]
        tokens = sum(len(text.split()) for text in self.texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": self.asked["model"], "data": data, "usage": usage}


Behaviour = Callable[[Exchange], "Reply | None"]


def encoded(vector: Any) -> str:
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()


def well(exchange: Exchange) -> Reply:
    """Answers as OpenAI does, and refuses what it refuses."""
    if any(not text for text in exchange.texts):
        return refusal(400, "'$.input' is invalid.")
    if exchange.asked["model"] != exchange.server.model:
        return refusal(404, f"The model `{exchange.asked['model']}` does not exist", code="model_not_found")
    reply = Reply(200, json.dumps(exchange.answer()).encode())
    with exchange.server.lock:
        exchange.server.answered += exchange.texts
    return reply


def refusal(status: int, message: str, *, code: str | None = None, headers: dict[str, str] | None = None) -> Reply:
    """An error in OpenAI's form."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Reply(status, json.dumps({"error": error}).encode(), headers or {})


def refuses(status: int, message: str = "not now", **more: Any) -> Behaviour:
    return lambda _: refusal(status, message, **more)


def says(body: bytes | Any, status: int = 200) -> Behaviour:
    """Sends this, whatever was asked."""
    return lambda _: Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode())


def altered(change: Callable[[list[dict[str, Any]]], Any]) -> Behaviour:
    """Answers with its rows changed: `change` gets the list of them, and returns another or changes it in place."""

    def behave(exchange: Exchange) -> Reply:
        answer = exchange.answer()
        answer["data"] = change(answer["data"]) or answer["data"]
        return Reply(200, json.dumps(answer).encode())

    return behave


def cut_off(exchange: Exchange) -> Reply:
    """The connection ends in the middle of the answer."""
    return Reply(200, json.dumps(exchange.answer()).encode(), cut=True)


def takes_at_most(n: int, reply: Callable[[int], Reply]) -> Behaviour:
    """Refuses a request of more than n texts with `reply(texts)`."""
    return lambda exchange: reply(len(exchange.texts)) if len(exchange.texts) > n else well(exchange)


@dataclass
class Silent:
    """Holds the answer back until it is released; `reached` says that a request is being held."""

    reached: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def __call__(self, exchange: Exchange) -> Reply | None:
        exchange.server.held.append(self)
        self.reached.set()
        self.released.wait(60)
        return None


def dies(exchange: Exchange) -> None:
    """The server is gone for good, this request and all later ones unanswered."""
    exchange.server.gone.set()


class EndpointServer:
    """Serves in a thread until `close`; `requests` are the texts of every one, `answered` the texts paid for."""

    def __init__(self, *, port: int = 0, always: Behaviour = well) -> None:
        self.encoder = CountingEncoder()
        self.model = MODEL
        self.always = always
        self.knows_base64 = True
        self.requests: list[list[str]] = []
        self.headers: list[dict[str, str]] = []
        self.answered: list[str] = []
        self.held: list[Silent] = []
        self.most_at_once = self._at_once = 0
        self.gone = Event()
        self.lock = Lock()
        self._next: deque[Behaviour] = deque()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.endpoint = self
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def name(self) -> str:
        """Its model's name."""
        return f"openai:{self.model}@{self.url}"

    def then(self, *behaviours: Behaviour) -> EndpointServer:
        """What it does with the next requests."""
        self._next.extend(behaviours)
        return self

    def reply(self, exchange: Exchange) -> Reply | None:
        """What is sent back; None closes the connection."""
        with self.lock:
            self.requests.append(exchange.texts)
            self.headers.append(exchange.headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            behave = self._next.popleft() if self._next else self.always
        try:
            return None if self.gone.is_set() else behave(exchange)
        finally:
            with self.lock:
                self._at_once -= 1

    def close(self) -> None:
        """Nobody is answered any more, on connections that are open neither."""
        self.gone.set()
        for silent in self.held:
            silent.released.set()
        if not self._thread.is_alive():
            return
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def only_server() -> Iterator[EndpointServer]:
    """A server, while the environment speaks of no other endpoint, of no key and of no proxy."""
    server = EndpointServer()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("OPENAI_") or name.lower().endswith("_proxy") or name == LIMIT_VARIABLE:
                patch.delenv(name)
        yield server
    server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    endpoint: EndpointServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == "/v1/embeddings":
            reply = self.server.endpoint.reply(Exchange(self.server.endpoint, asked, headers))
        else:
            reply = Reply(404, b'{"detail": "Not Found"}')
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        self.close_connection = self.close_connection or reply.cut

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""
