"""EndpointEncoder against a real server: what it asks, what it believes, what it does when things go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Barrier

import numpy as np
import pytest

from tests.helpers.encoder_contract import EncoderContract
from tests.helpers.endpoint_clients import made
from tests.helpers.endpoint_server import (
    LIMIT_VARIABLE,
    EndpointServer,
    Exchange,
    Reply,
    Silent,
    only_server,
    refusal,
    refuses,
    says,
    takes_at_most,
    well,
)
from vecsearch.errors import EndpointFailed, ExtraMissing, InvalidOption
from vecsearch.models.encoders.derived_files import read_derived
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder, dim_record
from vecsearch.models.encoders.endpoint.request import Sending
from vecsearch.types import Role


@pytest.fixture(autouse=True)
def server():
    with only_server() as server:
        yield server


def texts_of(n: int) -> list[str]:
    return [f"text number {i}" for i in range(n)]


def expected(server: EndpointServer, texts: list[str]) -> np.ndarray:
    return np.stack([server.encoder.vector(text) for text in texts])


class TestEndpointContract(EncoderContract):
    @pytest.fixture
    def made(self, server):
        return made(server)


# What it is


@pytest.mark.parametrize(
    ("model", "dim"),
    [("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536)],
)
def test_openais_own_models_are_known_without_asking(model, dim):
    encoder = EndpointEncoder(f"openai:{model}")
    assert (encoder.name, encoder.dim, encoder.max_tokens) == (f"openai:{model}", dim, 8191)
    assert len(encoder.fingerprint) == 64


def test_making_one_imports_nothing_and_asks_nothing(server):
    code = (
        "import sys; from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder\n"
        f"encoder = EndpointEncoder({server.name!r}); encoder.token_spans(['a b']), encoder.max_tokens\n"
        "assert not {'openai', 'httpx', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert server.requests == []


def test_an_unknown_dimension_is_asked_for_once_for_all_objects(server):
    assert [made(server).dim for _ in range(3)] == [32, 32, 32]
    assert len(server.requests) == 1


def test_the_fingerprint_differs_by_address_model_and_dimension(server, monkeypatch):
    other = EndpointServer()
    other.encoder.dim = 16
    encoders = [made(server), made(other), EndpointEncoder("openai:text-embedding-3-small")]
    encoders.append(EndpointEncoder("openai:text-embedding-ada-002"))
    assert len({encoder.fingerprint for encoder in encoders}) == 4
    before = made(server).fingerprint
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert made(server).fingerprint == before  # nor does the key count
    other.close()


def test_a_limit_of_tokens_can_be_given(server, monkeypatch):
    monkeypatch.setenv(LIMIT_VARIABLE, "5")
    encoder = made(server)
    assert encoder.max_tokens == 5
    encoder.encode(["one two three four five six seven", "one two"], Role.DOCUMENT)
    assert server.requests[-1] == ["one two three four", "one two"]


@pytest.mark.parametrize("value", ["0", "-3", "many", "²"])
def test_a_limit_that_is_no_number_is_refused(server, monkeypatch, value):
    monkeypatch.setenv(LIMIT_VARIABLE, value)
    with pytest.raises(InvalidOption, match=LIMIT_VARIABLE):
        _ = made(server).max_tokens


@pytest.mark.parametrize(
    "option", [{"texts": 0}, {"tokens": -1}, {"in_flight": 0}, {"timeout": 0}, {"retries": -1}, {"first_wait": -0.5}]
)
def test_a_way_of_sending_that_cannot_be_is_refused(option):
    with pytest.raises(InvalidOption, match=next(iter(option))):
        Sending(**option)


def test_a_missing_client_is_told_with_the_command(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ExtraMissing) as caught:
        _ = made(server).dim
    assert str(caught.value) == f"model {server.name} needs openai: pip install 'vecsearch[openai]'"


def test_a_client_that_misses_a_part_of_its_own_is_not_called_missing(server, monkeypatch, tmp_path):
    (tmp_path / "openai.py").write_text("import no_such_part")
    monkeypatch.delitem(sys.modules, "openai", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_part") as caught:
        _ = made(server).dim
    assert not isinstance(caught.value, ExtraMissing)


# What it sends


def test_many_texts_go_in_several_requests_and_come_back_in_order(server):
    texts = texts_of(1000)
    encoder = made(server, texts=100, in_flight=4)
    np.testing.assert_array_equal(encoder.encode(texts, Role.DOCUMENT), expected(server, texts))
    assert sorted(map(len, server.requests)) == [1] + [100] * 10
    assert server.most_at_once <= 4


def test_as_many_requests_as_may_are_on_their_way_at_a_time(server):
    together = Barrier(3)

    def meets(exchange: Exchange) -> Reply:
        together.wait(30)
        return well(exchange)

    encoder = made(server, texts=10, in_flight=3)
    assert encoder.dim
    server.then(meets, meets, meets)
    encoder.encode(texts_of(100), Role.DOCUMENT)
    assert server.most_at_once == 3


def test_a_request_has_no_more_tokens_than_it_may(server):
    texts = [f"{i} " + "word " * 98 for i in range(10)]  # about 100 tokens each
    made(server, tokens=350).encode(texts, Role.DOCUMENT)
    assert sorted(map(len, server.requests[1:])) == [1, 3, 3, 3]


def test_a_text_larger_than_a_request_goes_alone(server):
    texts = ["short", "word " * 500, "short too"]
    vectors = made(server, tokens=100).encode(texts, Role.DOCUMENT)
    np.testing.assert_array_equal(vectors, expected(server, texts))
    assert sorted(map(len, server.requests[1:])) == [1, 1, 1]


def test_blank_texts_and_half_surrogates_are_sent_as_something_that_is_taken(server):
    made(server).encode(["", " \n", "a\ud83d"], Role.DOCUMENT)
    assert server.requests[-1] == [".", ".", "a\ufffd"]


def test_a_server_that_knows_plain_numbers_only_is_understood(server):
    server.knows_base64 = False
    texts = texts_of(5)
    np.testing.assert_array_equal(made(server).encode(texts, Role.QUERY), expected(server, texts))


@pytest.mark.parametrize(
    "reply",
    [
        lambda n: refusal(413, f"batch size {n} > maximum allowed batch size 32"),
        lambda n: refusal(400, "batch size is invalid, it should not be larger than 32"),
        lambda n: refusal(422, "Batch too large"),
    ],
    ids=["as TEI", "as DashScope", "in other words"],
)
def test_a_server_that_takes_fewer_texts_at_a_time_gets_fewer(server, reply):
    server.always = takes_at_most(32, reply)
    texts = texts_of(200)
    np.testing.assert_array_equal(made(server).encode(texts, Role.DOCUMENT), expected(server, texts))
    assert sorted(server.answered[1:]) == sorted(texts)


def test_halves_of_a_request_that_differ_in_dimension_are_refused(server):
    encoder = made(server)
    _ = encoder.dim
    two, three = ({"data": [{"index": 0, "embedding": [1.0] * dim}]} for dim in (2, 3))
    server.then(refuses(413), says(two), says(three))
    with pytest.raises(EndpointFailed, match="different lengths"):
        encoder.encode(["a", "b"], Role.DOCUMENT)


# What it remembers


def test_another_dimension_than_remembered_is_refused_and_forgotten(server):
    encoder = made(server)
    assert encoder.dim == 32
    server.encoder.dim = 16
    with pytest.raises(EndpointFailed, match="vectors of 16 numbers, expected 32"):
        encoder.encode(["a"], Role.DOCUMENT)
    assert read_derived(dim_record(encoder.endpoint)) is None
    assert made(server).dim == 16


def test_a_cache_folder_that_cannot_be_written_costs_a_request(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path / "file"))
    assert [made(server).dim, made(server).dim] == [32, 32]
    assert len(server.requests) == 2
    encoder = made(server)
    assert encoder.dim == 32
    server.encoder.dim = 16
    with pytest.raises(EndpointFailed, match="expected 32"):
        encoder.encode(["a"], Role.DOCUMENT)


# Who waits for it


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process there")
@pytest.mark.parametrize(
    "line",
    ["index.search('a query')", "index.add(['a document'])", "EndpointEncoder(name).encode(['a'] * 999, Role.QUERY)"],
)
def test_an_interrupt_while_the_server_is_silent_ends_the_program_at_once(server, tmp_path, line):
    import signal

    from vecsearch import Index

    Index.create(tmp_path / "index", model=made(server))
    silent = Silent()
    server.always = silent
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # whatever started the tests
        "from vecsearch import Index, Role\nfrom vecsearch.models.encoders.endpoint.encoder import EndpointEncoder\n"
        f"name = {server.name!r}; index = Index.open({str(tmp_path / 'index')!r}, model=EndpointEncoder(name))\n{line}"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=dict(os.environ)) as program:
        try:
            assert silent.reached.wait(30)
            program.send_signal(signal.SIGINT)
            _, said = program.communicate(timeout=20)  # the server holds the request for a minute, the client as long
        finally:
            program.kill()
    assert b"KeyboardInterrupt" in said
    assert not silent.released.is_set()
