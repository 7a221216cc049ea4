"""A tiny model and the packaged one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_bert import write_tiny_bert

from vecsearch.encoders import load_encoder
from vecsearch.encoders.folder import find_model
from vecsearch.errors import ModelNotFound


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
    return load_encoder("all-MiniLM-L6-v2")
