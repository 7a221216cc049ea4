"""What an endpoint was paid for is kept: in a failure, in an interruption, from one run to the next."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest

from tests.helpers.endpoint_clients import TEXTS, made, ready
from tests.helpers.endpoint_server import EndpointServer, Reply, Silent, dies, only_server, refusal, well
from vecsearch import Index
from vecsearch.errors import EndpointFailed
from vecsearch.models.cache import Cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder
from vecsearch.models.encoders.endpoint.request import Sending
from vecsearch.types import Role


@pytest.fixture(autouse=True)
def server():
    with only_server() as server:
        yield server


def given_before_failing(encoder: EndpointEncoder) -> tuple[list[int], str]:
    """Which of the texts get a vector, and why not all do."""
    given = []
    with pytest.raises(EndpointFailed) as caught:
        given.extend(row for rows, _ in encoder.encode_parts(TEXTS, Role.DOCUMENT) for row in rows)
    return given, str(caught.value)


def fails_after(n: int):
    """Answers n requests, and refuses for good from then on."""
    answered = iter(range(n))
    return lambda exchange: refusal(401, "no more") if next(answered, None) is None else well(exchange)


@pytest.mark.parametrize("in_flight", [1, 4])
def test_what_was_answered_before_a_failure_is_not_paid_for_again(server, tmp_path, in_flight):
    texts = [f"text {i}" for i in range(100)]
    encoder = ready(server, texts=10, in_flight=in_flight)
    cache = Cache(tmp_path)
    server.always = fails_after(4)
    with pytest.raises(EndpointFailed, match="401, no more"):
        encode_cached(encoder, cache, texts, Role.DOCUMENT, name=str)
    assert len(server.answered) == 40
    server.always = well
    again = encode_cached(encoder, cache, texts, Role.DOCUMENT, name=str)
    assert (again.encoded, again.cached) == (60, 40)
    assert sorted(server.answered) == sorted(texts)
    np.testing.assert_array_equal(again.vectors, [server.encoder.vector(text) for text in texts])
    cache.close()


def test_requests_on_their_way_are_waited_for_when_another_fails(server):
    encoder = ready(server, texts=1, in_flight=3, timeout=30)
    failed = Event()

    def behave(exchange) -> Reply:
        if exchange.texts == ["one text"]:
            failed.set()
            return refusal(401, "not this one")
        failed.wait(30)
        return well(exchange)

    server.always = behave
    given, said = given_before_failing(encoder)
    assert (sorted(given), len(server.answered)) == ([1, 2], 2)
    assert "not this one" in said


def test_no_retry_is_begun_when_another_request_has_failed_for_good(server):
    encoder = ready(server, texts=1, in_flight=3, first_wait=1000.0, longest_wait=1000.0)
    server.always = lambda asked: refusal(401, "never") if asked.texts == ["one text"] else refusal(500, "later")
    with pytest.raises(EndpointFailed):
        encoder.encode(TEXTS, Role.DOCUMENT)
    assert len(server.requests) <= 3


def test_who_stops_listening_stops_the_work(server):
    encoder = ready(server, texts=1, in_flight=1)
    parts = encoder.encode_parts([f"text {i}" for i in range(50)], Role.DOCUMENT)
    next(parts)
    parts.close()
    assert len(server.requests) <= 2


def test_who_waits_is_asked_whether_to_go_on(server):
    encoder = ready(server)
    silent = Silent()
    server.then(silent)
    parts = encoder.encode_parts(TEXTS, Role.DOCUMENT)
    while_waiting, nothing = next(parts)
    assert (len(while_waiting), nothing.shape) == (0, (0, 32))
    silent.released.set()
    assert [len(rows) for rows, _ in parts if rows] == [3]


def test_an_index_whose_endpoint_is_killed_midway_pays_only_for_what_is_missing_then(tmp_path, server):
    documents = [{"id": str(i), "text": f"Document number {i} speaks of subject {i * 7}."} for i in range(300)]
    sending = Sending(texts=16, in_flight=3, first_wait=0.0)
    index = Index.create(tmp_path / "index", model=EndpointEncoder(server.name, sending=sending))
    server.answered.clear()
    server.then(*[well] * 9, dies)
    with pytest.raises(EndpointFailed, match="no connection"):
        index.add(documents)
    paid = list(server.answered)
    assert 0 < len(paid) < 300
    server.close()

    revived = EndpointServer(port=server.port)
    again = Index.open(tmp_path / "index", model=EndpointEncoder(server.name, sending=sending))
    report = again.add(documents)
    assert (report.added, report.encoded) == (300, 300 - len(paid))
    assert sorted(paid + revived.answered) == sorted(document["text"] for document in documents)
    assert again.search("Document number 17 speaks of subject 119.", k=1)[0].document_id == "17"
    revived.close()


def test_a_known_query_is_answered_without_the_endpoint(tmp_path, server):
    index = Index.create(tmp_path / "index", model=made(server))
    index.add(["one text", "another text"])
    found = index.search("one text", k=1)
    server.close()
    offline = Index.open(tmp_path / "index", model=EndpointEncoder(server.name))
    assert offline.search("one text", k=1) == found
    with pytest.raises(EndpointFailed, match="no connection"):
        Index.open(tmp_path / "index", model=made(server)).search("a new query")


def test_a_text_that_is_too_long_costs_no_retry_and_keeps_the_rest_of_the_requests(server):
    encoder = ready(server, texts=1)
    server.always = lambda asked: refusal(400, "too long") if asked.texts == ["a third"] else well(asked)
    given, said = given_before_failing(encoder)
    assert (sorted(given), len(server.requests)) == ([0, 1], 3)
    assert "400, too long" in said
