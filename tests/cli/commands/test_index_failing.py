"""`vecsearch index` that fails before anything is committed leaves no index behind, whatever it fails at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.endpoint_server import EndpointServer, only_server, refuses
from tests.helpers.loading import set_loader
from tests.helpers.missing import uninstall
from tests.helpers.writing import content_of, write
from vecsearch import Index, InvalidVector, load_encoder
from vecsearch.types import Role


@pytest.fixture
def notes(place: Path) -> Path:
    return write(place / "notes" / "cats.md", "cats purr\n").parent


def failed(vecsearch_command: Command, place: Path, *arguments: str) -> str:
    """What the command says, which ends with status 1 and makes no folder."""
    before = sorted(place.iterdir())
    done = vecsearch_command("index", "notes", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert sorted(place.iterdir()) == before
    return done.err


@pytest.mark.parametrize("name", ["VECSEARCH_CACHE_SIZE", "VECSEARCH_CACHE_PRECISION"])
def test_a_bad_environment_is_said_first(vecsearch_command: Command, place, notes, monkeypatch, name):
    monkeypatch.setenv(name, "plenty")
    assert f"${name}: " in failed(vecsearch_command, place)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--include", "["], "include contains '['"),
        (["--id-field", ""], "the name of the id field of records is empty"),
        (["--exclude", ""], "exclude contains ''"),
    ],
)
def test_options_of_reading_that_cannot_be(vecsearch_command: Command, place, notes, flags, said):
    assert said in failed(vecsearch_command, place, *flags)


def test_an_encoder_that_fails_at_the_first_text(vecsearch_command: Command, place, notes, encoder, monkeypatch):
    def fails(texts: list[str], role: Role) -> None:
        raise InvalidVector("the model is out of order")

    monkeypatch.setattr(encoder, "encode", fails)
    assert "out of order" in failed(vecsearch_command, place)


def test_an_index_that_is_there_stays_even_when_it_is_empty(vecsearch_command: Command, place, notes, encoder):
    Index.create(".vecsearch", model=encoder)
    before = content_of(place / ".vecsearch" / "manifests")
    assert vecsearch_command("index", "notes", "--include", "[").status == 1
    assert content_of(place / ".vecsearch" / "manifests") == before


def test_a_folder_that_was_made_for_the_index_is_empty_again(vecsearch_command: Command, place, notes):
    (place / "mine").mkdir()
    assert "include contains '['" in failed(vecsearch_command, place, "--include", "[", "-i", "mine")
    assert list((place / "mine").iterdir()) == []


class TestEndpoint:
    """A model behind an address."""

    @pytest.fixture(autouse=True)
    def _loading(self, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        set_loader(load_encoder, monkeypatch)

    @pytest.fixture(autouse=True)
    def server(self):
        with only_server() as server:
            yield server

    def test_without_a_key(self, vecsearch_command: Command, place, notes):
        said = failed(vecsearch_command, place, "--model", "openai:text-embedding-3-small")
        assert "needs a key: set $OPENAI_API_KEY" in said

    def test_a_dry_run_needs_the_key_too(self, vecsearch_command: Command, place, notes, monkeypatch):
        asked = ("--dry-run", "--model", "openai:text-embedding-3-small")
        assert "needs a key" in failed(vecsearch_command, place, *asked)

    def test_without_the_package(self, vecsearch_command: Command, place, notes, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0")
        uninstall("openai", monkeypatch)
        said = failed(vecsearch_command, place, "--model", "openai:text-embedding-3-small")
        assert "pip install 'vecsearch[openai]'" in said

    def test_whose_server_refuses_the_key(self, vecsearch_command: Command, place, notes, server: EndpointServer):
        assert load_encoder(server.name).dim == 32  # remembered: no request is needed to make an index
        server.always = refuses(401, "Incorrect API key")
        assert "Incorrect API key" in failed(vecsearch_command, place, "--model", server.name)


def test_a_program_that_makes_an_index_without_a_key_has_none(tmp_path: Path) -> None:
    with only_server(), pytest.raises(ConnectionError, match="needs a key"):
        Index.create(tmp_path / "index", model="openai:text-embedding-3-small", dim=256)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_environment_makes_no_index_for_a_program(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = Index.create(tmp_path / "old", model=encoder)
    exported.add(["a text"])
    exported.export(tmp_path / "file.parquet")
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "plenty")
    with pytest.raises(ValueError, match="VECSEARCH_CACHE_SIZE"):
        Index.create(tmp_path / "new", model=encoder)
    with pytest.raises(ValueError, match="VECSEARCH_CACHE_SIZE"):
        Index.from_export(tmp_path / "file.parquet", tmp_path / "new")
    assert not (tmp_path / "new").exists()
