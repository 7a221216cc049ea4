from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vecsearch.errors import InvalidOption
from vecsearch.models.encoders.endpoint.name import OPENAI_URL, find_endpoint


@pytest.fixture(autouse=True)
def no_address_of_ones_own(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.mark.parametrize(
    ("name", "model", "url"),
    [
        ("openai:text-embedding-3-small", "text-embedding-3-small", OPENAI_URL),
        ("openai:m@http://localhost:8000/v1", "m", "http://localhost:8000/v1"),
        ("openai:m@http://localhost:8000/v1/", "m", "http://localhost:8000/v1"),
        ("openai:m@HTTPS://Example.ORG/Path", "m", "https://example.org/Path"),
        ("openai:BAAI/bge-m3@http://[::1]:80", "BAAI/bge-m3", "http://[::1]:80"),
        ("openai:@cf/baai/bge@https://example.org", "@cf/baai/bge", "https://example.org"),
        (
            "openai:nomic-embed-text:latest@http://localhost:11434/v1",
            "nomic-embed-text:latest",
            "http://localhost:11434/v1",
        ),
    ],
)
def test_a_name_gives_model_and_address(name, model, url):
    endpoint = find_endpoint(name)
    assert (endpoint.model, endpoint.url) == (model, url)
    assert find_endpoint(endpoint.name) == endpoint


@pytest.mark.parametrize(
    "name",
    [
        "openai:",
        "openai",
        "text-embedding-3-small",
        "openai:two words",
        "openai:m\x1b[31m",
        "openai:@http://localhost",
        "openai:m@http://",
        "openai:m@http://:80",
        "openai:m@http://host:port",
        "openai:m@http://host:0",
        "openai:m@http://[::1",
    ],
)
def test_a_name_that_leads_nowhere_is_refused(name):
    with pytest.raises(InvalidOption, match="expected") as caught:
        find_endpoint(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://me:secret@host/v1", "http://host/v1?key=secret", "http://host/v1#secret"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(url, monkeypatch):
    with pytest.raises(InvalidOption, match=r"a key in \$OPENAI_API_KEY") as caught:
        find_endpoint(f"openai:m@{url}")
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(InvalidOption, match=r"a key in \$OPENAI_API_KEY"):
        find_endpoint("openai:m")


def test_the_environment_says_where_by_default_and_the_name_keeps_it(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway/v1/")
    endpoint = find_endpoint("openai:m")
    assert endpoint.name == "openai:m@http://gateway/v1"
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert find_endpoint(endpoint.name) == endpoint


@pytest.mark.parametrize("url", ["gateway", "ftp://gateway", "http://"])
def test_a_wrong_address_in_the_environment_is_named(url, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(InvalidOption, match=r"\$OPENAI_BASE_URL has the URL"):
        find_endpoint("openai:m")


def test_only_openai_and_the_users_own_address_are_trusted(monkeypatch):
    assert find_endpoint("openai:m").trusted
    assert not find_endpoint("openai:m@http://elsewhere/v1").trusted
    assert not find_endpoint("openai:m@https://api.openai.com.elsewhere/v1").trusted
    monkeypatch.setenv("OPENAI_BASE_URL", "http://Gateway/v1")
    assert find_endpoint("openai:m@http://gateway/v1/").trusted
    assert not find_endpoint("openai:m@http://gateway:8080/v1").trusted
    assert not find_endpoint("openai:m@http://gateway/v2").trusted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab:@/. \\?#[]é\n", max_size=20), st.sampled_from(["", "@http://host/v1", "@http://host:80"]))
def test_any_name_is_refused_or_leads_to_itself(word, address):
    try:
        endpoint = find_endpoint(f"openai:{word}{address}")
    except InvalidOption:
        return
    assert find_endpoint(endpoint.name) == endpoint
    assert endpoint.url in (OPENAI_URL, "http://host/v1", "http://host:80")
