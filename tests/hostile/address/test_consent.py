"""What an index can have sent to the address of its model: nothing that the user has not agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.endpoint_server import EndpointServer, only_server
from tests.helpers.other_users import needs_owners
from vecsearch import ConsentMissing, Index, InvalidOption, load_encoder
from vecsearch.models import Cache
from vecsearch.trust import read_trust, trust_address, trust_file

TEXTS = ["the heron stands in the river", "a pelican flies over the sea"]
READS: dict[str, Callable[[Index], object]] = {
    "hybrid search": lambda index: index.search("a heron"),
    "dense search": lambda index: index.search("a heron", mode="dense"),
    "lexical search with a threshold": lambda index: index.search("heron", mode="lexical", min_similarity=0.1),
    "lexical search with an example": lambda index: index.search("heron", mode="lexical", plus="a pelican"),
    "example": lambda index: index.search(plus="a pelican"),
    "queries": lambda index: index.search(["a heron", "a pelican"]),
    "add": lambda index: index.add(["a third text"]),
}


@pytest.fixture
def server() -> Iterator[EndpointServer]:
    with only_server() as server:
        yield server


@pytest.fixture
def handed(server: EndpointServer, tmp_path: Path) -> Path:
    """An index of somebody else's, whose model is at the server; nobody here has agreed to anything."""
    path = tmp_path / "handed"
    Index.create(path, model=server.name).add(TEXTS)
    trust_file().unlink()
    Cache().clear()
    server.requests.clear()
    return path


@pytest.mark.parametrize("read", READS)
def test_gets_no_text_of_an_index_before_the_user_has_agreed(
    server: EndpointServer, handed: Path, read: str, recwarn: pytest.WarningsRecorder
) -> None:
    with pytest.raises(ConsentMissing, match=rf"{server.url}.*vecsearch trust {server.url}") as caught:
        READS[read](Index.open(handed))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PermissionError)
    assert server.requests == []
    assert not trust_file().exists()


def test_gets_no_document_of_a_folder_before_the_user_has_agreed(
    server: EndpointServer, handed: Path, folder: Path
) -> None:
    (folder / "secret.md").write_text("my own words")
    with pytest.raises(ConsentMissing):
        Index.open(handed).sync(folder)
    assert server.requests == []


@pytest.mark.parametrize("options", [{}, {"explain": True}, {"diversity": 0.5}, {"collapse": 0.9}, {"k": 1}], ids=str)
def test_is_not_needed_to_search_by_words(server: EndpointServer, handed: Path, options: dict[str, object]) -> None:
    hits = Index.open(handed).search("heron", mode="lexical", **options)
    assert [hit.text for hit in hits] == TEXTS[:1]
    assert [hit.similarity for hit in hits] == [None]
    assert server.requests == []


@pytest.mark.parametrize("way", ["named at creation", "named", "an encoder", "trusted", "environment"])
def test_gets_texts_after_the_user_has_agreed_once(
    server: EndpointServer, handed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    if way == "named at creation":
        Index.create(tmp_path / "own", model=server.name)
    elif way == "named":
        Index.open(handed, model=server.name)
    elif way == "an encoder":
        Index.open(handed, model=load_encoder(server.name))
    elif way == "trusted":
        trust_address(server.url)
    else:
        monkeypatch.setenv("VECSEARCH_TRUST_ADDRESSES", f"http://other:1/v1, {server.url}/")
    assert Index.open(handed).search("a heron", k=1)[0].similarity is not None
    assert server.requests == [["a heron"]]
    assert (server.url in read_trust().addresses) is (way != "environment")


def test_is_one_address_and_no_other(server: EndpointServer, handed: Path) -> None:
    for near in (server.url[:-1], f"{server.url}/more", server.url.replace("http:", "https:"), f"{server.url}0"):
        trust_address(near)
    with pytest.raises(ConsentMissing):
        Index.open(handed).search("a heron")


def test_gets_nothing_whoever_has_agreed_where_nothing_may_be_remote(server: EndpointServer, handed: Path) -> None:
    from vecsearch.session import Models
    from vecsearch.storage.store import Store

    trust_address(server.url)
    entry = Store(handed).manifest().model
    for model in (None, server.name):
        with pytest.raises(ConsentMissing, match="nothing"):
            Models("handed", model, remote=False).encoder(entry)
    assert server.requests == []


def test_is_searched_with_the_model_that_the_user_names_where_nothing_can_be_remembered(
    server: EndpointServer, handed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("VECSEARCH_CONFIG", str(tmp_path / "file" / "config"))
    assert Index.open(handed, model=server.name).search("a heron", k=1)


@pytest.mark.parametrize("content", ["{", "[]", '{"addresses": "all"}', '{"addresses": [1]}', '{"folders": {}}'])
def test_is_not_trusted_by_a_list_that_cannot_be_read(server: EndpointServer, handed: Path, content: str) -> None:
    trust_file().write_text(content)
    with pytest.raises(InvalidOption, match=r"trust\.json.*mend or remove it"):
        Index.open(handed).search("a heron")
    assert server.requests == []


@needs_owners
def test_is_remembered_in_a_file_that_only_the_user_can_read(server: EndpointServer, handed: Path) -> None:
    trust_address(server.url)
    assert trust_file().stat().st_mode & 0o077 == 0
    trust_file().chmod(0o666)
    with pytest.raises(InvalidOption, match="everybody may write it"):
        Index.open(handed).search("a heron")
