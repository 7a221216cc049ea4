"""Scores are those of sentence-transformers' CrossEncoder, for every family, from our graph and through itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.cross_families import FAMILIES, write_family
from tests.helpers.rerank_contract import QUERY, TEXTS
from tests.helpers.tiny_cross import BEFORE_4, IDENTITY, SINCE_4, change_json
from vecsearch.models.rerank import load_reranker
from vecsearch.models.rerank.graph_reranker import GraphReranker
from vecsearch.models.rerank.torch_reranker import TorchReranker

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("peer")]

LONG = "red house green tree blue river " * 30
COLOURS = ("red", "green", "blue")


def theirs(peer: Any, folder: Path, texts: list[str], query: str = QUERY) -> np.ndarray:
    model = peer.CrossEncoder(str(folder), device="cpu")
    return model.predict([(query, text) for text in texts], show_progress_bar=False)


def ours(folder: Path, texts: list[str], query: str = QUERY, **how: Any) -> np.ndarray:
    made = load_reranker(str(folder), **how)
    assert isinstance(made, TorchReranker if how.get("device") else GraphReranker)
    return made.scores(query, texts)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, peer, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("family") / request.param
    write_family(folder, request.param)
    change_json(folder / "config.json", **IDENTITY)
    return folder


@pytest.mark.parametrize("query", [QUERY, "", LONG])
def test_every_family_has_the_scores_of_sentence_transformers(peer, family, query):
    texts = [*TEXTS, LONG]
    expected = theirs(peer, family, texts, query)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(ours(family, texts, query), expected, atol=1e-4)
    np.testing.assert_allclose(ours(family, texts, query, device="cpu"), expected, atol=1e-5)


def test_every_family_has_them_on_openvino_too(peer, family):
    pytest.importorskip("openvino", reason="openvino is not installed")
    expected = theirs(peer, family, [*TEXTS, LONG])
    found = ours(family, [*TEXTS, LONG], runtime="openvino")
    np.testing.assert_allclose(found, expected, atol=0.05 * np.ptp(expected))  # in bfloat16 where there is


@pytest.mark.parametrize(
    "settings",
    [{}, SINCE_4, BEFORE_4],
    ids=["none", "since 4", "before 4"],
)
def test_the_activation_is_the_one_of_sentence_transformers(peer, cross, settings):
    if settings == SINCE_4 and int(peer.__version__.partition(".")[0]) < 4:
        pytest.skip("sentence-transformers reads it from 4 on")
    change_json(cross / "config.json", **settings)
    np.testing.assert_allclose(ours(cross, TEXTS), theirs(peer, cross, TEXTS), atol=1e-4)


def test_an_activation_that_we_do_not_know_is_left_to_sentence_transformers(peer, cross):
    change_json(cross / "config.json", sbert_ce_default_activation_function="torch.nn.modules.activation.Tanh")
    made = load_reranker(str(cross))
    assert isinstance(made, TorchReranker)
    np.testing.assert_allclose(made.scores(QUERY, TEXTS), theirs(peer, cross, TEXTS), atol=1e-5)


def test_a_model_that_sentence_transformers_saved_has_the_same_scores(peer, tmp_path):
    write_family(tmp_path / "bert", "bert")
    expected = theirs(peer, tmp_path / "bert", TEXTS)
    peer.CrossEncoder(str(tmp_path / "bert"), device="cpu").save(str(tmp_path / "saved"))
    np.testing.assert_allclose(ours(tmp_path / "saved", TEXTS), expected, atol=1e-4)


@pytest.fixture(scope="module")
def trained(peer, tmp_path_factory) -> Path:
    """A model that has learned, from made-up pairs, that a text with the query's colour fits."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("trained") / "cross"
    write_family(folder, "bert")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is slower on more
    whole = {"hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0, "initializer_range": 0.1}
    config = transformers.AutoConfig.from_pretrained(folder, **whole)
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    rng = np.random.default_rng(1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(120):
        asked, told = rng.choice(COLOURS, 32), rng.choice(COLOURS, 32)
        texts = [f"{'the ' * int(rng.integers(4))}{colour} {rng.choice(['house', 'tree'])}" for colour in told]
        batch = tokenizer(list(asked), texts, padding=True, return_tensors="pt")
        fits = torch.tensor((asked == told).astype(np.float32))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**batch).logits[:, 0], fits)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("how", [{}, {"runtime": "openvino"}, {"device": "cpu"}])
def test_a_trained_model_puts_the_texts_that_fit_first(peer, trained, how):
    if how.get("runtime") == "openvino":
        pytest.importorskip("openvino", reason="openvino is not installed")
    texts = ["blue house", "the red tree", "the the green tree", "red house"]
    for colour in COLOURS:
        scores = ours(trained, texts, colour, **how)
        fits = np.array([colour in text for text in texts])
        assert scores[fits].min() > 0.9 > 0.1 > scores[~fits].max()
    np.testing.assert_allclose(ours(trained, texts), theirs(peer, trained, texts), atol=1e-4)


def test_threads_are_bounded_and_given_back(cross):
    import torch

    before = torch.get_num_threads()
    made = load_reranker(str(cross), device="cpu", threads=1)
    np.testing.assert_allclose(made.scores(QUERY, TEXTS), ours(cross, TEXTS), atol=1e-4)
    assert torch.get_num_threads() == before


def test_a_batch_that_does_not_fit_is_halved(cross, monkeypatch):
    made = load_reranker(str(cross), device="cpu")
    expected = made.scores(QUERY, TEXTS)
    predict, sizes = made._model._cross_encoder.predict, []

    def scarce(pairs, **how):
        sizes.append(len(pairs))
        if len(pairs) > 3:
            raise RuntimeError("CUDA out of memory")
        return predict(pairs, **how)

    monkeypatch.setattr(made._model._cross_encoder, "predict", scarce)
    np.testing.assert_allclose(made.scores(QUERY, TEXTS), expected, atol=1e-5)
    assert sizes == [8, 4, 2, 2, 2, 2]
