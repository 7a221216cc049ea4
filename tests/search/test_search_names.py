"""The options of `Index.search` and `Index.rank`: shown where people look, and unknown ones refused."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from vecsearch import Document, Index
from vecsearch.search.options import SearchOptions

DEFAULTS = {field.name: field.default for field in fields(SearchOptions)}


@pytest.fixture
def index(tmp_path, encoder):
    made = Index.create(tmp_path / "index", model=encoder)
    made.add([Document("d", "green house")])
    return made


@pytest.mark.parametrize("method", ["search", "rank"])
@pytest.mark.parametrize("name", ["per_documents", "K", "queries", "_options", ""])
def test_an_unknown_option_is_refused_by_name_before_anything_is_encoded(index, encoder, method, name):
    encoder.encoded.clear()
    with pytest.raises(TypeError, match=f"'{name}'"):
        getattr(index, method)("never encoded before", **{name: 1})
    assert encoder.encoded == []


@pytest.mark.parametrize("method", [Index.search, Index.rank])
def test_the_signature_shows_every_option_with_its_default(method):
    shown = {name: each.default for name, each in inspect.signature(method).parameters.items()}
    assert {name: value for name, value in shown.items() if name not in ("self", "query")} == DEFAULTS


def test_every_option_is_described_where_people_ask_for_help():
    described = inspect.getdoc(Index.search)
    assert [name for name in DEFAULTS if f"`{name}`" not in described] == []


def test_none_means_the_default(index):
    nothing = {name: None for name in DEFAULTS if name not in ("k", "rerank_depth", "exact", "explain")}
    assert index.search("house", **nothing) == index.search("house")
    assert index.search("house", rerank_depth=5, exact=False, explain=False) == index.search("house")
