"""inspect_text: what is shown of a text is what the model's files and its own encode() say, for each kind of model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.static_models import random_matrix, write_model2vec, write_module, write_wordllama
from tests.helpers.tiny_bert import WORDS, set_pooling, tiny_tensors, write_graph, write_json
from vecsearch import InvalidOption, InvalidQuery, ModelUnsupported, Role, load_encoder
from vecsearch.analysis import inspect_text

TEXT = "The red house, by a river."
MATRIX = tiny_tensors()["embeddings.word_embeddings.weight"]


def pieces(text: str, found) -> list[str]:
    return [text[token.span.start : token.span.end] for token in found.tokens if token.span]


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_tokens_have_the_numbers_and_places_of_the_tokenizer(tiny):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tiny / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    expected = tokenizer.encode(TEXT)
    found = inspect_text(TEXT, model=str(tiny))
    assert [token.id for token in found.tokens] == expected.ids
    assert [token.token for token in found.tokens] == expected.tokens
    places = [tuple(token.span) if token.span else (0, 0) for token in found.tokens]
    assert places == expected.offsets
    assert pieces(TEXT, found)[-2:] == ["river", "."]


def test_special_tokens_are_marked_and_stand_for_no_characters(tiny):
    found = inspect_text("red Ω tree", model=str(tiny))
    assert [token.token for token in found.tokens] == ["[CLS]", "red", "[UNK]", "tree", "[SEP]"]
    assert [token.special for token in found.tokens] == [True, False, True, False, True]
    assert [token.span is None for token in found.tokens] == [True, False, False, False, True]


def test_the_matrix_and_its_rows_are_those_of_the_file(tiny):
    found = inspect_text(TEXT, model=str(tiny))
    assert (found.matrix.rows, found.matrix.dim, found.matrix.bytes) == (len(WORDS), 32, len(WORDS) * 32 * 4)
    assert found.matrix.one_hot_difference == 0
    np.testing.assert_array_equal(found.rows, MATRIX[[token.id for token in found.tokens]])
    for token in found.tokens:
        assert token.row_norm == pytest.approx(np.linalg.norm(MATRIX[token.id]), rel=1e-6)


def test_near_tokens_are_those_whose_rows_have_the_highest_cosine(tiny):
    found = inspect_text("red", model=str(tiny), nearest=4)
    rows = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    for token in found.tokens:
        cosines = rows @ rows[token.id]
        cosines[token.id] = -2
        best = np.argsort(-cosines)[:4].tolist()
        assert [near.id for near in token.nearest] == best
        assert [near.token for near in token.nearest] == [WORDS[row] for row in best]
        np.testing.assert_allclose([near.similarity for near in token.nearest], cosines[best], atol=1e-6)


def test_no_near_tokens_are_looked_for_where_none_are_asked(tiny):
    assert {token.nearest for token in inspect_text("red", model=str(tiny), nearest=0).tokens} == {()}


@pytest.mark.parametrize(
    ("mode", "pooled"),
    [
        ("mean_tokens", lambda vectors: vectors.mean(axis=0)),
        ("cls_token", lambda vectors: vectors[0]),
        ("max_tokens", lambda vectors: vectors.max(axis=0)),
        ("lasttoken", lambda vectors: vectors[-1]),
    ],
)
def test_the_vectors_that_are_shown_are_pooled_to_the_one_that_a_search_has(tiny, mode, pooled):
    set_pooling(tiny, mode)
    found = inspect_text(TEXT, model=str(tiny))
    assert found.pooling == mode.split("_")[0]
    assert found.vectors.shape == (len(found.tokens), 32)
    made = pooled(found.vectors)
    assert found.pooled_norm == pytest.approx(np.linalg.norm(made), rel=1e-5)
    np.testing.assert_allclose(unit(made), found.vector, atol=1e-5)
    np.testing.assert_array_equal(found.vector, load_encoder(str(tiny)).encode([TEXT], Role.DOCUMENT)[0])
    for token, vector in zip(found.tokens, found.vectors, strict=True):
        assert token.vector_norm == pytest.approx(np.linalg.norm(vector), rel=1e-5)


def test_it_is_said_how_the_model_knows_places_and_what_it_is_made_of(tiny):
    found = inspect_text(TEXT, model=str(tiny))
    assert (found.positions, found.position_count, found.contextual, found.normalized) == ("learned", 24, True, True)
    assert (found.model, found.text, found.cut, found.missing) == (str(tiny), TEXT, 0, ())


def test_tokens_beyond_what_the_model_reads_are_counted(tiny):
    found = inspect_text("red " * 40, model=str(tiny))
    assert (len(found.tokens), found.cut) == (24, 40 + 2 - 24)


def test_tokens_of_a_prompt_are_shown_without_a_place(tiny):
    prompts = {"prompts": {"query": "blue: ", "document": ""}}
    write_json(tiny / "config_sentence_transformers.json", prompts)
    found = inspect_text("red", model=str(tiny), role="query")
    assert [token.token for token in found.tokens] == ["[CLS]", "blue", ":", "red", "[SEP]"]
    assert [token.span is None for token in found.tokens] == [True, True, True, False, True]
    assert [token.special for token in found.tokens] == [True, False, False, False, True]
    assert len(inspect_text("red", model=str(tiny)).tokens) == 3


def test_a_graph_shows_what_its_weights_show(tiny):
    plain = inspect_text(TEXT, model=str(tiny))
    (tiny / "model.safetensors").unlink()
    write_graph(tiny / "onnx" / "model.onnx")
    found = inspect_text(TEXT, model=str(tiny))
    assert found.matrix == plain.matrix
    np.testing.assert_array_equal(found.rows, plain.rows)
    np.testing.assert_allclose(found.vectors, plain.vectors, atol=1e-5)


def test_a_quantised_graph_has_no_rows_to_show_and_says_so(tiny):
    import onnx

    (tiny / "model.safetensors").unlink()
    write_graph(tiny / "model.onnx")
    _quantise_matrix(tiny / "model.onnx", onnx)
    found = inspect_text(TEXT, model=str(tiny))
    assert (found.matrix, found.rows) == (None, None)
    assert {(token.row_norm, token.nearest) for token in found.tokens} == {(None, ())}
    assert [said for said in found.missing if "no matrix that can be read" in said]
    assert found.vectors.shape == (len(found.tokens), 32)


def _quantise_matrix(path: Path, onnx) -> None:
    """The rows as int8 behind the look-up, as tools that quantise a graph write it."""
    model = onnx.load(str(path))
    [gather] = [node for node in model.graph.node if node.op_type == "Gather" and node.input[1] == "input_ids"]
    [tensor] = [each for each in model.graph.initializer if each.name == gather.input[0]]
    scale = float(np.abs(MATRIX).max() / 127)
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.round(MATRIX / scale).astype(np.int8), tensor.name))
    output, gather.output[0] = gather.output[0], "looked_up"
    zero = onnx.numpy_helper.from_array(np.array(0, np.int8), "zero")
    model.graph.initializer.extend([zero, onnx.numpy_helper.from_array(np.array(scale, np.float32), "scale")])
    node = onnx.helper.make_node("DequantizeLinear", ["looked_up", "scale", "zero"], [output])
    model.graph.node.insert(list(model.graph.node).index(gather) + 1, node)
    onnx.save(model, str(path))


@pytest.mark.parametrize("write", [write_model2vec, write_module, write_wordllama])
def test_a_static_model_shows_its_rows_as_the_tokens_vectors(tmp_path, write):
    folder = write(tmp_path / "static")
    found = inspect_text("red house, tree.", model=str(folder))
    matrix = random_matrix().astype(np.float16).astype(np.float32) if write is write_wordllama else random_matrix()
    np.testing.assert_array_equal(found.rows, matrix[[token.id for token in found.tokens]])
    np.testing.assert_array_equal(found.vectors, found.rows)
    np.testing.assert_allclose(found.vectors.mean(axis=0), found.vector, atol=1e-6)
    assert (found.positions, found.contextual, found.pooling, found.normalized) == ("none", False, "mean", False)
    assert not any(token.special for token in found.tokens)
    assert len(found.missing) == 3


def test_what_a_static_model_does_not_know_is_shown_and_does_not_count(tmp_path):
    found = inspect_text("red Ω tree", model=str(write_model2vec(tmp_path / "static")))
    assert [(token.token, token.special) for token in found.tokens] == [
        ("red", False),
        ("[UNK]", True),
        ("tree", False),
    ]
    np.testing.assert_allclose(found.vectors[[0, 2]].mean(axis=0), found.vector, atol=1e-6)


def test_a_quantised_static_model_shows_the_rows_that_it_weighs(tmp_path):
    mapping = np.arange(len(WORDS))[::-1].copy()
    weights = np.linspace(0.5, 2, len(WORDS)).astype(np.float64)
    tensors = {"embeddings": random_matrix(), "mapping": mapping, "weights": weights}
    found = inspect_text("red tree", model=str(write_model2vec(tmp_path / "m2v", tensors)))
    ids = [token.id for token in found.tokens]
    np.testing.assert_allclose(found.rows, random_matrix()[mapping[ids]] * weights[ids, None], rtol=1e-6)
    assert found.pooling == "weighted mean"
    np.testing.assert_allclose(found.vectors.mean(axis=0), found.vector, atol=1e-6)


def test_a_file_of_word_vectors_shows_words_and_names_unknown_ones(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("red 1 0\nhouse 0.6 0.8\ntree 0 2\n")
    found = inspect_text("A red house!", model=str(path))
    assert [(token.token, token.id, tuple(token.span)) for token in found.tokens] == [
        ("red", 0, (2, 5)),
        ("house", 1, (6, 11)),
    ]
    assert found.unknown == ("A",)
    assert found.tokens[0].nearest[0].token == "house"
    assert found.tokens[0].nearest[0].similarity == pytest.approx(0.6)
    assert (found.matrix.rows, found.matrix.dim) == (3, 2)
    np.testing.assert_allclose(found.vector, [0.8, 0.4], rtol=1e-6)


def test_of_cut_vectors_the_whole_model_is_shown(tiny):
    found = inspect_text("red", model=load_encoder(str(tiny), dim=8))
    assert (found.vector.shape, found.vectors.shape) == ((8,), (3, 32))


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_text_is_refused(tiny, text):
    with pytest.raises(InvalidQuery, match="the text is empty"):
        inspect_text(text, model=str(tiny))


def test_a_text_of_unknown_words_is_refused(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("red 1 0\nhouse 0.6 0.8\n")
    with pytest.raises(InvalidQuery, match=r"knows no word of 'Ω zz'"):
        inspect_text("Ω zz", model=str(path))


def test_models_that_show_no_tokens_are_refused_in_one_line(encoder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    for model in (encoder, "openai:text-embedding-3-small"):
        with pytest.raises(ModelUnsupported, match="shows neither tokens nor a matrix") as error:
            inspect_text("red", model=model)
        assert "\n" not in str(error.value)


def test_options_outside_their_range_are_refused(tiny):
    with pytest.raises(InvalidOption, match="nearest is -1"):
        inspect_text("red", model=str(tiny), nearest=-1)
    with pytest.raises(InvalidOption, match="role is 'reader'"):
        inspect_text("red", model=str(tiny), role="reader")


@pytest.mark.peer
def test_the_runtime_of_sentence_transformers_shows_the_same(tiny, peer):
    found = inspect_text(TEXT, model=load_encoder(str(tiny), runtime="sentence-transformers", device="cpu"))
    plain = inspect_text(TEXT, model=str(tiny))
    assert [token.id for token in found.tokens] == [token.id for token in plain.tokens]
    assert (found.matrix, found.positions, found.pooling) == (plain.matrix, plain.positions, plain.pooling)
    np.testing.assert_allclose(found.vectors, plain.vectors, atol=1e-4)
    np.testing.assert_allclose(found.vector, plain.vector, atol=1e-5)


@pytest.mark.peer
def test_a_model_that_only_sentence_transformers_runs_shows_rotary_places_and_no_pooled_vector(tmp_path, peer):
    from tests.helpers.peer_models import make, write_qwen

    write_qwen(tmp_path / "qwen")
    found = inspect_text("red house", model=make(tmp_path / "qwen"))
    assert (found.positions, found.position_count) == ("rotary", 64)
    assert [token.span is None for token in found.tokens] == [True] * len("passage: ") + [False] * len("red house")
    assert found.vectors.shape == (len(found.tokens), 32)
    assert (found.matrix.rows, found.matrix.dim) == (257, 32)
    assert (found.pooling, found.pooled_norm, len(found.vector)) == (None, None, 16)
    assert [said for said in found.missing if "no pooled vector" in said]
    assert [said for said in found.missing if "no special tokens" in said]


@pytest.mark.peer
def test_a_model_without_places_of_tokens_is_refused(tmp_path, peer):
    from tests.helpers.peer_models import make, write_words

    write_words(tmp_path / "words")
    with pytest.raises(ModelUnsupported, match=r"has no tokenizer\.json"):
        inspect_text("red house", model=make(tmp_path / "words"))


@pytest.mark.peer
def test_a_model_whose_tokens_have_no_vectors_of_their_own_is_refused(tiny, peer, monkeypatch):
    from vecsearch.models.encoders.torch.model import TorchModel

    monkeypatch.setattr(TorchModel, "tokens", lambda *_: None)
    with pytest.raises(ModelUnsupported, match="does not show which vector each token of a text has"):
        inspect_text("red house", model=load_encoder(str(tiny), runtime="sentence-transformers", device="cpu"))
