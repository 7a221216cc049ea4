"""load_encoder(): from any name to the right kind of encoder, on the runtime that is asked for or the fastest."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.encoder_contract import EncoderContract
from tests.helpers.static_models import write_model2vec
from tests.helpers.tiny_bert import CONFIG, write_graph, write_json
from vecsearch import Index
from vecsearch.errors import ExtraMissing, InvalidOption, ModelMismatch, ModelUnsupported
from vecsearch.models import encoders
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder
from vecsearch.models.encoders.runtimes import Runtime
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.encoders.static.encoder import StaticEncoder
from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.models.encoders.transformer import encoder as transformer
from vecsearch.models.encoders.transformer.encoder import TransformerEncoder
from vecsearch.types import Role

needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.vec"
    path.write_text("red 1 0 0\nblue 0 1 0\ntree 0 0 1\n")
    return path


@pytest.fixture
def static(tmp_path: Path) -> Path:
    write_model2vec(tmp_path / "static")
    return tmp_path / "static"


def test_a_name_says_what_kind_of_encoder_it_is(tiny, words, static):
    kinds = {
        str(tiny): TransformerEncoder,
        str(words): WordVectorEncoder,
        str(static): StaticEncoder,
        "openai:text-embedding-3-small": EndpointEncoder,
    }
    assert {name: type(load_encoder(name)) for name in kinds} == kinds


@pytest.mark.parametrize("runtime", ["onnxruntime", "sentence-transformers", Runtime.OPENVINO])
def test_a_transformer_runs_on_the_runtime_that_is_named_with_one_fingerprint(tiny, runtime):
    found = load_encoder(str(tiny), runtime=runtime)
    assert isinstance(found, TorchEncoder if runtime == "sentence-transformers" else TransformerEncoder)
    assert found.fingerprint == load_encoder(str(tiny)).fingerprint


def test_a_device_means_sentence_transformers(tiny):
    assert isinstance(load_encoder(str(tiny), device="cpu"), TorchEncoder)


@pytest.mark.parametrize("runtime", ["static", "openai"])
def test_a_transformer_is_no_other_kind(tiny, runtime):
    with pytest.raises(InvalidOption, match=rf"runtime is '{runtime}', but .* is a transformer"):
        load_encoder(str(tiny), runtime=runtime)


def test_what_has_one_runtime_only_is_not_run_by_another(words, static):
    for name in (str(words), str(static), "openai:text-embedding-3-small"):
        with pytest.raises(InvalidOption, match=r"runtime 'onnxruntime' cannot run .*, only the runtime"):
            load_encoder(name, runtime="onnxruntime")
    with pytest.raises(InvalidOption, match=r"device 'cuda' cannot run"):
        load_encoder(str(words), device="cuda")


def test_an_unknown_runtime_is_named_with_those_that_are_known(tiny):
    with pytest.raises(InvalidOption, match=r"runtime is 'tensorflow'; one of: onnxruntime, openvino"):
        load_encoder(str(tiny), runtime="tensorflow")


def test_dim_shortens_vectors(tiny):
    found = load_encoder(str(tiny), dim=8)
    assert isinstance(found, Shortened)
    assert found.encode(["red house"], Role.QUERY).shape == (1, 8)


def test_a_model_without_a_graph_goes_to_sentence_transformers(tiny, monkeypatch):
    write_json(tiny / "config.json", {**CONFIG, "model_type": "gpt2"})
    monkeypatch.setattr(encoders, "installed", lambda runtime: True)
    assert isinstance(load_encoder(str(tiny)), TorchEncoder)
    with pytest.raises(ModelUnsupported, match="model_type 'gpt2'"):
        load_encoder(str(tiny), runtime="onnxruntime")
    monkeypatch.setattr(encoders, "installed", lambda runtime: False)
    with pytest.raises(ExtraMissing, match=r"model_type 'gpt2'.*pip install 'vecsearch\[sentence-transformers\]'"):
        load_encoder(str(tiny))


def test_code_in_a_folder_is_allowed_by_who_opens_it_only(tiny, monkeypatch):
    modules = json.loads((tiny / "modules.json").read_text())
    write_json(tiny / "modules.json", [*modules, {"idx": 3, "name": "3", "path": "3_Own", "type": "own.Model"}])
    monkeypatch.setattr(encoders, "installed", lambda runtime: True)
    with pytest.raises(ModelUnsupported, match=r"names own\.Model"):
        load_encoder(str(tiny))
    monkeypatch.setenv("VECSEARCH_TRUST_REMOTE_CODE", f"another/model,{tiny}")
    with pytest.raises(ModelUnsupported, match=r"names own\.Model"):
        load_encoder(str(tiny))
    assert isinstance(load_encoder(str(tiny), trust_remote_code=True), TorchEncoder)


def test_one_of_several_graphs_is_named_by_its_file_and_has_its_own_fingerprint(tiny):
    expected = load_encoder(str(tiny), runtime="onnxruntime")
    write_graph(tiny / "onnx" / "model_small.onnx")
    found = load_encoder(str(tiny / "onnx" / "model_small.onnx"))
    vectors = found.encode(["red house"] * 5000, Role.DOCUMENT)
    np.testing.assert_allclose(vectors[:1], expected.encode(["red house"], Role.DOCUMENT), atol=1e-6)
    assert found.fingerprint != expected.fingerprint
    shutil.copy(tiny / "onnx" / "model_small.onnx", tiny / "model_same.onnx")
    assert load_encoder(str(tiny / "model_same.onnx")).fingerprint == found.fingerprint
    (tiny / "model_same.onnx_data").write_bytes(b"weights that are kept apart")
    assert load_encoder(str(tiny / "model_same.onnx")).fingerprint != found.fingerprint


def test_an_index_keeps_the_first_numbers_and_opens_with_the_model_or_a_part_of_it(tiny, tmp_path):
    index = Index.create(tmp_path / "index", model=str(tiny), dim=8, threads=1)
    index.add(["red house", "green tree"])
    assert index.info().dim == 8
    again = Index.open(tmp_path / "index", runtime="onnxruntime", threads=1)
    assert again.search("red house", k=1)[0].text == "red house"
    whole = Index.open(tmp_path / "index", model=load_encoder(str(tiny)))
    assert whole.search("red house", k=1)[0].similarity == pytest.approx(1, abs=1e-4)
    with pytest.raises(ModelMismatch):
        Index.open(tmp_path / "index", model=load_encoder(str(tiny), dim=4))
    with pytest.raises(InvalidOption, match="dim is 64, expected 1 to 32"):
        Index.create(tmp_path / "wide", model=str(tiny), dim=64)
    assert not (tmp_path / "wide").exists()


@needs_openvino
class TestTwoRuntimes(EncoderContract):
    tolerance = 3e-3  # what is many is encoded in bfloat16

    @pytest.fixture
    def made(self, tiny, monkeypatch):
        monkeypatch.setattr(encoders, "graph_runtime", lambda: Runtime.OPENVINO)
        monkeypatch.setattr(transformer, "_FEW_CHARACTERS", 500)
        return load_encoder(str(tiny), threads=2)


@needs_openvino
def test_what_is_few_is_encoded_by_the_runtime_that_starts_sooner(tiny, monkeypatch):
    monkeypatch.setattr(encoders, "graph_runtime", lambda: Runtime.OPENVINO)
    found = load_encoder(str(tiny))
    found.encode(["red house"], Role.QUERY)
    assert (found._swift.model.opened, found._steady.model.opened) == (True, False)
    found.encode(["red house"] * 5000, Role.DOCUMENT)
    assert found._steady.model.opened
