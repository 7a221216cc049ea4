"""What is known of models, by which names, and whether they are on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.hub_cache import COMMIT, OLDER, empty_cache, put
from vecsearch.models import list_models
from vecsearch.models.encoders.hub_cache import cached_models, cached_snapshot, hub_cache_folder
from vecsearch.models.encoders.model_catalog import ModelLocation, location_of
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.model_names import known_model, prompts_for
from vecsearch.models.encoders.model_table import KNOWN_MODELS, KnownModel, ModelKind
from vecsearch.models.encoders.transformer.spec import Pooling, read_spec


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache that is empty, and no key."""
    return empty_cache(tmp_path / "hub", monkeypatch)


@pytest.mark.parametrize("model", KNOWN_MODELS, ids=lambda model: model.short_name)
def test_what_is_written_of_a_model_fits_together(model: KnownModel) -> None:
    assert model.dim > 0
    assert model.good_for
    assert all(0 < short < model.dim for short in model.matryoshka)
    assert list(model.matryoshka) == sorted(model.matryoshka, reverse=True)
    assert model.pooling is None or Pooling(model.pooling)
    assert (model.kind is ModelKind.TRANSFORMER) == (model.family is not None)
    assert (model.kind is ModelKind.ENDPOINT) == model.name.startswith("openai:") == (model.megabytes is None)
    if model.megabytes and model.parameters:  # two bytes a parameter or four, both rounded
        width = min((2, 4), key=lambda width: abs(width * model.parameters - model.megabytes))
        assert abs(model.megabytes - width * model.parameters) <= width


def test_names_are_unique_also_without_their_owners():
    assert len({model.name for model in KNOWN_MODELS}) == len(KNOWN_MODELS)
    assert len({model.short_name for model in KNOWN_MODELS}) == len(KNOWN_MODELS)


def test_what_is_written_of_the_default_model_is_what_its_files_say(carried):
    spec = read_spec(ModelFolder(name="x", path=carried))
    model = known_model("all-MiniLM-L6-v2")
    weights = (carried / "model.safetensors").stat().st_size
    assert (model.dim, model.max_tokens, model.pooling) == (spec.dim, spec.max_seq_length, spec.pooling.value)
    assert (model.query, model.document) == (spec.prompts.query, spec.prompts.document)
    assert model.megabytes == round(weights / 1e6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/e5-small-v2", "intfloat/e5-small-v2"),
        ("e5-small-v2", "intfloat/e5-small-v2"),
        ("intfloat/e5-small-v2@main", "intfloat/e5-small-v2"),
        ("e5-small-v2@dca8b1a", "intfloat/e5-small-v2"),
        ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
        ("wordllama", "wordllama"),
        ("openai:text-embedding-3-small", "openai:text-embedding-3-small"),
        ("someone/e5-small-v2", None),  # their weights
        ("openai:text-embedding-3-small@http://localhost:8080/v1", None),
        ("text-embedding-3-small", None),
        ("e5", None),
        ("", None),
        ("~nobody-of-this-name/e5", None),
        ("models/e5-small-v2/", None),  # no such folder
    ],
)
def test_a_model_is_known_by_its_name_with_an_owner_or_without(name: str, expected: str | None) -> None:
    found = known_model(name)
    assert (found.name if found else None) == expected


def test_a_model_is_known_by_the_folder_it_is_in(tmp_path, monkeypatch):
    (tmp_path / "someone" / "e5-small-v2").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    assert known_model(str(tmp_path / "someone" / "e5-small-v2")) == known_model("intfloat/e5-small-v2")
    assert known_model("someone/e5-small-v2") == known_model("intfloat/e5-small-v2")
    assert known_model("someone/e5-small-v2/") == known_model("intfloat/e5-small-v2")
    monkeypatch.chdir(tmp_path / "someone" / "e5-small-v2")
    assert known_model(".") == known_model("intfloat/e5-small-v2")
    assert known_model(str(tmp_path / "other")) is None


def test_a_model_is_known_by_its_snapshot_in_the_hubs_cache(cache):
    snapshot = put(cache, "BAAI/bge-base-en-v1.5")
    assert known_model(str(snapshot)) == known_model("bge-base-en-v1.5")
    assert known_model(str(put(cache, "someone/bge-base-en-v1.5"))) is None


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("intfloat/multilingual-e5-base", "query: ", "passage: "),
        ("bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("gte-base", "", ""),
        ("all-MiniLM-L6-v2", "", ""),
        ("of my own", "", ""),
    ],
)
def test_prompts_are_those_of_the_card(name: str, query: str, document: str) -> None:
    assert prompts_for(name) == (query, document)


def test_a_model_is_in_the_hubs_cache_when_its_weights_are(cache):
    model = known_model("e5-small-v2")
    assert location_of(model) is None
    snapshot = put(cache, model.name)
    assert location_of(model) is ModelLocation.HUB_CACHE
    (snapshot.parents[1] / "blobs" / "1f").unlink()
    if (snapshot / "model.safetensors").is_symlink():
        assert location_of(model) is None  # its file was removed, or never fetched


def test_other_formats_of_weights_count_but_pickles_do_not(cache):
    put(cache, "BAAI/bge-m3", weights="onnx/model.onnx")
    put(cache, "sentence-transformers/static-retrieval-mrl-en-v1", weights="0_StaticEmbedding/model.safetensors")
    put(cache, "intfloat/e5-base-v2", weights="pytorch_model.bin")
    assert location_of(known_model("bge-m3")) is ModelLocation.HUB_CACHE
    assert location_of(known_model("static-retrieval-mrl-en-v1")) is ModelLocation.HUB_CACHE
    assert location_of(known_model("e5-base-v2")) is None


def test_the_snapshot_is_that_of_main_or_the_one_asked_for(cache):
    older, newer = put(cache, "a/b", OLDER), put(cache, "a/b", COMMIT)
    assert cached_snapshot("a/b") == newer
    assert cached_snapshot("a/b", "main") == newer
    assert cached_snapshot("a/b", OLDER) == older
    assert cached_snapshot("a/b", "v2") is None
    (newer.parents[1] / "refs" / "v2").write_text(OLDER)
    assert cached_snapshot("a/b", "v2") == older
    (newer / "model.safetensors").unlink()
    assert cached_snapshot("a/b") == older  # of main only small files were fetched


@pytest.mark.parametrize("name", ["b", "", "a/b/c", "../b", "a/..", "a\\b/c", "a/b\0"])
def test_a_name_that_no_repository_has_leads_nowhere(cache: Path, name: str) -> None:
    put(cache, "a/b")
    assert cached_snapshot(name) is None


def test_a_revision_does_not_lead_out_of_the_cache(cache, tmp_path):
    put(cache, "a/b")
    (tmp_path / "secret").write_text(COMMIT)
    assert cached_snapshot("a/b", "../../../secret") is None


def test_what_is_not_readable_in_the_cache_is_not_there(cache):
    put(cache, "a/b")
    (cache / "models--a--b" / "refs" / "main").write_bytes(b"\xff\xfe")
    assert cached_snapshot("a/b").name == COMMIT
    (cache / "models--c--d").mkdir()
    (cache / "a file").write_text("")
    assert cached_models() == ["a/b"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HUGGINGFACE_HUB_CACHE": "/b", "HF_HOME": "/c"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/b", "HF_HOME": "/c"}, "/b"),
        ({"HF_HOME": "/c", "XDG_CACHE_HOME": "/d"}, "/c/hub"),
        ({"XDG_CACHE_HOME": "/d"}, "/d/huggingface/hub"),
        ({}, "~/.cache/huggingface/hub"),
        ({"HF_HUB_CACHE": "~/models"}, "~/models"),
    ],
)
def test_the_hubs_cache_is_where_its_library_has_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub_cache_folder() == Path(expected).expanduser()


def test_the_hubs_own_library_reads_the_same_layout(cache):
    hub = pytest.importorskip("huggingface_hub")
    snapshot = put(cache, "intfloat/e5-small-v2")
    found = hub.snapshot_download("intfloat/e5-small-v2", cache_dir=cache, local_files_only=True)
    assert Path(found) == cached_snapshot("intfloat/e5-small-v2") == snapshot


def test_an_endpoint_is_here_when_there_is_a_key(monkeypatch):
    model = known_model("openai:text-embedding-3-small")
    assert location_of(model) is None
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert location_of(model) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert location_of(model) is ModelLocation.KEY
    assert "sk-secret" not in repr(list_models())


def test_a_package_that_carries_a_model_is_found(carried):
    assert location_of(known_model("all-MiniLM-L6-v2")) is ModelLocation.PACKAGE
