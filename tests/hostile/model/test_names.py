"""What a folder or file can pass for by its name: nothing. Only what is written as a path is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.hub_cache import empty_cache
from tests.helpers.static_models import write_model2vec
from tests.helpers.tiny_bert import write_tiny_bert
from tests.helpers.tiny_cross import write_tiny_cross
from vecsearch import Index, ModelNotFound, load_encoder, load_reranker
from vecsearch.models import describe_model
from vecsearch.models.encoders.model_folder import find_model
from vecsearch.models.encoders.model_names import full_name
from vecsearch.models.encoders.model_paths import absolute_name
from vecsearch.storage.manifest import to_json
from vecsearch.storage.store import Store
from vecsearch.training import distill

KNOWN = [
    "all-MiniLM-L6-v2",
    "sentence-transformers/all-MiniLM-L6-v2",
    "bge-small-en-v1.5",
    "BAAI/bge-small-en-v1.5",
    "BAAI/bge-never-heard-of",
    "wordllama",
    "e5-small-v2@main",
]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that somebody else may have filled; nothing is on the hub."""
    empty_cache(tmp_path / "hub", monkeypatch)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "work" / "sentence-transformers").mkdir(parents=True)
    (tmp_path / "work" / "cross-encoder").mkdir()
    (tmp_path / "work" / "BAAI").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.mark.parametrize("name", KNOWN)
def test_cannot_take_the_place_of_a_known_one_by_the_name_of_its_folder(work: Path, name: str) -> None:
    write_tiny_bert(work / name)
    try:
        found = find_model(full_name(name), fetch=False).path
    except ModelNotFound:
        return  # neither in a package nor in the hub's cache
    assert not found.is_relative_to(work)


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "minilm", "words.txt", "model.onnx"])
@pytest.mark.parametrize("kind", ["transformer", "static", "words", "graph"])
def test_cannot_be_opened_by_a_bare_name(work: Path, name: str, kind: str) -> None:
    if kind == "transformer":
        write_tiny_bert(work / name)
    elif kind == "static":
        write_model2vec(work / name)
    else:
        (work / name).write_text("a 1 0\nb 0 1\n")
    if name in KNOWN:
        assert load_encoder(name).dim == 384
    else:
        with pytest.raises(ModelNotFound, match=rf"write \./{name}") as caught:
            load_encoder(name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ms-marco-MiniLM-L6-v2", "reranker", "cross-encoder/ms-marco-MiniLM-L6-v2"])
def test_cannot_rerank_by_the_name_of_its_folder(work: Path, name: str) -> None:
    write_tiny_cross(work / name)
    with pytest.raises(ModelNotFound):
        load_reranker(name)
    assert load_reranker(f"./{name}").name == f"./{name}"


@pytest.mark.parametrize("name", ["minilm", "tiny"])
def test_cannot_be_trained_described_or_indexed_with_by_a_bare_name(work: Path, tmp_path: Path, name: str) -> None:
    pytest.importorskip("transformers", reason="pip install 'vecsearch[sentence-transformers]'")
    write_tiny_bert(work / name)
    tries = {
        "distill": lambda: distill(name, tmp_path / "out"),
        "tune": lambda: load_encoder(name, runtime="sentence-transformers"),
        "describe": lambda: describe_model(name),
        "create": lambda: Index.create(tmp_path / "index", model=name),
    }
    for one_try in tries.values():
        with pytest.raises((ModelNotFound, ModuleNotFoundError), match=rf"write \./{name}|needs"):
            one_try()
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize("written", ["./tiny", "tiny/", "../work/tiny", "{work}/tiny", "models/tiny", "models/../tiny"])
def test_can_be_opened_by_its_path(work: Path, written: str) -> None:
    write_tiny_bert(work / "tiny")
    (work / "models").mkdir()
    write_tiny_bert(work / "models" / "tiny")
    assert load_encoder(written.format(work=work)).dim == 32


@pytest.mark.parametrize("written", ["", " ", "~nobody-here/model", "./none", "a/b/c", "\0", "tiny\0"])
def test_cannot_be_found_by_what_is_no_name(work: Path, written: str) -> None:
    write_tiny_bert(work / "tiny")
    with pytest.raises(ModelNotFound) as caught:
        load_encoder(written, fetch=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "named", ["tiny", "./tiny", "models/tiny", "../work/tiny", "//server/share/tiny", "\\\\server\\x"]
)
def test_cannot_be_chosen_by_an_index_from_the_folder_it_is_searched_in(work: Path, tmp_path: Path, named: str) -> None:
    """An index of somebody else's names a path that happens to exist here."""
    for place in ("tiny", "models/tiny"):
        (work / place).parent.mkdir(exist_ok=True)
        write_tiny_bert(work / place)
    Index.create(tmp_path / "index", model="./tiny").add(["red house"])
    store = Store(tmp_path / "index")
    manifest = store.manifest()
    assert manifest.model.name == str(work / "tiny")  # a path that means the same from everywhere
    handed = replace(manifest, model=replace(manifest.model, name=named))
    (store.path / "manifests" / f"{manifest.version:08}.json").write_bytes(to_json(handed))
    index = Index.open(tmp_path / "index")
    with pytest.raises(ModelNotFound) as caught:
        index.search("red")
    assert "\n" not in str(caught.value)
    assert index.search("red", mode="lexical")
    assert Index.open(tmp_path / "index", model="./tiny").search("red")


def test_is_stored_in_an_index_by_a_path_that_is_its_own(work: Path) -> None:
    (work / "words.txt").write_text("a 1 0\nb 0 1\n")
    assert absolute_name("./words.txt") == str(work / "words.txt")
    for name in ("words.txt", "all-MiniLM-L6-v2", "BAAI/bge-m3", "openai:m@http://localhost:1/v1", "counting"):
        assert absolute_name(name) == name
