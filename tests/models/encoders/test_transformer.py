"""TransformerEncoder on ONNX Runtime: the vectors are the model's, whatever the batch, the order or the thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.tiny_bert import CONFIG, WORDS, set_pooling, tiny_tensors, write_graph, write_json, write_safetensors
from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.transformer.pooling import pool, unit_rows
from vecsearch.models.encoders.transformer.spec import Pooling
from vecsearch.types import Role

TEXTS = ["red house", "a green tree, a blue river.", "", "river " * 40, "tree", "q" * 100, "the house: red"]


def onnx(model, **how):
    return load_encoder(str(model), runtime="onnxruntime", **how)


def encode(model, texts, role=Role.DOCUMENT):
    return onnx(model).encode(texts, role)


def test_the_reference_similarities_of_minilm_hold(minilm):
    texts = ["That is a happy person", "That is a very happy person", "That is a happy dog", "Today is a sunny day"]
    vectors = minilm.encode(texts, Role.QUERY)
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, minilm.dim) == (4, 384)
    np.testing.assert_allclose(vectors[1:] @ vectors[0], [0.9429, 0.6946, 0.2569], atol=1e-3)
    assert minilm.max_tokens == 254


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_text_alone_has_the_vector_it_has_in_any_batch(tiny, threads):
    encoder = onnx(tiny, threads=threads)
    texts = TEXTS * 300  # several batches for every thread
    together = encoder.encode(texts, Role.DOCUMENT)
    alone = np.concatenate([encoder.encode([text], Role.DOCUMENT) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (300, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_more_texts_than_a_window_keep_their_order(tiny, monkeypatch):
    monkeypatch.setattr("vecsearch.models.encoders.transformer.encoder._FIRST_SLICE", 3)
    encoder = onnx(tiny, threads=2)
    backwards = encoder.encode(TEXTS[::-1], Role.DOCUMENT)
    np.testing.assert_allclose(encoder.encode(TEXTS, Role.DOCUMENT), backwards[::-1], atol=1e-5)


def test_no_texts_make_an_array_of_no_rows(tiny):
    assert encode(tiny, []).shape == (0, 32)


def test_threads_may_encode_at_the_same_time(tiny):
    encoder = onnx(tiny, threads=2)
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: encoder.encode(TEXTS, Role.DOCUMENT), range(8)))
    for vectors in found:
        np.testing.assert_allclose(vectors, found[0], atol=1e-5)


def test_a_text_is_cut_where_the_model_stops_reading(tiny):
    encoder = onnx(tiny)
    assert encoder.max_tokens == 22
    whole, longer, shorter = encoder.encode(["red " * 22, "red " * 22 + "tree", "red " * 21], Role.DOCUMENT)
    np.testing.assert_allclose(whole, longer, atol=1e-6)
    assert np.abs(whole - shorter).max() > 1e-4


def test_prompts_go_before_texts_by_role_and_count_against_the_limit(tiny):
    plain = onnx(tiny)
    expected = [plain.encode([text], Role.QUERY) for text in ("red: tree", "blue river: tree")]
    write_json(tiny / "config_sentence_transformers.json", {"prompts": {"query": "red: ", "passage": "blue river: "}})
    encoder = onnx(tiny)
    np.testing.assert_allclose(encoder.encode(["tree"], Role.QUERY), expected[0], atol=1e-6)
    np.testing.assert_allclose(encoder.encode(["tree"], Role.DOCUMENT), expected[1], atol=1e-6)
    assert encoder.max_tokens == plain.max_tokens - 3


def test_half_a_surrogate_pair_is_read_as_the_replacement_sign(tiny):
    encoder = onnx(tiny)
    broken = encoder.encode(["red \ud83d tree"], Role.QUERY)
    np.testing.assert_array_equal(broken, encoder.encode(["red \ufffd tree"], Role.QUERY))
    assert encoder.token_spans(["\udc00 red"])[0][-1].tolist() == [2, 5]


def test_lower_case_is_applied_where_the_model_asks_for_it(tiny):
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    tokenizer["normalizer"]["lowercase"] = False
    write_json(tiny / "tokenizer.json", tokenizer)
    cased, small = encode(tiny, ["RED HOUSE", "red house"])
    assert np.abs(cased - small).max() > 1e-4
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": True})
    np.testing.assert_allclose(encode(tiny, ["RED HOUSE"])[0], small, atol=1e-6)


def test_spans_are_the_characters_of_every_token(minilm):
    texts = [
        "Hello, wörld",
        "e\u0301te\u0301 👩‍👩‍👧 done",
        "one\r\ntwo\ttoken",
        "שלום עולם",
        "word " * 600,
        "",
        "x\ufeffy \x00 z",
    ]
    spans = minilm.token_spans(texts)
    assert [text[s:e] for s, e in spans[0] for text in texts[:1]] == ["Hello", ",", "wörld"]
    assert texts[1][slice(*spans[1][-1])] == "done"
    assert [texts[2][s:e] for s, e in spans[2]] == ["one", "two", "token"]
    assert "".join(texts[3][s:e] for s, e in spans[3]) == "שלוםעולם"
    assert len(spans[4]) == 600
    assert spans[5].shape == (0, 2)
    for text, found in zip(texts, spans, strict=True):
        assert found.dtype == np.int64
        assert (found[:, 0] < found[:, 1]).all()
        assert (found[1:, 0] >= found[:-1, 0]).all()
        assert found.max(initial=0) <= len(text)


def test_spans_of_many_long_texts_keep_their_order(tiny, monkeypatch):
    monkeypatch.setattr("vecsearch.models.encoders.tokenizer._BATCH_CHARACTERS", 20)
    texts = ["red " * n for n in range(1, 30)]
    assert [len(found) for found in onnx(tiny).token_spans(texts)] == list(range(1, 30))


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_half_precision_weights_are_widened(tiny, kind):
    tensors = tiny_tensors()
    expected = encode(tiny, TEXTS)
    if kind == "F16":
        write_safetensors(tiny / "model.safetensors", {name: t.astype(np.float16) for name, t in tensors.items()})
    else:
        halves = {name: (t.view(np.uint32) >> 16).astype(np.uint16) for name, t in tensors.items()}
        write_safetensors(tiny / "model.safetensors", halves, dict.fromkeys(halves, "BF16"))
    assert (np.sum(encode(tiny, TEXTS) * expected, axis=1) > 0.999).all()


def test_weights_saved_under_a_head_are_found(tiny):
    expected = encode(tiny, TEXTS)
    named = {f"bert.{name}": tensor for name, tensor in tiny_tensors().items()}
    write_safetensors(tiny / "model.safetensors", {**named, "bert.embeddings.position_ids": np.arange(24)})
    np.testing.assert_allclose(encode(tiny, TEXTS), expected, atol=1e-6)


def test_weights_with_the_names_of_early_bert_models_are_found(tiny):
    expected = encode(tiny, TEXTS)
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    named = {}
    for name, tensor in tiny_tensors().items():
        layer, dot, last = name.rpartition("LayerNorm.")
        named[f"bert.{layer}{old[dot + last]}" if dot else f"bert.{name}"] = tensor
    assert {name.rpartition(".")[2] for name in named if "LayerNorm" in name} == {"gamma", "beta"}
    write_safetensors(tiny / "model.safetensors", named)
    np.testing.assert_allclose(encode(tiny, TEXTS), expected, atol=1e-6)


def test_poolings_are_what_they_are_called():
    hidden = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 30
    lengths = np.array([3, 2])
    np.testing.assert_array_equal(pool(hidden, lengths, Pooling.CLS), hidden[:, 0])
    np.testing.assert_array_equal(pool(hidden, lengths, Pooling.LAST), [hidden[0, 2], hidden[1, 1]])
    np.testing.assert_array_equal(pool(hidden, lengths, Pooling.MAX), [hidden[0].max(0), hidden[1, :2].max(0)])
    np.testing.assert_allclose(
        pool(hidden, lengths, Pooling.MEAN), [hidden[0].mean(0), hidden[1, :2].mean(0)], rtol=1e-6
    )
    np.testing.assert_array_equal(unit_rows(np.array([[3, 4], [0, 0]], np.float32)), np.float32([[0.6, 0.8], [0, 0]]))


def test_a_folder_with_only_an_onnx_file_is_run_as_it_is(tiny):
    expected = encode(tiny, TEXTS)
    (tiny / "model.safetensors").unlink()
    write_graph(tiny / "onnx" / "model.onnx")
    np.testing.assert_allclose(encode(tiny, TEXTS), expected, atol=1e-6)
    write_json(tiny / "config.json", {**CONFIG, "hidden_size": 64})
    with pytest.raises(ModelDamaged, match=r"no output of shape \(n, tokens, 64\)"):
        encode(tiny, TEXTS)
    (tiny / "onnx" / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelDamaged, match=r"model\.onnx cannot be loaded"):
        encode(tiny, TEXTS)


def test_threads_must_be_positive(tiny):
    with pytest.raises(InvalidOption, match="threads is 0"):
        onnx(tiny, threads=0)


def test_a_tokenizer_larger_than_the_model_is_refused(tiny):
    write_json(tiny / "config.json", {**CONFIG, "vocab_size": 9})
    tensors = tiny_tensors()
    tensors["embeddings.word_embeddings.weight"] = tensors["embeddings.word_embeddings.weight"][:9]
    write_safetensors(tiny / "model.safetensors", tensors)
    with pytest.raises(ModelDamaged, match=rf"{len(WORDS)} tokens, the model 9"):
        encode(tiny, TEXTS)


@pytest.mark.parametrize("activation", ["gelu_new", "relu"])
def test_another_activation_makes_other_vectors(tiny, activation):
    expected = encode(tiny, TEXTS)
    write_json(tiny / "config.json", {**CONFIG, "hidden_act": activation})
    difference = np.abs(encode(tiny, TEXTS) - expected).max()
    assert difference > 0.01 if activation == "relu" else 0 < difference < 0.01


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
@pytest.mark.parametrize("mode", ["mean_tokens", "cls_token", "max_tokens", "lasttoken"])
@pytest.mark.peer
def test_tiny_models_agree_with_sentence_transformers(tiny, mode, activation):
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    set_pooling(tiny, mode)
    write_json(tiny / "config.json", {**CONFIG, "hidden_act": activation})
    write_safetensors(tiny / "model.safetensors", tiny_tensors())
    expected = peer.SentenceTransformer(str(tiny), device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(encode(tiny, TEXTS), expected, atol=2e-5)


@pytest.mark.peer
def test_minilm_agrees_with_sentence_transformers(minilm, carried: Path):
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    words = Path(__file__).read_text(encoding="utf-8").split()
    texts = [" ".join(words[start : start + 1 + start % 300]) for start in range(0, len(words), 23)]
    expected = peer.SentenceTransformer(str(carried), device="cpu").encode(texts)
    similarity = np.sum(minilm.encode(texts, Role.DOCUMENT) * expected, axis=1)
    assert similarity.min() > 0.99999


def test_nothing_is_reported_to_anyone(tiny, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    switches = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    code = "import sys; from vecsearch.models.encoders import load_encoder; from vecsearch import Role\n"
    code += "assert load_encoder(sys.argv[1]).encode(['red house'], Role.DOCUMENT).shape[0] == 1"
    command = [sys.executable, "-c", code, str(tiny)]
    done = subprocess.run(command, env={**environment, "HOME": str(home)}, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert list(home.rglob("*")) == []  # a telemetry client would keep its number and its queue there
