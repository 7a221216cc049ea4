"""Static models: vectors that are those of plain arithmetic, by the rules of each kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS, EncoderContract
from tests.helpers.static_models import (
    carried_wordllama,
    opened,
    random_matrix,
    write_model2vec,
    write_module,
    write_static_tokenizer,
    write_wordllama,
)
from tests.helpers.tiny_bert import WORDS, write_json
from vecsearch.types import Role

UNKNOWN = WORDS.index("[UNK]")


def tokens_of(folder: Path, text: str) -> list[int]:
    """What the tokenizer in a folder makes of a text, by the library itself."""
    from tokenizers import Tokenizer

    [path] = [path for path in folder.rglob("*.json") if path.name.startswith(("tokenizer", "l2_supercat_tokenizer"))]
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    return tokenizer.encode(text, add_special_tokens=False).ids


class TestModel2Vec(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return opened(write_model2vec(tmp_path / "m", max_length=12, normalize=True))


class TestQuantisedModel2Vec(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        rng = np.random.default_rng(1)
        tensors = {
            "embeddings": random_matrix(rows=11),
            "mapping": rng.integers(0, 11, len(WORDS)),
            "weights": rng.uniform(0.1, 1, len(WORDS)),
        }
        return opened(write_model2vec(tmp_path / "m", tensors))


class TestStaticEmbedding(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return opened(write_module(tmp_path / "m", normalize=True))


class TestWordLlama(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return opened(write_wordllama(tmp_path / "m"))


class TestCarriedWordLlama(EncoderContract):
    @pytest.fixture
    def made(self):
        return carried_wordllama()


def test_a_vector_is_the_mean_of_the_rows_of_all_tokens(tmp_path):
    folder = write_module(tmp_path / "m")
    matrix = random_matrix()
    expected = [matrix[tokens_of(folder, text)].mean(axis=0) for text in TEXTS if text]
    found = opened(folder).encode([text for text in TEXTS if text], Role.DOCUMENT)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_model2vec_leaves_unknown_tokens_out_and_the_others_do_not(tmp_path):
    matrix = random_matrix()
    red = matrix[WORDS.index("red")]
    left_out = opened(write_model2vec(tmp_path / "a")).encode(["red 東"], Role.QUERY)[0]
    np.testing.assert_allclose(left_out, red, rtol=1e-6)
    counted = opened(write_module(tmp_path / "b")).encode(["red 東"], Role.QUERY)[0]
    np.testing.assert_allclose(counted, (red + matrix[UNKNOWN]) / 2, rtol=1e-5)


def test_the_unknown_token_of_a_unigram_tokenizer_is_left_out_too(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = write_model2vec(tmp_path / "m", {"embeddings": random_matrix(rows=3)})
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("red", -1.0), ("tree", -1.0)], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    found = opened(folder).encode(["red 東"], Role.QUERY)[0]
    np.testing.assert_allclose(found, random_matrix(rows=3)[1], rtol=1e-6)


def test_a_tokenizer_without_an_unknown_token_leaves_nothing_out(tmp_path):
    from tokenizers import Tokenizer, models

    folder = write_model2vec(tmp_path / "m", {"embeddings": random_matrix(rows=3)})
    Tokenizer(models.BPE({"a": 0, "b": 1, "c": 2}, [])).save(str(folder / "tokenizer.json"))
    found = opened(folder).encode(["ab"], Role.QUERY)[0]
    np.testing.assert_allclose(found, random_matrix(rows=3)[:2].mean(axis=0), rtol=1e-5)


def test_rows_and_weights_of_a_quantised_vocabulary_are_applied_token_by_token(tmp_path):
    matrix, mapping = random_matrix(rows=5), np.arange(len(WORDS)) % 5
    weights = np.linspace(0.1, 1, len(WORDS)).astype(np.float32)
    folder = write_model2vec(tmp_path / "m", {"embeddings": matrix, "mapping": mapping, "weights": weights})
    tokens = tokens_of(folder, "red house")
    expected = (matrix[mapping[tokens]] * weights[tokens][:, None]).mean(axis=0)
    found = opened(folder).encode(["red house", ""], Role.QUERY)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    everything = (matrix[mapping] * weights[:, None]).mean(axis=0)
    np.testing.assert_allclose(found[1], everything, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["float16", "float64", "int8"])
def test_a_matrix_of_another_precision_is_widened(tmp_path, kind):
    matrix = (random_matrix() * 10).astype(kind)
    folder = write_model2vec(tmp_path / "m", {"embeddings": matrix})
    expected = matrix[tokens_of(folder, "red house")].astype(np.float32).mean(axis=0)
    np.testing.assert_allclose(opened(folder).encode(["red house"], Role.QUERY)[0], expected, rtol=1e-5)


def test_a_text_without_tokens_has_the_mean_of_all_rows(tmp_path):
    encoder = opened(write_module(tmp_path / "m"))
    mean = random_matrix().mean(axis=0)
    np.testing.assert_allclose(encoder.encode(["", " \n"], Role.DOCUMENT), [mean, mean], rtol=1e-4, atol=1e-6)


def test_tokens_whose_rows_are_zero_count_as_no_tokens(tmp_path):
    matrix = random_matrix()
    matrix[WORDS.index("red")] = 0
    encoder = opened(write_model2vec(tmp_path / "m", {"embeddings": matrix}))
    np.testing.assert_array_equal(encoder.encode(["red red"], Role.QUERY), encoder.encode([""], Role.QUERY))


def test_vectors_have_length_1_when_the_files_say_so_and_only_then(tmp_path):
    lengths = {
        name: np.linalg.norm(opened(folder).encode([*TEXTS, ""], Role.DOCUMENT), axis=1)
        for name, folder in {
            "plain": write_model2vec(tmp_path / "a"),
            "unit": write_model2vec(tmp_path / "b", normalize=True),
            "plain module": write_module(tmp_path / "c"),
            "unit module": write_module(tmp_path / "d", normalize=True),
            "wordllama": write_wordllama(tmp_path / "e"),
        }.items()
    }
    for name in ("unit", "unit module"):
        np.testing.assert_allclose(lengths[name], 1, rtol=1e-6)
    for name in ("plain", "plain module", "wordllama"):
        assert (np.abs(lengths[name] - 1) > 0.01).any()


def test_what_is_read_of_a_text_is_what_the_files_say(tmp_path):
    assert opened(write_model2vec(tmp_path / "a")).max_tokens == 512
    assert opened(write_model2vec(tmp_path / "b", max_length=7)).max_tokens == 7
    for folder in (write_model2vec(tmp_path / "c", max_length=None), write_module(tmp_path / "d")):
        assert opened(folder).max_tokens > 100_000
    cut = write_module(tmp_path / "e")
    truncation = {"max_length": 3, "strategy": "LongestFirst", "stride": 0}
    for direction in ({}, {"direction": "Right"}):  # older files have none
        write_static_tokenizer(cut / "0_StaticEmbedding" / "tokenizer.json", truncation={**truncation, **direction})
        assert opened(cut).max_tokens == 3
    write_static_tokenizer(tmp_path / "a" / "tokenizer.json", truncation=truncation)
    assert opened(tmp_path / "a").max_tokens == 512  # model2vec heeds its config alone


def test_prompts_go_before_the_text_and_are_no_part_of_what_can_be_read(tmp_path):
    folder = write_module(tmp_path / "m")
    plain = opened(folder)
    expected = plain.encode(["blue: red", "green tree red"], Role.QUERY)
    write_json(
        folder / "config_sentence_transformers.json", {"prompts": {"query": "blue: ", "document": "green tree "}}
    )
    prompted = opened(folder)
    np.testing.assert_array_equal(prompted.encode(["red"], Role.QUERY), expected[:1])
    np.testing.assert_array_equal(prompted.encode(["red"], Role.DOCUMENT), expected[1:])
    assert prompted.max_tokens == plain.max_tokens - 2
    np.testing.assert_array_equal(prompted.token_spans(["red"])[0], [[0, 3]])
