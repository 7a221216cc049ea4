"""Folders of static models: what is one, what its files say, what is refused, and where it is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.static_models import (
    DIM,
    carried_wordllama,
    opened,
    random_matrix,
    write_model2vec,
    write_module,
    write_modules,
    write_static_tokenizer,
)
from tests.helpers.tiny_bert import WORDS, write_json, write_safetensors
from vecsearch.errors import ModelDamaged, ModelNotFound, ModelUnsupported
from vecsearch.models.encoders.model_folder import ModelFolder, find_model
from vecsearch.models.encoders.static.encoder import StaticEncoder, is_static
from vecsearch.types import Role


def damaged(folder: Path, kind: type[Exception] = ModelDamaged) -> str:
    with pytest.raises(kind) as error:
        StaticEncoder(ModelFolder(name="tiny", path=folder)).encode(["red"], Role.QUERY)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("place", ["0_StaticEmbedding", "", "."])
def test_the_module_lies_where_modules_json_says(tmp_path, place):
    folder = write_module(tmp_path / "m", place)
    assert opened(folder).encode(["red"], Role.QUERY).shape == (1, DIM)


def test_a_folder_of_model2vec_needs_no_modules(tmp_path):
    folder = write_model2vec(tmp_path / "m", normalize=True)
    (folder / "modules.json").unlink()
    np.testing.assert_allclose(np.linalg.norm(opened(folder).encode(["red"], Role.QUERY)), 1, rtol=1e-6)


def test_other_folders_are_not_static(tiny, tmp_path):
    assert not is_static(ModelFolder(name="bert", path=tiny))
    assert not is_static(ModelFolder(name="empty", path=tmp_path))
    folder = write_module(tmp_path / "m")
    write_modules(folder, ("StaticEmbedding", "0_StaticEmbedding"), ("Dense", "1_Dense"))
    assert not is_static(ModelFolder(name="dense", path=folder))
    write_modules(folder, ("StaticEmbedding", "../0_StaticEmbedding"))
    assert not is_static(ModelFolder(name="outside", path=folder))
    (folder / "modules.json").write_text("{")
    assert not is_static(ModelFolder(name="broken", path=folder))


def test_every_ingredient_changes_the_fingerprint_and_the_place_does_not(tmp_path):
    folder = write_model2vec(tmp_path / "m")
    seen = {opened(folder).fingerprint}
    shutil.copytree(folder, tmp_path / "copy")
    assert opened(tmp_path / "copy").fingerprint in seen

    def differs() -> bool:
        found = opened(folder).fingerprint
        new = found not in seen
        seen.add(found)
        return new

    write_safetensors(folder / "model.safetensors", {"embeddings": random_matrix(seed=1)})
    assert differs()
    write_static_tokenizer(folder / "tokenizer.json", version="1.1")
    assert differs()
    write_json(folder / "config.json", {"normalize": True})
    assert differs()
    write_json(folder / "config.json", {"max_length": 100})
    assert differs()
    write_json(folder / "config_sentence_transformers.json", {"prompts": {"query": "a"}})
    assert differs()


def test_the_same_matrix_by_other_rules_is_another_model(tmp_path):
    module = write_module(tmp_path / "a", "")
    llama = tmp_path / "b"
    for name, source in {
        "weights/l2_supercat_256.safetensors": "model.safetensors",
        "tokenizers/l2_supercat_tokenizer_config.json": "tokenizer.json",
    }.items():
        (llama / name).parent.mkdir(parents=True)
        shutil.copy(module / source, llama / name)
    assert opened(module).fingerprint != opened(llama).fingerprint


def test_creating_one_and_asking_its_facts_opens_no_tokenizer(tmp_path):
    script = (
        "import sys; from pathlib import Path; from vecsearch.models.encoders.model_folder import ModelFolder;"
        "from vecsearch.models.encoders.static.encoder import StaticEncoder;"
        "e = StaticEncoder(ModelFolder(name='m', path=Path(sys.argv[1]))); e.dim, e.name, e.fingerprint;"
        "print([m for m in ('tokenizers', 'model2vec', 'wordllama', 'torch', 'onnxruntime') if m in sys.modules])"
    )
    folder = write_model2vec(tmp_path / "m")
    found = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_wordllama_comes_from_its_package_and_is_verified(tmp_path, monkeypatch):
    encoder = carried_wordllama()
    assert (encoder.name, encoder.dim) == ("wordllama", 256)
    copy = tmp_path / "wordllama"
    for name in encoder.model.known_hashes:
        (copy / name).parent.mkdir(parents=True)
        shutil.copy(encoder.model.path / name, copy / name)
    changed = copy / "weights" / "l2_supercat_256.safetensors"
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"l2_supercat_256\.safetensors has SHA-256"):
        StaticEncoder(ModelFolder(name="wordllama", path=copy, known_hashes=encoder.model.known_hashes)).encode(
            ["red"], Role.QUERY
        )
    monkeypatch.chdir(tmp_path)
    assert find_model("./wordllama").known_hashes == {}  # a folder of that name is somebody's own


def test_wordllama_missing_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr("vecsearch.models.encoders.model_folder.importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match=r"pip install 'vecsearch\[static\]'"):
        find_model("wordllama")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_or_broken_file_is_named(tmp_path, name):
    folder = write_model2vec(tmp_path / "m")
    (folder / name).write_bytes(b"{")
    assert name in damaged(folder)
    (folder / name).unlink()
    assert f"{name} is missing" in damaged(folder)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"other": random_matrix()}, "no tensor 'embeddings'"),
        ({"embeddings": random_matrix()[0]}, r"has shape (16,), expected (tokens, dimensions)"),
        ({"embeddings": random_matrix(rows=0)}, r"has shape (0, 16)"),
        ({"embeddings": random_matrix(rows=9)}, "tokens, the model 9 rows"),
        (
            {"embeddings": random_matrix(), "mapping": np.full(len(WORDS), len(WORDS))},
            "mapping is not a list",
        ),
        ({"embeddings": random_matrix(), "mapping": np.full(len(WORDS), -1)}, "mapping is not a list"),
        (
            {"embeddings": random_matrix(), "mapping": np.zeros((2, 2), np.int64)},
            "mapping is not a list",
        ),
        ({"embeddings": random_matrix(), "mapping": np.zeros(0, np.int64)}, "mapping is not a list"),
        ({"embeddings": random_matrix(), "weights": np.ones(3, np.float32)}, "weights has shape (3,)"),
    ],
)
def test_tensors_that_make_no_model_are_refused(tmp_path, tensors, said):
    assert said in damaged(write_model2vec(tmp_path / "m", tensors))


def test_a_token_beyond_the_matrix_is_refused_when_it_comes(tmp_path):
    from tokenizers import Tokenizer, models

    folder = write_model2vec(tmp_path / "m", {"embeddings": random_matrix(rows=3)})
    Tokenizer(models.WordLevel({"red": 7, "tree": 1}, unk_token="tree")).save(str(folder / "tokenizer.json"))
    assert "do not belong together" in damaged(folder)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"max_length": 0}, "max_length is 0"),
        ({"max_length": "512"}, "max_length is '512'"),
        ({"normalize": "yes"}, "normalize is 'yes'"),
    ],
)
def test_a_config_that_cannot_be_followed_says_why(tmp_path, config, said):
    assert said in damaged(write_model2vec(tmp_path / "m", **config))


def test_a_tokenizer_that_keeps_the_end_of_a_text_is_refused(tmp_path):
    folder = write_module(tmp_path / "m")
    truncation = {"direction": "Left", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    write_static_tokenizer(folder / "0_StaticEmbedding" / "tokenizer.json", truncation=truncation)
    assert "keeps the end of a long text" in damaged(folder, ModelUnsupported)


def test_a_static_model_of_the_hub_may_lie_in_the_folder_of_its_module(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub.constants")
    repository = tmp_path / "hub" / "models--owner--still"
    commit = "0123456789abcdef0123456789abcdef01234567"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    folder = write_module(repository / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    model = find_model("owner/still")
    assert (model.path, model.revision) == (folder, commit)
    assert is_static(model)
