"""Fetching all of a hub's model, from a hub on loopback, and doing without the hub afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.hub_server import COMMIT, hub
from tests.helpers.tiny_bert import write_json
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders.model_folder import find_whole_model

pytest.importorskip("huggingface_hub")
REPOSITORY = "owner/tiny"
FIND = """
import sys
from vecsearch.models.encoders.model_folder import find_model, find_whole_model
from vecsearch.errors import ModelNotFound
try:
    found = {"part": find_model, "whole": find_whole_model}[sys.argv[1]](sys.argv[2], **eval(sys.argv[3]))
    print(found.revision, found.path)
except ModelNotFound as error:
    print("not found:", error)
"""


@pytest.fixture
def published(tiny: Path) -> Path:
    """A model of two shards and a dense module, with what other programs and other runtimes need."""
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    write_json(tiny / "model.safetensors.index.json", index)
    (tiny / "model.safetensors").rename(tiny / "model-00001-of-00002.safetensors")
    listed = json.loads((tiny / "modules.json").read_text())
    dense = {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}
    write_json(tiny / "modules.json", [*listed, dense])
    write_json(tiny / "3_Dense" / "config.json", {"out_features": 8})
    for name in (
        "model-00002-of-00002.safetensors",
        "3_Dense/model.safetensors",
        "own_model.py",
        "pytorch_model.bin",
        "onnx/model.onnx",
        "onnx/config.json",
        "picture.png",
    ):
        (tiny / name).parent.mkdir(exist_ok=True)
        (tiny / name).write_bytes(name.encode())
    return tiny


class Away:
    """A fresh process with a hub cache of its own, asking a hub at some address."""

    def __init__(self, home: Path, address: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self.environment = {
            **kept,
            "HF_HOME": str(home),
            "HF_ENDPOINT": address,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }

    def find(self, how: str, name: str = REPOSITORY, **options: bool) -> str:
        command = [sys.executable, "-c", FIND, how, name, repr(options)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=self.environment)
        return done.stdout.strip()


def files(folder: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}


def test_all_that_a_model_needs_is_fetched_once_and_nothing_else(published, tmp_path):
    with hub(REPOSITORY, published) as (address, fetched):
        away = Away(tmp_path / "home", address)
        revision, place = away.find("whole").split()
        wanted = {name for name in files(str(published)) if not name.endswith((".py", ".bin", ".png"))}
        assert revision == COMMIT
        assert files(place) == {name for name in wanted if not name.startswith("onnx/")} == set(fetched)
        del fetched[:]
    assert away.find("whole") == f"{COMMIT} {place}"  # the hub is gone
    assert away.find("whole", f"{REPOSITORY}@{COMMIT}") == f"{COMMIT} {place}"
    assert fetched == []


@pytest.mark.slow
def test_code_is_fetched_only_when_it_is_asked_for(published, tmp_path):
    with hub(REPOSITORY, published) as (address, fetched):
        away = Away(tmp_path / "home", address)
        away.find("whole")
        assert "own_model.py" not in fetched
        place = away.find("whole", code=True).split()[1]
        assert "own_model.py" in fetched
        assert fetched.count("config.json") == 1
    assert away.find("whole", code=True).split()[1] == place


@pytest.mark.slow
def test_a_model_that_is_here_in_part_is_completed_at_its_commit(published, tmp_path):
    (published / "model-00001-of-00002.safetensors").rename(published / "model.safetensors")
    (published / "model.safetensors.index.json").unlink()
    with hub(REPOSITORY, published) as (address, fetched):
        away = Away(tmp_path / "home", address)
        part = away.find("part")
        assert "3_Dense/model.safetensors" not in fetched
        assert away.find("whole") == part
        assert "3_Dense/model.safetensors" in fetched
        assert fetched.count("model.safetensors") == 1


@pytest.mark.slow
def test_without_the_hub_a_model_in_part_is_given_as_it_is_or_said_to_be_incomplete(published, tmp_path):
    (published / "model-00001-of-00002.safetensors").rename(published / "model.safetensors")
    (published / "model.safetensors.index.json").unlink()
    with hub(REPOSITORY, published) as (address, _):
        away = Away(tmp_path / "home", address)
        part = away.find("part")
    said = away.find("whole")
    assert said == part or "is incomplete" in said  # the hub's library tells from version 2 on


@pytest.mark.slow
def test_a_list_that_cannot_be_read_is_left_to_who_opens_the_model(published, tmp_path):
    (published / "modules.json").write_text("[")
    with hub(REPOSITORY, published) as (address, _):
        away = Away(tmp_path / "home", address)
        place = away.find("whole")
    assert away.find("whole") == place


def test_what_no_hub_has_is_not_found(published, tmp_path):
    with hub(REPOSITORY, published) as (address, _):
        said = Away(tmp_path / "home", address).find("whole", "owner/nothing")
    assert said.startswith("not found: no model 'owner/nothing': no such folder")


def test_folders_and_carried_models_are_found_without_the_hub(tiny, carried):
    assert find_whole_model(str(tiny)).path == tiny
    assert find_whole_model("all-MiniLM-L6-v2").path == carried


def test_without_the_hubs_library_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelNotFound, match="huggingface_hub is not installed"):
        find_whole_model("owner/tiny")
