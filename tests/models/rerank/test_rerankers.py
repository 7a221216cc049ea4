"""Every way to run a cross-encoder keeps what a Reranker promises."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from tests.helpers.rerank_contract import QUERY, TEXTS, RerankerContract
from tests.helpers.tiny_cross import IDENTITY, change_json, write_cross_graph
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer.openvino_session import Precision
from vecsearch.models.rerank import load_reranker
from vecsearch.models.rerank.graph_reranker import GraphReranker
from vecsearch.models.rerank.runtimes import OPENVINO_PAIRS, OpenvinoPairs


class TestWeightsOnOnnxRuntime(RerankerContract):
    @pytest.fixture
    def made(self, cross):
        return load_reranker(str(cross))


class TestWeightsOnOneThread(RerankerContract):
    @pytest.fixture
    def made(self, cross):
        return load_reranker(str(cross), runtime="onnxruntime", threads=1)


class TestAGraphOfTheFoldersOwn(RerankerContract):
    @pytest.fixture
    def made(self, cross):
        write_cross_graph(cross / "onnx" / "model.onnx")
        (cross / "model.safetensors").unlink()
        return load_reranker(str(cross))


class TestOpenvinoInFullPrecision(RerankerContract):
    @pytest.fixture
    def made(self, cross):
        pytest.importorskip("openvino", reason="openvino is not installed")
        opened = partial(OpenvinoPairs, precision=Precision.FLOAT32)
        return GraphReranker(ModelFolder(name="tiny", path=cross), replace(OPENVINO_PAIRS, open=opened))


def test_openvino_in_its_own_precision_keeps_the_scores_near(cross):
    pytest.importorskip("openvino", reason="openvino is not installed")
    change_json(cross / "config.json", **IDENTITY)
    expected = load_reranker(str(cross)).scores(QUERY, TEXTS)
    found = load_reranker(str(cross), runtime="openvino").scores(QUERY, TEXTS)
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.peer
@pytest.mark.usefixtures("peer")
class TestSentenceTransformers(RerankerContract):
    opens = "vecsearch.models.rerank.torch_reranker._TorchModel"

    @pytest.fixture
    def made(self, cross):
        return load_reranker(str(cross), runtime="sentence-transformers", device="cpu")
