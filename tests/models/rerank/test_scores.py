"""Scores of a cross-encoder's graph: those of BERT written out in numpy, for pairs that are cut as they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.plain_cross import logit
from tests.helpers.rerank_contract import QUERY, TEXTS
from tests.helpers.tiny_bert import WORDS, write_safetensors
from tests.helpers.tiny_cross import (
    IDENTITY,
    LIMIT,
    ROBERTA_PAIR,
    change_json,
    cross_tensors,
    write_cross_graph,
    write_pair_tokenizer,
)
from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.rerank import checked_scores, load_reranker
from vecsearch.models.rerank.graph_reranker import GraphReranker, _sigmoid
from vecsearch.models.rerank.pairs import PairTokenizer, pad_pairs
from vecsearch.models.rerank.runtimes import ONNX_PAIRS, OnnxPairs
from vecsearch.models.rerank.spec import read_pair_spec

RED, HOUSE, TREE, RIVER = (WORDS.index(word) for word in ("red", "house", "tree", "river"))
CLS, SEP = 2, 3


def scores(folder, texts, query=QUERY, **how):
    return load_reranker(str(folder), **how).scores(query, texts)


def tokenizer(folder) -> PairTokenizer:
    return PairTokenizer(read_pair_spec(ModelFolder(name="tiny", path=folder)))


def plain(folder, texts, weights=None) -> list[float]:
    pairs = tokenizer(folder).pairs(QUERY, texts)
    return [logit(weights or cross_tensors(), *pair.tolist(), heads=4, layers=2) for pair in pairs]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_scores_are_those_of_bert_written_out(cross, runtime):
    if runtime == "openvino":
        pytest.importorskip("openvino", reason="openvino is not installed")
    change_json(cross / "config.json", **IDENTITY)
    atol = 1e-4 if runtime == "onnxruntime" else 0.05  # bfloat16 where the processor has it
    np.testing.assert_allclose(scores(cross, TEXTS, runtime=runtime), plain(cross, TEXTS), atol=atol)


def test_without_another_word_a_score_is_between_nought_and_one(cross):
    expected = 1 / (1 + np.exp(-np.array(plain(cross, TEXTS))))
    np.testing.assert_allclose(scores(cross, TEXTS), expected, atol=1e-5)


def test_the_types_of_tokens_tell_query_and_text_apart(cross):
    different = cross_tensors()
    different["bert.embeddings.token_type_embeddings.weight"][1] += 5
    write_safetensors(cross / "model.safetensors", different)
    change_json(cross / "config.json", **IDENTITY)
    np.testing.assert_allclose(scores(cross, TEXTS), plain(cross, TEXTS, different), atol=1e-4)
    change_json(cross / "tokenizer_config.json", model_input_names=["input_ids", "attention_mask"])
    assert not any(pair[1].any() for pair in tokenizer(cross).pairs(QUERY, TEXTS))
    np.testing.assert_allclose(scores(cross, TEXTS), plain(cross, TEXTS, different), atol=1e-4)


def test_a_pair_has_the_template_of_its_tokenizer(cross):
    [pair] = tokenizer(cross).pairs("red house", ["tree"])
    assert pair.tolist() == [[CLS, RED, HOUSE, SEP, TREE, SEP], [0, 0, 0, 0, 1, 1]]
    write_pair_tokenizer(cross / "tokenizer.json", ROBERTA_PAIR)
    [pair] = tokenizer(cross).pairs("red house", ["tree"])
    assert pair.tolist() == [[CLS, RED, HOUSE, SEP, SEP, TREE, SEP], [0] * 7]


@given(query=st.integers(0, 40), text=st.integers(0, 40))
def test_a_pair_that_is_too_long_loses_the_end_of_its_longer_half(cross_tokenizer, query, text):
    [pair] = cross_tokenizer.pairs("red " * query, ["tree " * text])
    room = LIMIT - 3
    kept = (query, text)
    if query + text > room:  # the shorter one stays whole where it leaves the other one at least as much
        short = min(query, text, room // 2)
        kept = (short, room - short) if query <= text else (room - short, short)
    assert pair[0].tolist() == [CLS, *[RED] * kept[0], SEP, *[TREE] * kept[1], SEP]
    assert pair[1].tolist() == [0] * (kept[0] + 2) + [1] * (kept[1] + 1)


@pytest.fixture(scope="module")
def cross_tokenizer(tmp_path_factory):
    from tests.helpers.tiny_cross import write_tiny_cross

    folder = tmp_path_factory.mktemp("pairs") / "cross"
    write_tiny_cross(folder)
    return tokenizer(folder)


def test_padded_pairs_keep_their_tokens_and_types():
    pairs = [np.array([[5, 6, 7], [0, 0, 1]]), np.array([[8], [1]])]
    batch = pad_pairs(pairs, multiple=4, most=64)
    assert batch.ids.tolist() == [[5, 6, 7, 0], [8, 0, 0, 0]]
    assert batch.types.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    assert batch.mask.tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]


def test_more_texts_than_are_in_memory_at_a_time_keep_their_order(cross, monkeypatch):
    expected = scores(cross, TEXTS * 3)
    monkeypatch.setattr("vecsearch.models.rerank.graph_reranker._SLICE", 5)
    np.testing.assert_allclose(scores(cross, TEXTS * 3), expected, atol=1e-5)


@pytest.mark.parametrize(("threads", "texts", "expected"), [(2, 1, {True}), (2, 100, {False}), (1, 100, {True})])
def test_a_batch_has_all_cores_where_none_runs_beside_it(cross, threads, texts, expected):
    seen = []

    class Watching(OnnxPairs):
        def run(self, batch, *, alone):
            seen.append(alone)
            return super().run(batch, alone=alone)

    made = GraphReranker(ModelFolder(name="tiny", path=cross), replace(ONNX_PAIRS, open=Watching), threads=threads)
    made.scores(QUERY, ["red"] * texts)
    assert set(seen) == expected


def test_good_texts_do_not_all_have_the_score_one():
    found = _sigmoid(np.array([-800.0, -1, 0, 20, 25, 30]))
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found[1:3], [1 / (1 + np.e), 0.5])


def test_a_graph_with_its_weights_inside_gives_the_same_scores(cross):
    expected = scores(cross, TEXTS)
    write_cross_graph(cross / "onnx" / "model.onnx")
    np.testing.assert_allclose(scores(cross / "onnx" / "model.onnx", TEXTS), expected, atol=1e-5)
    (cross / "model.safetensors").unlink()
    np.testing.assert_allclose(scores(cross, TEXTS), expected, atol=1e-5)


def write_copying_graph(path, given: str, outputs: list[str]) -> None:
    """A graph whose outputs are its one input."""
    import onnx
    from onnx import TensorProto, helper

    values = [
        [helper.make_tensor_value_info(n, TensorProto.INT64, None) for n in names] for names in ([given], outputs)
    ]
    nodes = [helper.make_node("Identity", [given], [name]) for name in outputs]
    opset = [helper.make_opsetid("", 17)]
    made = helper.make_model(helper.make_graph(nodes, "copying", *values), opset_imports=opset, ir_version=8)
    onnx.save(made, path)


@pytest.mark.parametrize(
    ("given", "outputs", "said"),
    [
        ("pixel_values", ["logits"], "reads pixel_values, which a pair of texts does not have"),
        ("input_ids", ["a", "b"], "has the outputs a, b, expected logits"),
        ("input_ids", ["b"], r"gives b of shape \(1, 7\) for 1 pairs, expected \(1, 1\)"),
    ],
)
def test_a_graph_of_something_else_is_refused(cross, given, outputs, said):
    (cross / "model.safetensors").unlink()
    write_copying_graph(cross / "model.onnx", given, outputs)
    with pytest.raises(ModelUnsupported, match=said):
        scores(cross, ["tree house"], query="red house")


def test_a_graph_that_cannot_be_run_is_damaged(cross):
    import onnx

    write_cross_graph(cross / "model.onnx")
    (cross / "model.safetensors").unlink()
    graph = onnx.load(cross / "model.onnx")
    words = next(tensor for tensor in graph.graph.initializer if tensor.name == "embeddings.word_embeddings.weight")
    words.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(words)[:9], words.name))
    onnx.save(graph, cross / "model.onnx")
    with pytest.raises(ModelDamaged, match=r"model\.onnx cannot be run by onnxruntime: .*indices"):
        scores(cross, TEXTS)


def test_a_model_whose_numbers_are_not_finite_is_said_to_be_damaged(cross):
    broken = cross_tensors()
    broken["classifier.bias"][:] = np.nan
    write_safetensors(cross / "model.safetensors", broken)
    with pytest.raises(ModelDamaged, match=r"model\.safetensors gives scores that are not finite numbers"):
        scores(cross, TEXTS)


class Given:
    """A reranker of somebody else's."""

    name = "mine"

    def __init__(self, *found: object) -> None:
        self.found = found

    def scores(self, query, texts):
        return np.array(self.found)


def test_the_scores_of_any_reranker_are_checked():
    found = checked_scores(Given(1, 2), "q", ["a", "b"])
    assert (found.tolist(), found.dtype) == ([1, 2], np.float64)
    with pytest.raises(ModelDamaged, match=r"mine gave scores of shape \(2,\), expected \(3,\)"):
        checked_scores(Given(1, 2), "q", ["a", "b", "c"])
    with pytest.raises(ModelDamaged, match=r"mine gave the score nan for text 1, expected a finite number"):
        checked_scores(Given(1, float("nan")), "q", ["a", "b"])
    with pytest.raises(ModelDamaged, match=r"mine gave scores of shape \(2, 1\), expected \(2,\)"):
        checked_scores(Given([1], [2]), "q", ["a", "b"])
