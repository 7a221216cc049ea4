"""Models to choose from in a list, and one that is described by its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.hub_cache import COMMIT, OLDER, empty_cache, put
from tests.helpers.static_models import write_model2vec, write_module
from tests.helpers.tiny_bert import write_json, write_tiny_bert
from vecsearch.errors import InvalidOption, ModelDamaged, ModelNotFound
from vecsearch.models import ModelInfo, describe_model, list_models
from vecsearch.models.encoders import load_encoder, model_catalog
from vecsearch.models.encoders.model_folder import find_model
from vecsearch.models.encoders.model_table import KNOWN_MODELS
from vecsearch.models.encoders.runtimes import Runtime, graph_runtime, installed
from vecsearch.models.encoders.static.encoder import StaticEncoder
from vecsearch.models.encoders.torch.encoder import TorchEncoder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache that is empty, and no key."""
    return empty_cache(tmp_path / "hub", monkeypatch)


def test_the_list_has_all_that_is_known_and_what_else_is_in_the_cache(cache):
    put(cache, "someone/of-their-own")
    put(cache, "intfloat/e5-small-v2")
    chat = put(cache, "someone/chat")
    (chat / "modules.json").unlink()
    listed = {model.name: model for model in list_models()}
    assert list(listed) == [*(model.name for model in KNOWN_MODELS), "someone/of-their-own"]
    assert listed["someone/of-their-own"] == ModelInfo(name="someone/of-their-own", here="hub cache")
    assert listed["intfloat/e5-small-v2"].here == "hub cache"
    here = {model.name for model in list_models(here=True)}
    assert {"intfloat/e5-small-v2", "someone/of-their-own"} <= here
    assert "intfloat/e5-base-v2" not in here


def test_each_model_is_run_by_what_can_run_it_or_says_what_is_missing():
    listed = {model.name: model for model in list_models()}
    assert listed["intfloat/e5-small-v2"].runtime == graph_runtime().value
    assert listed["sentence-transformers/all-mpnet-base-v2"].runtime == graph_runtime().value
    assert listed["Qwen/Qwen3-Embedding-0.6B"].runtime == "sentence-transformers"
    assert listed["minishlab/potion-base-8M"].runtime == "static"
    assert listed["openai:text-embedding-3-large"].runtime == "openai"
    for model in listed.values():
        runtime = Runtime(model.runtime)
        assert installed(runtime) or model.install == f"pip install 'vecsearch[{runtime.value}]'"


def test_a_model_of_ones_own_is_described_by_its_files(tiny):
    model = describe_model(str(tiny))
    assert (model.name, model.here, model.path) == (str(tiny), "folder", str(tiny))
    assert (model.dim, model.max_tokens, model.pooling, model.normalize) == (32, 24, "mean", True)
    assert (model.query, model.document, model.kind) == ("", "", "transformer")
    assert (model.runtime, model.install, model.licence) == (graph_runtime().value, None, None)
    assert model.fingerprint == load_encoder(str(tiny)).fingerprint


def test_the_prompts_that_files_say_are_told(tiny):
    write_json(tiny / "config_sentence_transformers.json", {"prompts": {"query": "q: ", "passage": "p: "}})
    model = describe_model(str(tiny))
    assert (model.query, model.document) == ("q: ", "p: ")


def test_files_go_before_what_was_known(cache, tmp_path):
    write_tiny_bert(tmp_path / "e5-small-v2")
    model = describe_model(str(tmp_path / "e5-small-v2"))
    assert (model.name, model.dim, model.max_tokens) == ("intfloat/e5-small-v2", 32, 24)
    assert (model.licence, model.here) == ("MIT", "folder")


def test_a_model_in_the_hubs_cache_is_described_from_there(cache):
    snapshot = put(cache, "someone/tiny")
    for path in [*snapshot.iterdir()]:
        path.unlink()
    snapshot.rmdir()
    write_tiny_bert(snapshot)
    model = describe_model("someone/tiny")
    assert (model.name, model.here, model.path, model.dim) == ("someone/tiny", "hub cache", str(snapshot), 32)
    assert describe_model(str(snapshot)).here == "hub cache"
    assert describe_model(f"someone/tiny@{COMMIT}").fingerprint == model.fingerprint
    with pytest.raises(ModelNotFound):
        describe_model(f"someone/tiny@{OLDER}")


def test_the_model_of_a_package_is_described_from_there(carried):
    model = describe_model("all-MiniLM-L6-v2")
    assert (model.name, model.here, model.path) == ("sentence-transformers/all-MiniLM-L6-v2", "package", str(carried))
    assert (model.dim, model.max_tokens, model.pooling, model.normalize) == (384, 256, "mean", True)
    assert (model.install, model.licence) == (None, "Apache-2.0")
    assert model.fingerprint == load_encoder("all-MiniLM-L6-v2").fingerprint


def test_a_static_model_is_described_by_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(model_catalog, "load_encoder", lambda path: StaticEncoder(find_model(path)))
    folder = write_model2vec(tmp_path / "potion-base-8M", normalize=True, max_length=100)
    model = describe_model(str(folder))
    assert (model.name, model.kind, model.runtime) == ("minishlab/potion-base-8M", "static", "static")
    assert (model.dim, model.max_tokens, model.normalize, model.query) == (16, 100, True, "")
    model = describe_model(str(write_module(tmp_path / "own")))
    assert (model.max_tokens, model.normalize, model.licence) == (None, False, None)


def test_a_model_that_only_sentence_transformers_runs_is_described_without_opening_it(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(model_catalog, "load_encoder", lambda path: TorchEncoder(find_model(path)))
    model = describe_model(str(tiny))
    assert (model.kind, model.runtime, model.dim) == ("transformer", "sentence-transformers", 32)
    assert (model.max_tokens, model.pooling, model.normalize) == (24, "mean", True)
    write_json(tiny / "config.json", {"model_type": "of-another-kind", "hidden_size": 32})
    model = describe_model(str(tiny))
    assert (model.runtime, model.dim, model.pooling) == ("sentence-transformers", 32, None)
    assert 0 < model.max_tokens <= 24


def test_a_model_whose_runtime_is_missing_is_described_as_far_as_its_files_go(tiny, monkeypatch):
    monkeypatch.setattr(model_catalog, "load_encoder", lambda path: TorchEncoder(find_model(path)))
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as if it were not there
    write_json(tiny / "config.json", {"model_type": "of-another-kind"})
    (tiny / "modules.json").unlink()  # nothing says the dimension now but the opened model
    model = describe_model(str(tiny))
    assert (model.dim, model.runtime, model.here) == (None, "sentence-transformers", "folder")
    assert model.install == "pip install 'vecsearch[sentence-transformers]'"


def test_a_known_model_that_is_not_here_is_told_without_fetching():
    model = describe_model("bge-large-en-v1.5")
    assert (model.name, model.dim, model.here) == ("BAAI/bge-large-en-v1.5", 1024, None)
    assert (model.path, model.normalize, model.fingerprint) == (None, None, None)


def test_an_endpoint_of_ones_own_is_told_apart_from_openais(monkeypatch):
    name = "openai:text-embedding-3-small"
    assert describe_model(name).dim == 1536
    own = describe_model(f"{name}@http://localhost:8080/v1")
    assert (own.kind, own.runtime, own.dim) == ("endpoint", "openai", None)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8080/v1")
    assert describe_model(name) == own
    with pytest.raises(InvalidOption):
        describe_model("openai:")


@pytest.mark.parametrize("name", ["no-such-model", "no/such-model", "./none", "", "~nobody-of-this-name/x"])
def test_a_model_that_nobody_knows_is_not_found(name: str) -> None:
    with pytest.raises(ModelNotFound, match=f"no model '{name}': not a folder"):
        describe_model(name)


def test_a_folder_of_broken_files_is_said_to_be(tiny):
    (tiny / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": -1}))
    with pytest.raises(ModelDamaged, match="hidden_size"):
        describe_model(str(tiny))
