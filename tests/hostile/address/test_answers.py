"""What a server can do to the one that asks it: nothing but fail, soon, in one line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.helpers.endpoint_server import EndpointServer, Exchange, Reply, altered, only_server, says
from tests.helpers.raw_server import OK, RawServer, raw_server
from vecsearch import EndpointFailed, VecsearchError
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder
from vecsearch.models.encoders.endpoint.request import Sending
from vecsearch.types import Role

SECRET = "sk-secret-0123456789"
TEXT = "a text of my own"
SOON = Sending(first_wait=0, total=0.4, timeout=5)
DIM = 32


@pytest.fixture(autouse=True)
def server() -> Iterator[EndpointServer]:
    with only_server() as server:
        yield server


def failure(name: str, sending: Sending = SOON) -> str:
    """What is said, in one line, when a text cannot be encoded."""
    with pytest.raises(VecsearchError) as caught:
        EndpointEncoder(name, sending=sending).encode([TEXT], Role.QUERY)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 500
    return said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("own", [False, True], ids=["named", "trusted with the key"])
def test_cannot_pass_texts_or_the_key_on_to_another(
    server: EndpointServer, monkeypatch: pytest.MonkeyPatch, status: int, own: bool
) -> None:
    if own:
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    other = EndpointServer()
    try:
        for place in (f"{other.url}/embeddings", f"//127.0.0.1:{other.port}/v1/embeddings", "/v1/embeddings?again"):
            server.always = lambda _, place=place: Reply(status, b"{}", {"Location": place})
            assert f"{status}, it redirects to" in failure(server.name)
        assert other.requests == []
        assert all(texts in ([TEXT], ["."]) for texts in server.requests)
        assert len(server.requests) == 3  # none was followed, nor tried again
    finally:
        other.close()


def drips_headers(server: RawServer) -> Iterator[bytes]:
    yield OK + b"X-Long: "
    while True:
        server.pause()
        yield b"x"


def drips_a_body(server: RawServer) -> Iterator[bytes]:
    yield OK + b"Content-Length: 1000000\r\n\r\n"
    while True:
        server.pause()
        yield b" "


def drips_chunks(server: RawServer) -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        server.pause()
        yield b"1\r\n \r\n"


def drips_informational_answers(server: RawServer) -> Iterator[bytes]:
    while True:
        server.pause()
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


def drips_a_refusal(server: RawServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n"
    while True:
        server.pause()
        yield b" "


def is_silent(server: RawServer) -> Iterator[bytes]:
    while True:
        server.pause()
        yield b""


@pytest.mark.parametrize(
    "sends", [drips_headers, drips_a_body, drips_chunks, drips_informational_answers, drips_a_refusal, is_silent]
)
def test_cannot_make_a_search_wait_by_sending_a_byte_now_and_then(
    sends: Callable[[RawServer], Iterator[bytes]],
) -> None:
    with raw_server(sends) as server:
        assert "its answer was not complete after 0.4 seconds" in failure(server.name)
        assert len(server.requests) == 1


def floods_the_body(server: RawServer) -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def floods_without_a_length(server: RawServer) -> Iterator[bytes]:
    yield OK + b"\r\n"
    while True:
        yield b"[" * 0x10000


def floods_a_refusal(server: RawServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 500 No\r\n\r\n"
    while True:
        yield b"x" * 0x10000


def floods_with_informational_answers(server: RawServer) -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 102 Processing\r\n\r\n" * 1000


def promises_much(server: RawServer) -> Iterator[bytes]:
    yield OK + b"Content-Length: 100000000000\r\n\r\n"
    while True:
        yield b" " * 0x10000


@pytest.mark.parametrize(
    "sends",
    [floods_the_body, floods_without_a_length, floods_a_refusal, floods_with_informational_answers, promises_much],
)
def test_cannot_fill_the_memory_with_an_answer_without_end(sends: Callable[[RawServer], Iterator[bytes]]) -> None:
    with raw_server(sends) as server:
        said = failure(server.name, Sending(first_wait=0, total=60))
        assert "its answer is much larger than one with the vectors that were asked for" in said
        assert server.sent < 20_000_000


def floods_headers(server: RawServer) -> Iterator[bytes]:
    yield OK
    while True:
        yield b"X-Header: " + b"x" * 1000 + b"\r\n"


def test_cannot_fill_the_memory_with_headers_without_end() -> None:
    with raw_server(floods_headers) as server:
        failure(server.name, Sending(first_wait=0, total=60, query_retries=0))
        assert server.sent < 20_000_000


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", bytes), ("gzip, gzip", bytes)]
)
def test_cannot_unpack_a_bomb(server: EndpointServer, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b" " * 50_000_000)
    server.always = lambda _: Reply(200, bomb[:500_000], {"Content-Encoding": encoding})
    assert "its answer is compressed, which was not asked for" in failure(server.name)
    assert server.headers[-1]["accept-encoding"] == "identity"


def embedding(value: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["embedding"] = value

    return change


@pytest.mark.parametrize(
    "value",
    [
        [float("nan")] * DIM,
        [float("inf")] + [0.0] * (DIM - 1),
        [1e39] * DIM,
        [10**400] * DIM,
        [0.5] * (DIM + 1),
        [[0.5]] * DIM,
        [True] * DIM,
        ["0.5"] * DIM,
        {"0": 0.5},
        "AAAA====",
        "////" * DIM,
        None,
        [],
        7,
    ],
    ids=lambda value: str(value)[:20],
)
def test_cannot_pass_off_what_is_no_vector(server: EndpointServer, value: Any) -> None:
    assert EndpointEncoder(server.name).dim == DIM  # it is remembered
    server.always = altered(embedding(value))
    assert "answered" in failure(server.name)


@pytest.mark.parametrize(
    "body",
    [b"[" * 500_000, b'{"data":' * 100_000, b'{"data": [' + b"0," * 400_000 + b"0]}", b"\xff" * 1000, b"1" * 100_000,
     b'{"data": [{"index": ' + b"9" * 5000 + b"}]}", b"null", b"", json.dumps({"data": {}}).encode()],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_cannot_confuse_with_json_that_is_no_answer(server: EndpointServer, body: bytes) -> None:
    server.always = says(body)
    assert "answered" in failure(server.name)


def test_cannot_make_a_search_wait_by_asking_for_patience(server: EndpointServer) -> None:
    def busy(exchange: Exchange) -> Reply:
        return Reply(429, b'{"error": {"message": "later"}}', {"Retry-After": "1000000"})

    server.always = busy
    assert "429, later" in failure(server.name)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://example.invalid/v1", "http://10.0.0.1:8000/v1", "http://gateway/v1"])
def test_gets_no_key_over_a_network_that_can_be_read(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(EndpointFailed, match="would be sent unencrypted") as caught:
        EndpointEncoder("openai:m").check_usable()
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("VECSEARCH_KEY_OVER_HTTP", "1")
    EndpointEncoder("openai:m").check_usable()
