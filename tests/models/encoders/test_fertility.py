"""How well a model reads a text: the letters that a token stands for, by what each kind of encoder makes of tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.encoder_contract import TEXTS
from tests.helpers.endpoint_clients import made as of_endpoint
from tests.helpers.endpoint_server import only_server
from tests.helpers.peer_models import make
from tests.helpers.static_models import carried_wordllama, opened, write_model2vec, write_module, write_wordllama
from tests.helpers.tiny_bert import write_json
from tests.models.encoders.test_word_vectors import write
from vecsearch import Document, Index
from vecsearch.models.capabilities import fertility_of
from vecsearch.models.encoder import DEFAULT_FERTILITY, Fertility, FertilityEncoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder
from vecsearch.models.encoders.tokenizer import TextTokenizer, count_characters

ENGLISH = "The committee decided that the bridge over the river should be repaired before winter."
GERMAN = "Der Ausschuss beschloss, die Brücke über den Fluss vor dem Winter zu reparieren."
RUSSIAN = "Комитет решил, что мост через реку следует отремонтировать до наступления зимы."
CHINESE = "委员会决定在冬天之前修理河上的桥梁，因为每天都有许多人使用它。"


def letters(encoder: FertilityEncoder, *texts: str) -> list[float]:
    return [told.characters_per_token for told in encoder.fertility(texts)]


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("", 0),
        (" \n\t\u00a0\u3000", 0),
        ("a b, c!", 5),
        ("Grüße", 5),
        ("мост", 4),
        ("東京", 6),
        ("\u3400\u9fff\uf900\ufaff\U00020000\U0003fffd", 18),  # every block of Han
        ("ひらカナ", 8),
        ("다리", 4),
        ("東京へ go", 10),
        ("🌳", 1),
    ],
)
def test_a_letter_counts_one_a_syllable_two_a_chinese_character_three_and_a_blank_nothing(text, many):
    assert count_characters(text) == many


@given(st.text(), st.text())
def test_letters_of_two_texts_are_those_of_both(first, second):
    assert count_characters(first + second) == count_characters(first) + count_characters(second)
    assert 0 <= count_characters(first) <= 3 * len(first)


def test_minilm_reads_english_by_words_and_spells_what_it_was_not_made_for(minilm):
    english, german, russian, chinese = letters(minilm, ENGLISH, GERMAN, RUSSIAN, CHINESE)
    assert 3.5 < english < 5.5
    assert 1.5 < german < english - 1
    assert 0.9 < russian < 1.4
    assert 0 < chinese < 1.5
    assert {told.contextual for told in minilm.fertility([ENGLISH, CHINESE])} == {True}


def test_wordllama_knows_words_without_their_context():
    encoder = carried_wordllama()
    english, german, chinese = letters(encoder, ENGLISH, GERMAN, CHINESE)
    assert chinese < german < english
    assert 3.5 < english < 5.5
    assert {told.contextual for told in encoder.fertility([ENGLISH, CHINESE])} == {False}


TOLD = {
    "red house": 4.0,  # two words of the vocabulary
    "red fox": 1.5,  # red f ##o and an x that follows nothing: the whole word is unknown
    "red 東": 1.5,
    "東 東": 0.0,
    "a, b": 1.0,
    "[UNK] red": 1.5,
    "": 0.0,
    " \n": 0.0,
}


def test_every_encoder_with_a_tokenizer_counts_its_tokens(tiny, tmp_path):
    contextual = [load_encoder(str(tiny), runtime="onnxruntime"), make(tiny)]
    static = [
        opened(write_model2vec(tmp_path / "model2vec")),
        opened(write_module(tmp_path / "module")),
        opened(write_wordllama(tmp_path / "wordllama")),
    ]
    for encoder in (*contextual, *static):
        assert isinstance(encoder, FertilityEncoder)
        assert encoder.fertility(list(TOLD)) == [Fertility(many, encoder in contextual) for many in TOLD.values()]


def test_the_models_limit_and_its_prompt_are_no_part_of_it(tiny):
    write_json(tiny / "config_sentence_transformers.json", {"prompts": {"query": "a, b, c: ", "document": "x: "}})
    encoder = load_encoder(str(tiny), runtime="onnxruntime")
    assert encoder.max_tokens < 100
    assert letters(encoder, "red house", "red house " * 100 + "東 " * 200) == [4.0, 2.0]


def tokenizer_in(path: Path, *, added: bool = False) -> TextTokenizer:
    """A tokenizer of two words that takes signs apart, and one sign into several; what it does not know is <unk>."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "red": 1, "社": 2}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    han = pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), han])
    if added:
        tokenizer.add_special_tokens(["<unk>"])
    tokenizer.save(str(path))
    return TextTokenizer(path)


@pytest.mark.parametrize("added", [False, True])
def test_what_a_tokenizer_does_not_know_is_a_token_of_no_letter_however_its_file_names_it(tmp_path, added):
    tokenizer = tokenizer_in(tmp_path / "tokenizer.json", added=added)
    assert tokenizer.characters_per_token(["red", "red green", "green", "red 社", "red 東"]) == [
        3.0,
        1.5,
        0.0,
        3.0,
        1.5,
    ]


def test_a_sign_of_several_unknown_tokens_is_lost_once(tmp_path):
    tokenizer = tokenizer_in(tmp_path / "tokenizer.json")
    assert [len(spans) for spans in tokenizer.spans(["㍿", "red ㍿"])] == [4, 5]  # 株式会社
    assert tokenizer.characters_per_token(["㍿", "red ㍿"]) == [0.0, 3 / 5]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=20), max_size=5))
def test_letters_a_token_are_never_more_than_the_text_has_nor_fewer_than_none(minilm, texts):
    for text, told in zip(texts, minilm.fertility(texts), strict=True):
        assert 0 <= told.characters_per_token <= count_characters(text)


def test_word_vectors_know_whole_words_or_nothing_of_them(tmp_path):
    encoder = WordVectorEncoder(write(tmp_path / "vectors.txt"))
    told = {
        "red house": 4.0,
        "The RED House": 11 / 3,  # known in lower case
        "red unheard": 1.5,
        "unheard of": 0.0,
        "red, house!": 4.0,  # punctuation is no word, though the file has a comma
        "東 京": 1.5,
        "grüße": 5.0,
        "": 0.0,
        "?!": 0.0,
    }
    assert encoder.fertility(list(told)) == [Fertility(many, contextual=False) for many in told.values()]


def test_shortened_vectors_are_of_the_model_that_reads(tmp_path, tiny):
    for encoder in (load_encoder(str(tiny)), opened(write_module(tmp_path / "module"))):
        short = Shortened(encoder, 8)
        assert isinstance(short, FertilityEncoder)
        assert short.fertility(TEXTS) == encoder.fertility(TEXTS)
    assert Shortened(CountingEncoder(), 8).fertility(["red", "東"]) == [DEFAULT_FERTILITY, DEFAULT_FERTILITY]


def test_an_encoder_that_does_not_say_is_taken_to_know_the_language_and_look_at_the_context(encoder):
    assert not isinstance(encoder, FertilityEncoder)
    assert fertility_of(encoder, ["red", "東"]) == [DEFAULT_FERTILITY, DEFAULT_FERTILITY]
    assert fertility_of(encoder, []) == []
    assert DEFAULT_FERTILITY == (4.0, True)


def test_an_endpoint_is_not_asked_how_well_it_reads():
    with only_server() as server:
        assert fertility_of(of_endpoint(server), [ENGLISH, CHINESE]) == [DEFAULT_FERTILITY, DEFAULT_FERTILITY]
        assert server.requests == []


@pytest.mark.peer
@pytest.mark.usefixtures("peer")
def test_torch_models_count_the_tokens_of_their_own_tokenizer(built):
    red, words = make(built / "qwen").fertility(["red мост", "东"])
    assert red == Fertility(7 / 12, contextual=True)  # a byte is a token, and so is the blank
    assert words.characters_per_token == pytest.approx(1.0)


@pytest.mark.peer
@pytest.mark.usefixtures("peer")
def test_a_torch_model_whose_tokenizer_knows_no_offsets_does_not_say(built):
    assert make(built / "words").fertility(["red house", "東"]) == [DEFAULT_FERTILITY, DEFAULT_FERTILITY]


def test_a_given_weight_asks_nobody_how_well_the_query_is_read(tmp_path):
    class Silent(CountingEncoder):
        def fertility(self, texts):
            raise AssertionError

    index = Index.create(tmp_path / "index", model=Silent())
    index.add([Document("a", "red house"), Document("b", "blue sea")])
    assert index.search("red", dense_weight=0.5)[0].document_id == "a"
    with pytest.raises(AssertionError):
        index.search("red")
