"""Code in a model's folder: it runs when it is trusted, and never else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS
from tests.helpers.peer_models import make
from tests.helpers.tiny_bert import CONFIG, write_json
from vecsearch.errors import ModelUnsupported
from vecsearch.types import Role

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("peer")]


OWN_STEP = """
from pathlib import Path
Path({marker!r}).touch()
import torch
class Scale(torch.nn.Module):
    def forward(self, features, **_):
        features["sentence_embedding"] = features["sentence_embedding"] * 3
        return features
    def save(self, path, *_, **__):
        pass
    @staticmethod
    def load(path):
        return Scale()
"""


@pytest.fixture
def coded(peer: Any, tiny: Path, tmp_path: Path) -> Path:
    """A model with a step of its own, whose code leaves a mark when it runs."""
    if not hasattr(peer.SentenceTransformer, "_load_module_class_from_ref"):
        pytest.skip("sentence-transformers imports nothing from a model's folder before 3.1")
    (tiny / "own_step.py").write_text(OWN_STEP.format(marker=str(tmp_path / "ran")))
    listed = json.loads((tiny / "modules.json").read_text())
    (tiny / "3_Scale").mkdir()
    (tiny / "3_Scale" / "config.json").write_text("{}")
    step = {"idx": 3, "name": "3", "path": "3_Scale", "type": "own_step.Scale"}
    write_json(tiny / "modules.json", [*listed, step])
    return tiny


@pytest.fixture(autouse=True)
def modules_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers copies a model's own code: not into the user's folder."""
    import transformers.dynamic_module_utils

    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "hf-modules"))


def test_code_in_a_models_folder_runs_only_when_it_is_trusted(coded, tmp_path):
    with pytest.raises(ModelUnsupported, match=r"modules\.json names own_step\.Scale.*trust_remote_code"):
        make(coded)
    assert not (tmp_path / "ran").exists()
    made = make(coded, trust_remote_code=True)
    assert not (tmp_path / "ran").exists()
    np.testing.assert_allclose(np.linalg.norm(made.encode(["red"], Role.QUERY), axis=1), 3, atol=1e-5)
    assert (tmp_path / "ran").exists()


def test_trusted_code_is_a_part_of_the_fingerprint(coded):
    before = make(coded, trust_remote_code=True).fingerprint
    code = (coded / "own_step.py").read_text()
    (coded / "own_step.py").write_text(code.replace("* 3", "* 4"))
    assert make(coded, trust_remote_code=True).fingerprint != before


def test_trust_changes_nothing_where_there_is_no_code(tiny):
    assert make(tiny, trust_remote_code=True).fingerprint == make(tiny).fingerprint


def test_sentence_transformers_itself_asks_from_version_6_on(peer, coded, tmp_path):
    """Before, it runs code of a local folder without asking: why we look ourselves before it is imported."""
    asks = int(peer.__version__.partition(".")[0]) >= 6
    try:
        peer.SentenceTransformer(str(coded), device="cpu", trust_remote_code=False)
    except ValueError:
        assert asks
    assert (tmp_path / "ran").exists() == (not asks)


OWN_MODEL = """
from pathlib import Path
Path({marker!r}).touch()
from transformers import BertConfig, BertModel
class OwnConfig(BertConfig):
    model_type = "own_kind"
class OwnModel(BertModel):
    config_class = OwnConfig
"""


def test_an_architecture_in_a_models_folder_runs_only_when_it_is_trusted(tiny, tmp_path):
    expected = make(tiny).encode(TEXTS, Role.QUERY)
    (tiny / "own_model.py").write_text(OWN_MODEL.format(marker=str(tmp_path / "ran")))
    classes = {"AutoConfig": "own_model.OwnConfig", "AutoModel": "own_model.OwnModel"}
    write_json(tiny / "config.json", {**CONFIG, "model_type": "own_kind", "auto_map": classes})
    with pytest.raises(ModelUnsupported, match=r"config\.json names own_model\.OwnConfig.*trust_remote_code"):
        make(tiny)
    assert not (tmp_path / "ran").exists()
    write_json(tiny / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"})
    found = make(tiny, trust_remote_code=True).encode(TEXTS, Role.QUERY)
    assert (tmp_path / "ran").exists()
    np.testing.assert_allclose(found, expected, atol=1e-5)
