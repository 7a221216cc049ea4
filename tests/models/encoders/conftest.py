"""A tiny model and the packaged one."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.peer_models import write_qwen, write_words
from tests.helpers.tiny_bert import write_tiny_bert
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.model_folder import find_model


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of a tiny model."""
    write_tiny_bert(tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture(scope="session")
def carried() -> Path:
    """The folder of the default model inside the package that carries it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        try:
            model = find_model("all-MiniLM-L6-v2")
        except ModelNotFound as error:
            pytest.skip(str(error))
    if not model.known_hashes:
        pytest.skip("no installed package carries all-MiniLM-L6-v2")
    return model.path


@pytest.fixture
def minilm(carried: Path):
    return load_encoder("all-MiniLM-L6-v2", runtime="onnxruntime")


@pytest.fixture(scope="session")
def peer() -> Any:
    """sentence-transformers itself; what needs it is skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")


@pytest.fixture(scope="session")
def built(peer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that sentence-transformers made, not to be changed."""
    place = tmp_path_factory.mktemp("built")
    write_qwen(place / "qwen")
    write_words(place / "words")
    return place


@pytest.fixture
def qwen(built: Path, tmp_path: Path) -> Path:
    """The folder of a small causal model with a dense layer and prompts."""
    shutil.copytree(built / "qwen", tmp_path / "qwen")
    return tmp_path / "qwen"
