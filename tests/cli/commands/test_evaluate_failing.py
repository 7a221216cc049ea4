"""`vecsearch eval` into a new index that fails before anything is committed leaves no index behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.beir_folder import write_beir
from tests.helpers.commands import Command
from tests.helpers.endpoint_server import only_server, refuses
from tests.helpers.loading import set_loader
from vecsearch import Index, InvalidVector, load_encoder

pytest.importorskip("pytrec_eval", reason="the extra eval: pip install 'vecsearch[eval]'")


@pytest.fixture
def pets(place: Path) -> Path:
    return write_beir(place / "pets", {"d1": ("Cats", "Cats purr.")}, {"q1": "cats"}, [("q1", "d1", 1)])


def test_an_endpoint_that_refuses_the_key(vecsearch_command: Command, place, pets, monkeypatch):
    set_loader(load_encoder, monkeypatch)
    with only_server() as server:
        assert load_encoder(server.name).dim == 32  # remembered: no request is needed to make an index
        server.always = refuses(401, "Incorrect API key")
        done = vecsearch_command("eval", "pets", "-i", "made", "--model", server.name)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "Incorrect API key" in done.err
    assert list(place.iterdir()) == [pets]


def test_what_was_committed_before_a_failure_stays(vecsearch_command: Command, place, pets, encoder, monkeypatch):
    whole = encoder.encode

    def fails_for_queries(texts, role):
        if role.value == "query":
            raise InvalidVector("the model is out of order")
        return whole(texts, role)

    monkeypatch.setattr(encoder, "encode", fails_for_queries)
    done = vecsearch_command("eval", "pets", "-i", "made", "--mode", "dense")
    assert (done.status, "out of order" in done.err) == (1, True)
    assert Index.open(place / "made", model=encoder).document_ids() == ["d1"]


def test_an_empty_index_that_was_there_before_stays(vecsearch_command: Command, place, pets, encoder, monkeypatch):
    Index.create("made", model=encoder)

    def fails(texts, role):
        raise InvalidVector("the model is out of order")

    monkeypatch.setattr(encoder, "encode", fails)
    assert vecsearch_command("eval", "pets", "-i", "made").status == 1
    assert len(Index.open(place / "made", model=encoder)) == 0
