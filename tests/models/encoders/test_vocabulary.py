"""The tokens of a tokenizer by their numbers, and which of them are words, for each family of tokenizers."""

from __future__ import annotations

import pytest

from tests.helpers.static_models import carried_wordllama
from tests.helpers.tiny_bert import WORDS, write_tokenizer
from tests.helpers.tokenizer_families import write_trained
from vecsearch.errors import ModelDamaged
from vecsearch.models.encoders.tokenizer import Vocabulary


@pytest.fixture
def tiny_words(tmp_path):
    write_tokenizer(tmp_path / "tokenizer.json")
    return Vocabulary(tmp_path / "tokenizer.json")


def test_tokens_are_written_as_the_file_writes_them(tiny_words):
    assert [tiny_words.token(number) for number in range(len(WORDS))] == WORDS
    assert tiny_words.token(len(WORDS)) == ""


def test_special_tokens_are_those_that_the_file_marks(tiny_words):
    assert tiny_words.special == {0, 1, 2, 3}


def test_words_are_tokens_that_begin_and_end_one(tiny_words):
    expected = {word: number for number, word in enumerate(WORDS) if word.isalpha()}
    assert tiny_words.words == expected
    assert "##s" not in tiny_words.words
    assert "," not in tiny_words.words


def test_pieces_have_no_special_tokens_and_are_not_cut(tiny_words):
    assert tiny_words.pieces("red tab") == ["red", "t", "##a", "##b"]
    assert len(tiny_words.pieces("red " * 30)) == 30


def test_what_is_no_tokenizer_is_damage(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(ModelDamaged, match="is not a tokenizer"):
        Vocabulary(path)


@pytest.mark.parametrize("family", ["word piece", "word level"])
def test_a_word_of_a_family_is_read_as_its_one_token(tmp_path, family):
    write_trained(tmp_path / "tokenizer.json", family, special=True)
    check_words(Vocabulary(tmp_path / "tokenizer.json"), {"the", "red", "house"})


def test_a_word_of_the_default_model_is_read_as_its_one_token(carried):
    check_words(Vocabulary(carried / "tokenizer.json"), {"king", "queen", "2014"})


def test_a_word_of_a_tokenizer_with_blanks_inside_is_read_as_its_one_token():
    vocabulary = Vocabulary(carried_wordllama().spec.tokenizer)
    check_words(vocabulary, {"king", "King", "Paris"})
    assert vocabulary.token(vocabulary.words["king"]) == "▁king"


def check_words(vocabulary: Vocabulary, some: set[str]) -> None:
    assert some <= vocabulary.words.keys()
    for word, number in vocabulary.words.items():
        assert vocabulary.pieces(word) == [vocabulary.token(number)]
        assert any(map(str.isalnum, word))
        assert number not in vocabulary.special
