"""load_reranker(): from a name to the right runtime, and what it says where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vecsearch.models.encoders
from tests.helpers.tiny_cross import change_json, write_cross_graph
from vecsearch.errors import ExtraMissing, InvalidOption, ModelNotFound, ModelUnsupported
from vecsearch.models.encoders.runtimes import Runtime
from vecsearch.models.rerank import load_reranker
from vecsearch.models.rerank.graph_reranker import GraphReranker
from vecsearch.models.rerank.runtimes import ONNX_PAIRS, OPENVINO_PAIRS
from vecsearch.models.rerank.torch_reranker import TorchReranker

COMMIT = "c" * 40
HOUSE = str(Path(__file__).parents[3])


@pytest.mark.parametrize(
    ("named", "opened"), [(None, ONNX_PAIRS), ("onnxruntime", ONNX_PAIRS), (Runtime.OPENVINO, OPENVINO_PAIRS)]
)
def test_weights_of_a_known_family_are_run_by_a_graph(cross, named, opened):
    made = load_reranker(str(cross), runtime=named)
    assert isinstance(made, GraphReranker)
    assert (made.name, made._runtime) == (str(cross), opened)


def test_a_device_means_sentence_transformers(cross):
    assert isinstance(load_reranker(str(cross), device="cpu"), TorchReranker)
    assert isinstance(load_reranker(str(cross), runtime="sentence-transformers"), TorchReranker)


@pytest.mark.parametrize("runtime", ["static", "openai"])
def test_a_cross_encoder_is_no_other_kind(cross, runtime):
    with pytest.raises(InvalidOption, match=rf"runtime is '{runtime}', but .* is a cross-encoder"):
        load_reranker(str(cross), runtime=runtime)


def test_options_outside_their_range_are_refused(cross):
    with pytest.raises(InvalidOption, match="runtime is 'fast'; one of: onnxruntime"):
        load_reranker(str(cross), runtime="fast")
    for how in ({}, {"device": "cpu"}):
        with pytest.raises(InvalidOption, match="threads is 0, expected a whole number of at least 1"):
            load_reranker(str(cross), threads=0, **how)


def test_a_model_of_another_family_goes_to_sentence_transformers(cross, monkeypatch):
    change_json(cross / "config.json", model_type="deberta-v2")
    monkeypatch.setattr(vecsearch.models.encoders, "installed", lambda _: True)
    assert isinstance(load_reranker(str(cross)), TorchReranker)
    with pytest.raises(ModelUnsupported, match="model_type 'deberta-v2' is not one of"):
        load_reranker(str(cross), runtime="onnxruntime")
    monkeypatch.setattr(vecsearch.models.encoders, "installed", lambda _: False)
    with pytest.raises(ExtraMissing, match=r"deberta-v2.*pip install 'vecsearch\[sentence-transformers\]'"):
        load_reranker(str(cross))


@pytest.mark.parametrize(
    "settings", [{"model_type": "deberta-v2"}, {"auto_map": {"AutoModelForSequenceClassification": "own.Own"}}]
)
def test_a_graph_in_the_folder_stands_for_what_we_cannot_build(cross, settings):
    change_json(cross / "config.json", **settings)
    write_cross_graph(cross / "onnx" / "model.onnx")
    assert load_reranker(str(cross), runtime="onnxruntime").scores("red", ["tree"]).shape == (1,)


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("how", [{}, {"runtime": "sentence-transformers"}, {"runtime": "onnxruntime"}])
def test_a_model_without_one_score_is_refused_whatever_is_installed(cross, monkeypatch, installed, how):
    monkeypatch.setattr(vecsearch.models.encoders, "installed", lambda _: installed)
    change_json(cross / "config.json", id2label={"0": "no", "1": "yes"})
    with pytest.raises(ModelUnsupported, match="gives 2 numbers for a pair, a reranker gives one score"):
        load_reranker(str(cross), **how)
    change_json(cross / "config.json", architectures=["BertForMaskedLM"])
    with pytest.raises(ModelUnsupported, match="the architecture is BertForMaskedLM, not a cross-encoder"):
        load_reranker(str(cross), **how)


def test_a_name_that_is_nowhere_is_not_found_with_advice_for_rerankers(tmp_path):
    with pytest.raises(ModelNotFound, match=r"no model 'cross-encoder/nothing-here'.*; name a folder, or a cross-enc"):
        load_reranker("nothing-here")
    for how in ({}, {"device": "cpu"}):
        with pytest.raises(ModelNotFound, match=r"no model 'owner/nothing'.*as cross-encoder/ms-marco-MiniLM-L6-v2$"):
            load_reranker("owner/nothing", **how)


def test_the_hubs_cache_is_asked_and_a_name_alone_is_one_of_cross_encoders(cross, tmp_path):
    place = tmp_path / "hub" / "models--cross-encoder--tiny"
    shutil.copytree(cross, place / "snapshots" / COMMIT)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    code = """
import sys
from vecsearch import load_reranker
names = ["tiny", "cross-encoder/tiny", f"tiny@{sys.argv[1]}", sys.argv[2]]
print(*{round(float(load_reranker(name).scores("red", ["tree"])[0]), 6) for name in names})
"""
    environment = {**os.environ, "PYTHONPATH": HOUSE, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code, COMMIT, str(cross)], env=environment, capture_output=True, text=True, check=True
    )
    assert len(run.stdout.split()) == 1


def test_creating_one_opens_nothing_and_imports_no_runtime(cross):
    (cross / "model.safetensors").write_bytes(b"no weights")
    (cross / "tokenizer.json").write_bytes(b"no tokenizer")
    code = """
import sys
from vecsearch import load_reranker
for runtime in (None, "openvino", "sentence-transformers"):
    load_reranker(sys.argv[1], runtime=runtime)
heavy = {"onnxruntime", "onnx", "openvino", "tokenizers", "torch", "transformers", "sentence_transformers"}
print(*heavy & set(sys.modules))
"""
    environment = {**os.environ, "PYTHONPATH": HOUSE}
    run = subprocess.run(
        [sys.executable, "-c", code, str(cross)], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == ""
