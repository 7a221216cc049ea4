"""Token vectors: the model's own, whatever the batch, the prompt or the runtime."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.encoder_contract import TEXTS
from tests.helpers.static_models import opened, random_matrix, write_model2vec, write_static_tokenizer, write_wordllama
from tests.helpers.tiny_bert import WORDS, write_graph, write_json
from tests.helpers.token_contract import TokenVectorsContract, pieces, unit
from tests.helpers.tokenizer_families import set_prompts, write_static, write_transformer
from vecsearch.errors import InvalidVector, ModelDamaged
from vecsearch.models.capabilities import token_vectors_of
from vecsearch.models.encoder import TokenVectors, TokenwiseEncoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.encoders.transformer.onnx_session import OnnxModel
from vecsearch.models.encoders.transformer.spec import read_spec
from vecsearch.types import Role


class TestATransformerOnOnnxRuntime(TokenVectorsContract):
    @pytest.fixture
    def made(self, tmp_path):
        return load_encoder(str(write_transformer(tmp_path / "model", "word piece")), runtime="onnxruntime")


class TestATransformerOnOpenvino(TokenVectorsContract):
    tolerance = 0.02  # bfloat16 has eight bits, and this model is random and tiny

    @pytest.fixture
    def made(self, tmp_path):
        pytest.importorskip("openvino", reason="openvino is not installed")
        return load_encoder(str(write_transformer(tmp_path / "model", "word piece")), runtime="openvino")


class TestATransformerThatShipsItsGraph(TokenVectorsContract):
    @pytest.fixture
    def made(self, tiny):
        (tiny / "model.safetensors").unlink()
        write_graph(tiny / "onnx" / "model.onnx")
        return load_encoder(str(tiny), runtime="onnxruntime")


class TestModel2vec(TokenVectorsContract):
    @pytest.fixture
    def made(self, tmp_path):
        return opened(write_model2vec(tmp_path / "static", normalize=True))


class TestWordllama(TokenVectorsContract):
    @pytest.fixture
    def made(self, tmp_path):
        return opened(write_wordllama(tmp_path / "static"))


class TestWordVectors(TokenVectorsContract):
    @pytest.fixture
    def made(self, tmp_path):
        rows = random_matrix(4, 8)
        lines = [
            f"{word} {' '.join(map(str, row))}" for word, row in zip(("red", "tree", "Grüße", "東"), rows, strict=True)
        ]
        (tmp_path / "words.txt").write_text("\n".join(lines), encoding="utf-8")
        return load_encoder(str(tmp_path / "words.txt"))

    def test_only_known_words_are_shown_with_the_vectors_of_the_file(self, made):
        text = "the RED,東京 Grüße grüße"
        [tokens] = made.token_vectors([text], Role.QUERY)
        assert pieces(text, tokens) == ["RED", "東", "Grüße"]
        np.testing.assert_allclose(tokens.vectors, unit(random_matrix(4, 8)[[0, 3, 2]]), atol=1e-6)


class TestShortenedVectors(TokenVectorsContract):
    @pytest.fixture
    def made(self, tiny):
        return Shortened(load_encoder(str(tiny), runtime="onnxruntime"), 12)

    def test_those_of_tokens_stay_whole(self, made):
        [tokens], [whole] = (encoder.token_vectors(["red"], Role.QUERY) for encoder in (made, made.inner))
        np.testing.assert_array_equal(tokens.vectors, whole.vectors)
        assert tokens.vectors.shape == (1, 32)


def test_an_encoder_that_shows_none_gives_texts_without_tokens():
    for encoder in (CountingEncoder(), Shortened(CountingEncoder(), 3)):
        found = token_vectors_of(encoder, ["red", "tree"], Role.QUERY)
        assert [(tokens.spans.shape, len(tokens.vectors)) for tokens in found] == [((0, 2), 0)] * 2
    assert not isinstance(CountingEncoder(), TokenwiseEncoder)


class Told(CountingEncoder):
    """Gives what it is told to as token vectors."""

    def __init__(self, *found: TokenVectors) -> None:
        super().__init__()
        self.found = list(found)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        return self.found


@pytest.mark.parametrize(
    ("spans", "vectors", "shapes"),
    [
        ((1, 2), (2, 3), r"spans of shape \(1, 2\) and vectors of shape \(2, 3\)"),
        ((2,), (2, 3), r"spans of shape \(2,\) and vectors of shape \(2, 3\)"),
        ((2, 2), (2,), r"spans of shape \(2, 2\) and vectors of shape \(2,\)"),
    ],
)
def test_an_encoder_that_gives_no_vector_for_each_token_is_refused(spans, vectors, shapes):
    tokens = TokenVectors(np.zeros(spans, np.int64), np.zeros(vectors, np.float32))
    with pytest.raises(InvalidVector, match=f"counting returned token {shapes}"):
        token_vectors_of(Told(tokens), ["red"], Role.QUERY)


def test_an_encoder_that_forgets_a_text_is_refused():
    tokens = TokenVectors(np.zeros((1, 2), np.int64), np.zeros((1, 3), np.float32))
    with pytest.raises(InvalidVector, match="counting returned the tokens of 1 texts, expected 2"):
        token_vectors_of(Told(tokens), ["red", "tree"], Role.QUERY)


def test_lengths_of_vectors_may_be_anything_a_float_can_be():
    rows = np.array([[3e38, 3e38], [1e-40, 0], [0, 0], [-2, 0]], np.float32)
    found = TokenVectors.of(np.zeros((4, 2), np.int64), rows).vectors
    np.testing.assert_allclose(found, [[0.5**0.5, 0.5**0.5], [1, 0], [0, 0], [-1, 0]], atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_vectors_are_the_last_layers_for_the_text_by_itself(tiny, threads):
    spec = read_spec(ModelFolder(name="tiny", path=tiny))
    model, encoder = OnnxModel(spec, 1), load_encoder(str(tiny), runtime="onnxruntime", threads=threads)
    texts = [text for text in TEXTS if len(text) < 40 and text.isascii()] * 7
    for text, tokens in zip(texts, encoder.token_vectors(texts, Role.DOCUMENT), strict=True):
        ids = [2, *encoder._tokenizer()._tokenizer.encode(text, add_special_tokens=False).ids, 3]
        hidden = model.run(np.array([ids]), np.array([len(ids)]), alone=True)[0]
        np.testing.assert_allclose(tokens.vectors, unit(hidden[1:-1]), atol=1e-5)


def test_a_word_in_another_text_has_another_vector_in_a_transformer_and_the_same_in_a_matrix(tiny, tmp_path):
    for encoder, same in ((load_encoder(str(tiny)), False), (opened(write_model2vec(tmp_path / "static")), True)):
        alone, among = encoder.token_vectors(["red", "red tree"], Role.DOCUMENT)
        assert np.allclose(alone.vectors[0], among.vectors[0], atol=1e-4) is same


def test_what_is_cut_off_has_no_tokens(tiny):
    encoder = load_encoder(str(tiny), runtime="onnxruntime")
    [tokens] = encoder.token_vectors(["red " * 22 + "tree"], Role.DOCUMENT)
    assert tokens.spans.tolist() == [[4 * place, 4 * place + 3] for place in range(22)]
    set_prompts(tiny, query="red: ")
    [tokens] = load_encoder(str(tiny), runtime="onnxruntime").token_vectors(["red " * 22], Role.QUERY)
    assert tokens.spans.tolist() == [[4 * place, 4 * place + 3] for place in range(20)]


def test_a_prompt_is_read_and_not_shown(tiny):
    plain = load_encoder(str(tiny), runtime="onnxruntime")
    [expected] = plain.token_vectors(["red: tree"], Role.QUERY)
    set_prompts(tiny, query="red: ")
    encoder = load_encoder(str(tiny), runtime="onnxruntime")
    [asked], [told] = (encoder.token_vectors(["tree"], role) for role in (Role.QUERY, Role.DOCUMENT))
    np.testing.assert_allclose(asked.vectors[0], expected.vectors[2], atol=1e-5)
    assert asked.spans.tolist() == told.spans.tolist() == [[0, 4]]
    assert np.abs(asked.vectors - told.vectors).max() > 1e-3


def test_the_rows_of_a_quantised_vocabulary_are_found_by_its_map(tmp_path):
    matrix = np.random.default_rng(0).integers(-100, 100, (5, 6)).astype(np.int8)
    rows = np.arange(len(WORDS), dtype=np.int32) % 5
    tensors = {"embeddings": matrix, "mapping": rows, "weights": random_matrix(len(WORDS), 1)[:, 0].astype(np.float32)}
    encoder = opened(write_model2vec(tmp_path / "static", tensors))
    [tokens] = encoder.token_vectors(["red 東 tree"], Role.DOCUMENT)
    assert tokens.spans.tolist() == [[0, 3], [6, 10]]  # an unknown token does not count in a text's vector either
    numbers = [WORDS.index("red"), WORDS.index("tree")]
    expected = matrix[rows[numbers]] * tensors["weights"][numbers, None]
    np.testing.assert_allclose(tokens.vectors, unit(expected), atol=1e-6)


def test_the_tokens_of_a_matrix_have_its_rows_and_an_unknown_one_counts_in_a_static_embedding(tmp_path):
    encoder = opened(write_static(tmp_path / "static", "word piece"))
    numbers = encoder._tokenizer.ids(["red 漢 tree"], 9)[0]
    [tokens] = encoder.token_vectors(["red 漢 tree"], Role.DOCUMENT)
    assert pieces("red 漢 tree", tokens) == ["red", "漢", "tree"]
    np.testing.assert_allclose(tokens.vectors, unit(random_matrix(encoder._tokenizer.size)[numbers]), atol=1e-6)


def test_a_token_without_a_row_is_said(tmp_path):
    folder = write_model2vec(tmp_path / "static")
    encoder = opened(folder)
    assert encoder.token_vectors(["red"], Role.QUERY)
    vocabulary = {word: 1000 if word == "red" else number for number, word in enumerate(WORDS)}
    write_static_tokenizer(folder / "tokenizer.json")
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"]["vocab"] = vocabulary
    write_json(folder / "tokenizer.json", content)
    with pytest.raises(ModelDamaged, match="they do not belong together"):
        opened(folder).token_vectors(["red"], Role.QUERY)
