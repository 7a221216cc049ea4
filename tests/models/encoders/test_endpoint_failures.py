"""What an endpoint can do wrong, and what becomes of it: a retry or one clear line."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from threading import Event

import numpy as np
import pytest

from tests.helpers.endpoint_clients import TEXTS, failure, made, ready
from tests.helpers.endpoint_server import EndpointServer, Silent, cut_off, only_server, refuses, says
from vecsearch.errors import EndpointFailed
from vecsearch.models.encoders.endpoint.request import Requests, Sending
from vecsearch.types import Role


class Watched(Event):
    """An event that is asked to wait, notes how long, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


@pytest.fixture(autouse=True)
def server():
    with only_server() as server:
        yield server


def waits(server: EndpointServer, retries: int = 8, **sending: float) -> list[float]:
    """How long it waits between its retries."""
    stop = Watched()
    Requests(made(server).endpoint, Sending(**sending)).vectors(["a"], retries=retries, stop=stop)
    return stop.waits


# What passes


@pytest.mark.parametrize(
    "behaviours",
    [
        [refuses(429, headers={"Retry-After": "0.01"})],
        [refuses(500), refuses(500)],
        [refuses(503), refuses(529), refuses(408), refuses(409)],
        [cut_off],
        [cut_off, refuses(502)],
        [says(b"<html>bad gateway</html>", status=502)],
        [lambda _: None],
    ],
    ids=["rate limit", "500 twice", "one of each", "cut off", "cut off and 502", "HTML 502", "hung up"],
)
@pytest.mark.parametrize("role", Role)
def test_what_passes_is_asked_again(server, behaviours, role):
    encoder = ready(server, query_retries=4)
    server.then(*behaviours)
    vectors = encoder.encode(TEXTS, role)
    np.testing.assert_array_equal(vectors, [server.encoder.vector(text) for text in TEXTS])
    assert server.requests == [TEXTS] * (len(behaviours) + 1)


def test_a_server_that_is_silent_too_long_is_asked_again(server):
    encoder = ready(server, timeout=0.2)
    server.then(Silent())
    encoder.encode(TEXTS, Role.DOCUMENT)
    assert len(server.requests) > 1


def test_a_server_that_is_always_silent_is_given_up(server):
    encoder = ready(server, timeout=0.05)
    server.then(Silent(), Silent(), Silent())
    with pytest.raises(EndpointFailed, match=r"no answer within 0.05 seconds \(3 times\)"):
        encoder.encode(TEXTS, Role.QUERY)


def test_a_query_is_given_up_sooner_than_a_document(server):
    encoder = ready(server)
    server.always = refuses(500)
    for role, times in ((Role.QUERY, 3), (Role.DOCUMENT, 9)):
        server.requests.clear()
        with pytest.raises(EndpointFailed, match=rf"500, not now \({times} times\); run again later"):
            encoder.encode(TEXTS, role)
        assert len(server.requests) == times


def test_waits_double_up_to_the_longest(server):
    server.then(*[refuses(500)] * 6)
    found = np.array(waits(server, first_wait=1.0, longest_wait=10.0))
    longest = np.array([1.0, 2.0, 4.0, 8.0, 10.0, 10.0])
    assert (found >= longest / 2).all()
    assert (found <= longest).all()
    assert len(set(found / longest)) > 1  # not in step


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"retry-after-ms": "30", "Retry-After": "1"}, 0.03),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "NaN"}, 99.0),
        ({"Retry-After": "soon"}, 99.0),
    ],
)
def test_the_wait_that_the_server_asks_for_is_kept(server, headers, wait):
    server.then(refuses(429, headers=headers))
    [found] = waits(server, first_wait=99.0, longest_wait=99.0)
    assert found == wait or wait == 99.0 > found > 49.0


def test_a_date_to_come_back_at_is_kept(server):
    until = datetime.now(timezone.utc) + timedelta(seconds=90)
    server.then(refuses(503, headers={"Retry-After": format_datetime(until, usegmt=True)}))
    [found] = waits(server, first_wait=0.0)
    assert 0 < found <= 90


def test_a_server_that_wants_an_hour_is_not_waited_for(server):
    server.always = refuses(429, "come back tomorrow", headers={"Retry-After": "3600"})
    assert "429, come back tomorrow; run again later" in failure(server)
    assert len(server.requests) == 1


# What does not pass


@pytest.mark.parametrize(
    ("behaviour", "parts"),
    [
        (refuses(401, "who are you?"), ["401, who are you?", "set it to http://127"]),
        (refuses(403, "not you"), ["403, not you", "$OPENAI_BASE_URL"]),
        (refuses(404, "no such model"), ["404, no such model", "usually ends in /v1"]),
        (refuses(400, "maximum context length is 512"), ["400, maximum context", "VECSEARCH_ENDPOINT_MAX_TOKENS"]),
        (refuses(429, "pay first", code="insufficient_quota"), ["429, pay first", "no credit left"]),
        (says({"detail": "Not Found"}, status=404), ["404, Not Found"]),
        (says({"error": "model not loaded"}, status=400), ["400, model not loaded"]),
        (says([1, 2], status=418), ["418, [1, 2]"]),
        (says(b"", status=400), ["400, no reason given"]),
        (says(b"\x1b[31mline\nline" + b" word" * 1000, status=400), ["400, [31mline line word"]),
    ],
    ids=["401", "403", "404", "400", "quota", "FastAPI", "a string", "a list", "nothing", "long and coloured"],
)
def test_what_does_not_pass_is_said_at_once(server, behaviour, parts):
    server.always = behaviour
    said = failure(server)
    assert [part for part in parts if part not in said] == []
    assert len(server.requests) == 1
    assert said.isprintable()


def test_no_server_at_all_is_said(server):
    encoder = ready(server)
    server.close()
    with pytest.raises(EndpointFailed, match=r"no connection \(.*\) \(3 times\); check that it runs"):
        encoder.encode(TEXTS, Role.QUERY)
