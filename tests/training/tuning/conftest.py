"""A tiny model, and pairs that it can learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.synonyms import pairs_of_synonyms
from tests.helpers.tiny_bert import tiny_tensors, write_safetensors, write_tiny_bert
from vecsearch.training import TrainingPair


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of a tiny model whose weights are chance, of a size from which it learns."""
    write_tiny_bert(tmp_path / "tiny")
    tensors = {
        name: np.ones_like(tensor) if name.endswith("LayerNorm.weight") else tensor / 3
        for name, tensor in tiny_tensors().items()
    }
    write_safetensors(tmp_path / "tiny" / "model.safetensors", tensors)
    return tmp_path / "tiny"


@pytest.fixture
def pairs() -> list[TrainingPair]:
    """Pairs of which the tiny model knows nothing yet."""
    return pairs_of_synonyms(160)
