"""Every family of transformers has, in every runtime, the token vectors that transformers gives it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.tiny_families import FAMILIES, hidden_states, write_family
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer.onnx_session import OnnxModel
from vecsearch.models.encoders.transformer.openvino_session import OpenvinoModel, Precision
from vecsearch.models.encoders.transformer.spec import read_spec


@pytest.fixture(params=FAMILIES)
def family(request, tiny: Path, tmp_path: Path) -> Path:
    pytest.importorskip("transformers", reason="transformers is not installed")
    write_family(tiny, tmp_path / "family", request.param)
    return tmp_path / "family"


@pytest.fixture
def ids() -> list[list[int]]:
    """Token numbers of texts of many lengths, no padding token among them."""
    rng = np.random.default_rng(3)
    return [rng.integers(5, 50, length).tolist() for length in (2, 3, 9, 17, 40, 130, 190)]


def open_onnx(folder: Path) -> OnnxModel:
    return OnnxModel(read_spec(ModelFolder(name="tiny", path=folder)), 2)


def open_openvino(folder: Path) -> OpenvinoModel:
    pytest.importorskip("openvino", reason="openvino is not installed")
    return OpenvinoModel(read_spec(ModelFolder(name="tiny", path=folder)), 2, Precision.FLOAT32)


@pytest.mark.peer
@pytest.mark.parametrize("opened", [open_onnx, open_openvino])
def test_token_vectors_are_those_of_transformers_alone_and_padded(family, ids, opened):
    expected = hidden_states(family, ids)
    model = opened(family)
    lengths = np.array([len(row) for row in ids])
    padded = np.zeros((len(ids), lengths.max()), np.int64)
    for row, tokens in zip(padded, ids, strict=True):
        row[: len(tokens)] = tokens
    together = model.run(padded, lengths, alone=False)
    for tokens, batch, truth in zip(ids, together, expected, strict=True):
        alone = model.run(np.array([tokens], np.int64), np.array([len(tokens)]), alone=True)[0]
        np.testing.assert_allclose(alone, truth, atol=2e-4)
        np.testing.assert_allclose(batch[: len(tokens)], truth, atol=2e-4)
