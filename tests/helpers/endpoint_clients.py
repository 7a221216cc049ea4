"""Encoders of a test server that do not wait between retries, and what they say when they fail."""

from __future__ import annotations

import pytest

from tests.helpers.endpoint_server import EndpointServer
from vecsearch.errors import EndpointFailed
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder
from vecsearch.models.encoders.endpoint.request import Sending
from vecsearch.types import Role

TEXTS = ["one text", "another text", "a third"]


def made(server: EndpointServer, **sending: float) -> EndpointEncoder:
    """An encoder for the server that does not wait between retries."""
    return EndpointEncoder(server.name, sending=Sending(**{"first_wait": 0.0, **sending}))


def ready(server: EndpointServer, **sending: float) -> EndpointEncoder:
    """An encoder that knows its dimension: the next request is for texts."""
    assert made(server).dim == 32  # which is remembered
    server.requests.clear()
    server.answered.clear()
    return made(server, **sending)


def failure(server: EndpointServer, role: Role = Role.DOCUMENT, **sending: float) -> str:
    """What is said when the texts cannot be encoded: one line that names model and address."""
    with pytest.raises(EndpointFailed) as caught:
        made(server, **sending).encode(TEXTS, role)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"{server.model} at {server.url}")
    assert len(said) < 500
    return said
