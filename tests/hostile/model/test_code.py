"""When a model's own code runs: its name and commit were trusted, or who opens the folder asks for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.hub_cache import COMMIT, OLDER, empty_cache, put
from tests.helpers.tiny_bert import CONFIG, write_json, write_tiny_bert
from vecsearch import ModelUnsupported, load_encoder
from vecsearch.models import encoders
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.session import Models
from vecsearch.storage.manifest import ModelEntry

NAME = "owner/coded"
VARIABLE = "VECSEARCH_TRUST_REMOTE_CODE"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(encoders, "installed", lambda _: True)
    return empty_cache(tmp_path / "hub", monkeypatch)


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """A model with a step of its own, in a folder called as a model on the hub."""
    folder = tmp_path / "work" / "owner" / "coded"
    folder.parent.mkdir(parents=True)
    write_tiny_bert(folder)
    modules = json.loads((folder / "modules.json").read_text())
    write_json(folder / "modules.json", [*modules, {"idx": 3, "name": "3", "path": "3_Own", "type": "own.Step"}])
    return folder


def on_hub(folder: Path, name: str = NAME, revision: str = COMMIT) -> ModelFolder:
    return ModelFolder(name=name, path=folder, repository=NAME, revision=revision)


@pytest.mark.parametrize(
    "listed", [NAME, f"{NAME}@{COMMIT}", "{folder}", "{folder}@" + COMMIT, "./owner/coded", "*", ""]
)
@pytest.mark.parametrize("named", ["owner/coded", "./owner/coded", "{folder}"])
def test_cannot_run_code_from_a_folder_that_is_called_as_what_is_trusted(
    coded: Path, monkeypatch: pytest.MonkeyPatch, listed: str, named: str
) -> None:
    monkeypatch.chdir(coded.parents[1])
    monkeypatch.setenv(VARIABLE, listed.format(folder=coded))
    with pytest.raises(ModelUnsupported, match=r"own\.Step, which is code of the model's own"):
        load_encoder(named.format(folder=coded))


@pytest.mark.parametrize(
    "listed", [NAME, f"{NAME}@main", f"{NAME}@{OLDER}", f"{NAME}@{COMMIT[:7]}", f"other/x@{COMMIT}"]
)
def test_cannot_run_code_of_another_commit_than_the_one_that_is_trusted(
    coded: Path, monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    monkeypatch.setenv(VARIABLE, listed)
    with pytest.raises(ModelUnsupported, match=rf"add {NAME}@{COMMIT} to \${VARIABLE}"):
        TorchEncoder(on_hub(coded))


@pytest.mark.parametrize("name", [NAME, f"{NAME}@main", f"{NAME}@{OLDER}", f"{NAME}@{COMMIT[:7]}"])
def test_cannot_run_code_by_its_name_without_its_commit(coded: Path, name: str) -> None:
    with pytest.raises(ModelUnsupported, match=f"load {NAME}@{COMMIT} with trust_remote_code"):
        TorchEncoder(on_hub(coded, name), trust_remote_code=True)


def test_can_run_code_that_was_named_with_its_commit(coded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TorchEncoder(on_hub(coded, f"{NAME}@{COMMIT}"), trust_remote_code=True).spec is None
    monkeypatch.setenv(VARIABLE, f"other/model@{OLDER}, {NAME}@{COMMIT}")
    assert TorchEncoder(on_hub(coded)).spec is None
    monkeypatch.delenv(VARIABLE)
    assert isinstance(load_encoder(str(coded), trust_remote_code=True), TorchEncoder)  # who opens it asks for it


@pytest.mark.parametrize(
    "auto_map",
    [
        {"AutoModel": "other/code--modeling.Model"},
        {"AutoTokenizer": [None, "other/code--tokens.Tokenizer"]},
        {"AutoConfig": "modeling.Config", "AutoModel": "other/code--modeling.Model"},
    ],
)
def test_cannot_run_code_of_a_model_beside_it(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, auto_map: dict[str, Any]
) -> None:
    pytest.importorskip("transformers", reason="pip install 'vecsearch[sentence-transformers]'")
    folder = tmp_path / "model"
    write_tiny_bert(folder)
    write_json(folder / "config.json", {**CONFIG, "model_type": "own_kind", "auto_map": auto_map})
    for listed in (f"{NAME}@{COMMIT}", f"{NAME}@{COMMIT},other/code@{OLDER}", f"{NAME}@{COMMIT},other/code"):
        monkeypatch.setenv(VARIABLE, listed)
        with pytest.raises(ModelUnsupported, match="names code of other/code"):
            TorchEncoder(on_hub(folder))
    put(cache, "other/code", OLDER)
    monkeypatch.setenv(VARIABLE, f"{NAME}@{COMMIT},other/code@{OLDER}")
    assert TorchEncoder(on_hub(folder)).spec is None


@pytest.mark.parametrize("named", ["{folder}", "owner/coded", "./owner/coded"])
def test_cannot_run_code_because_an_index_names_it(coded: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.chdir(coded.parents[1])
    monkeypatch.setenv(VARIABLE, f"{NAME}@{COMMIT},{coded}")
    entry = ModelEntry(named.format(folder=coded), "0" * 64, 32)
    with pytest.raises((ModelUnsupported, FileNotFoundError)):
        Models("handed", None).encoder(entry)
