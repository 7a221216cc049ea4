"""Whom EndpointEncoder tells the user's key, and what else of the user's: who the user points at, nobody else."""

from __future__ import annotations

import hashlib

import pytest

from tests.helpers.endpoint_clients import made
from tests.helpers.endpoint_server import EndpointServer, only_server, refuses
from vecsearch.errors import EndpointFailed
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder
from vecsearch.types import Role

SECRET = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def server():
    with only_server() as server:
        yield server


def sent_headers(server: EndpointServer) -> dict[str, str]:
    made(server).encode(["a"], Role.QUERY)
    return server.headers[-1]


def test_the_key_goes_where_the_user_points(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {SECRET}\n")  # as read from a file
    monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    headers = sent_headers(server)
    assert (headers["authorization"], headers["openai-organization"]) == (f"Bearer {SECRET}", "org-1")


def test_nothing_of_the_users_goes_to_an_address_that_only_the_models_name_gives(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway-Key: other-secret\nAuthorization: Bearer third-secret")
    said = str(sent_headers(server))
    assert not [word for word in (SECRET, "org-1", "project-1", "other-secret", "third-secret") if word in said]


def test_openai_is_not_asked_without_a_key():
    with pytest.raises(EndpointFailed, match=r"needs a key: set \$OPENAI_API_KEY") as caught:
        EndpointEncoder("openai:text-embedding-3-small").encode(["a"], Role.QUERY)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConnectionError)


def test_a_key_that_cannot_be_sent_is_not_shown(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sécret")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    with pytest.raises(EndpointFailed, match="characters that no key has") as caught:
        _ = made(server).dim
    assert "cret" not in str(caught.value)


def test_a_key_that_the_server_repeats_is_not_shown(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    server.always = refuses(401, f"Incorrect API key provided: {SECRET}.")
    with pytest.raises(
        EndpointFailed, match=r"401, Incorrect API key provided: \.\.\..*check \$OPENAI_API_KEY"
    ) as error:
        _ = made(server).dim
    assert SECRET not in repr(error.value)
    assert error.value.__cause__ is None


def test_the_key_is_in_no_file_and_no_description(server, cache_folder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    encoder = made(server)
    encoder.encode(["a"], Role.DOCUMENT)
    shown = [repr(encoder.endpoint), str(encoder.endpoint), encoder.name, repr(vars(encoder))]
    kept = [path.read_bytes() for path in cache_folder.rglob("*") if path.is_file()]
    assert kept
    assert not [each for each in [*shown, *map(repr, kept)] if SECRET in each]
    assert hashlib.sha256(SECRET.encode()).hexdigest() not in encoder.fingerprint
