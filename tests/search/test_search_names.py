"""Options of `Index.search` and `Index.rank` that there are not, and where those stand that there are."""

from __future__ import annotations

import inspect

import pytest

from vecsearch import Document, Index
from vecsearch.search.options import SearchKeywords

NAMES = list(SearchKeywords.__annotations__)


@pytest.fixture
def index(tmp_path, encoder):
    made = Index.create(tmp_path / "index", model=encoder)
    made.add([Document("d", "green house")])
    return made


@pytest.mark.parametrize("method", ["search", "rank"])
@pytest.mark.parametrize("name", ["per_documents", "K", "queries", "_asked", ""])
def test_an_option_that_there_is_not_is_told_with_those_that_there_are(index, encoder, method, name):
    encoder.encoded.clear()
    with pytest.raises(TypeError) as refused:
        getattr(index, method)("never encoded before", **{name: 1})
    assert str(refused.value) == f"{method}() has no option {name!r}; it has query, k, {', '.join(NAMES)}"
    assert encoder.encoded == []


def test_every_option_is_described_where_people_ask_for_help():
    described = inspect.getdoc(Index.search)
    assert [name for name in NAMES if f"`{name}`" not in described] == []
    for method in (Index.search, Index.rank):
        assert "SearchKeywords" in str(inspect.signature(method).parameters["how"])


def test_every_option_is_taken_and_none_means_that_nothing_is_said(index):
    said_nothing = {name: None for name in NAMES if name not in ("rerank_depth", "exact", "explain")}
    assert index.search("house", **said_nothing) == index.search("house")
    assert index.search("house", rerank_depth=5, exact=False, explain=False) == index.search("house")
