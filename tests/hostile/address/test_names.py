"""What an address may look like: one that can be read in two ways, or holds a secret, is refused in one line."""

from __future__ import annotations

import pytest

from vecsearch import InvalidOption, load_encoder
from vecsearch.addresses import checked_address
from vecsearch.models.encoders.endpoint.name import OPENAI_URL, find_endpoint

MISTYPED = [
    "openai:bge-m3@127.0.0.1:9/v1",
    "openai:bge-m3@localhost:8000",
    "openai:bge-m3@http:/127.0.0.1:9/v1",
    "openai:bge-m3@http:127.0.0.1:9/v1",
    "openai:bge-m3@htp://127.0.0.1:9/v1",
    "openai:bge-m3@ftp://host/v1",
    "openai:bge-m3@file:///etc/passwd",
    "openai:bge-m3@//127.0.0.1:9",
    "openai:m@/x",
    "openai:m@://host",
    "openai:m@",
    "openai:m@@http://host",
    "openai:m@ http://host",
    "openai:m @http://host",
    "openai:m@http://",
    "openai:m@http://:80",
    "openai:m@http:///v1",
    "openai:m@http://host:99999/v1",
    "openai:m@http://host:0/v1",
    "openai:m@http://host:-1/v1",
    "openai:m@http://host:80:80/v1",
    "openai:m@http://host:8o/v1",
    "openai:m@http://ho st/v1",
    "openai:m@http://host/v1 x",
    "openai:m@http://host\\x",
    "openai:m@http://host\t/v1",
    "openai:m@http://host\n/v1",
    "openai:m@http://host/v1\u200b",
    "openai:m@http://h\u043est/v1",
    "openai:m@http://%6c%6f/v1",
    "openai:m@http://[::1/v1",
    "openai:m@http://[]/v1",
    "openai:m@http://.../v1",
    "openai:m@http://-/v1",
    "openai:m@http://host/../v1",
    "openai:m@http://a/v1@http://b/v1",
    "openai:m@https//host/v1",
    "openai:m@https;//host/v1",
    "openai:m@host",
    "openai:m@main",
    "openai:http://localhost:8000/v1",
    "openai://localhost:8000/v1",
    "openai:localhost:8000",
    "openai:localhost",
    "openai:127.0.0.1",
    "openai:m#http://host",
    "openai:m,http://host",
    "openai:BAAI/bge-m3",
    "openai:nomic-embed-text:latest",
    "openai:@cf/baai/bge",
    "openai:@http://host",
    "openai:",
    "OPENAI:m@host",
]
SECRETS = [
    "http://me:hush@host/v1",
    "https://hush@host/v1",
    "http://:hush@host/v1",
    "http://host/v1?key=hush",
    "http://host/v1#hush",
    "http://host/v1;token=hush",
    "http://host/token=hush/v1",
    "https://host/sk-hush0123456789/v1",
    "https://host/hf_hush0123456789",
    "htp://me:hush@host/v1",
    "me:hush@host/v1",
    "http:/me:hush@host",
]


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-own")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.mark.parametrize("name", MISTYPED)
def test_never_means_that_of_openai_when_it_is_mistyped(name: str) -> None:
    with pytest.raises(InvalidOption, match=r"expected .*http://host") as caught:
        find_endpoint(name)
    assert str(caught.value).isprintable()
    if name.startswith("openai:"):
        with pytest.raises(InvalidOption):
            load_encoder(name)


@pytest.mark.parametrize("address", SECRETS)
def test_is_not_stored_or_shown_with_a_secret(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (f"openai:m@{address}", f"openai:@{address}", f"openai:{address}"):
        with pytest.raises(InvalidOption, match="expected") as caught:
            find_endpoint(name)
        assert "hush" not in str(caught.value)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(InvalidOption) as caught:
        find_endpoint("openai:text-embedding-3-small")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("HTTPS://Example.ORG/Path/", "https://example.org/Path"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://my_service:80/v1", "http://my_service:80/v1"),
        ("https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/ai/v1",) * 2,
    ],
)
def test_is_taken_as_it_is_meant(address: str, checked: str) -> None:
    assert checked_address(address, "it") == checked
    assert checked_address(checked, "it") == checked


def test_is_that_of_openai_only_for_what_openai_can_have() -> None:
    for model in ("text-embedding-3-small", "text-embedding-ada-002", "text-embedding-3.5"):
        assert find_endpoint(f"openai:{model}").url == OPENAI_URL
