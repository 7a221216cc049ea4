"""What a model's files can pass for: another config.json is another model, whose vectors no other model is served."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.other_users import needs_owners
from tests.helpers.tiny_bert import write_tiny_bert
from vecsearch import Index, ModelMismatch, load_encoder
from vecsearch.models import Cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.encoders.fingerprint import earlier_fingerprint
from vecsearch.models.encoders.model_folder import DEFAULT_MODEL, carried_model
from vecsearch.types import Role

DEFAULT_FINGERPRINT = "e428bcbdc1402f09e899ba3cabd74b1da5d9bf6eb6a56f39d1684b40404e6d61"  # of every index before
CHANGES: list[dict[str, Any]] = [
    {"num_hidden_layers": 1},
    {"num_attention_heads": 2},
    {"num_attention_heads": 8},
    {"hidden_act": "relu"},
    {"hidden_act": "gelu_new"},
    {"layer_norm_eps": 0.5},
    {"layer_norm_eps": 1e-5},
    {"model_type": "roberta", "pad_token_id": 0},
    {"model_type": "roberta", "pad_token_id": 1},
    {"pruned_heads": {"0": [0]}},
    {"dtype": "int8"},
    {"attention_scale": 0},
    {"what_nobody_knows": None},
    {"num_hidden_layers": 1, "hidden_act": "relu"},
]
KEPT: list[dict[str, Any]] = [
    {},
    {"transformers_version": "4.8.2", "_name_or_path": "./elsewhere", "architectures": ["BertModel"]},
    {"hidden_dropout_prob": 0.3, "initializer_range": 0.5, "use_cache": False, "gradient_checkpointing": False},
    {"pruned_heads": {}, "chunk_size_feed_forward": 0, "return_dict": True, "torch_dtype": "float32"},
    {"position_embedding_type": "absolute", "id2label": {"0": "x"}, "problem_type": None},
]


def changed(folder: Path, **settings: Any) -> Path:
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | settings))
    return folder


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    write_tiny_bert(tmp_path / "honest")
    return tmp_path / "honest"


def copies(honest: Path, settings: list[dict[str, Any]]) -> list[Path]:
    folders = [honest.with_name(f"copy {number}") for number in range(len(settings))]
    return [changed(shutil.copytree(honest, folder), **each) for folder, each in zip(folders, settings, strict=True)]


def test_is_another_with_another_configuration(honest: Path) -> None:
    prints = [load_encoder(str(folder)).fingerprint for folder in (honest, *copies(honest, CHANGES))]
    assert len(set(prints)) == 1 + len(CHANGES)


def test_is_the_same_with_notes_that_change_no_vector(honest: Path) -> None:
    folders = [honest, *copies(honest, KEPT)]
    assert len({load_encoder(str(folder)).fingerprint for folder in folders}) == 1


@pytest.mark.parametrize("change", CHANGES[:6], ids=str)
def test_cannot_have_its_vectors_served_for_those_of_another(honest: Path, change: dict[str, Any]) -> None:
    [evil] = copies(honest, [change])
    texts, cache = ["red house", "green tree by the river"], Cache()
    for folder in (evil, honest):
        encode_cached(load_encoder(str(folder)), cache, texts, Role.QUERY, name=str)
    served = encode_cached(load_encoder(str(honest)), cache, texts, Role.QUERY, name=str)
    assert served.cached == len(texts)
    np.testing.assert_allclose(served.vectors, load_encoder(str(honest)).encode(texts, Role.QUERY), atol=1e-6)


@pytest.mark.parametrize("change", CHANGES[:6], ids=str)
def test_cannot_search_the_index_of_another(honest: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    Index.create(tmp_path / "index", model=str(honest)).add(["red house"])
    [evil] = copies(honest, [change])
    with pytest.raises(ModelMismatch, match="index again") as caught:
        Index.open(tmp_path / "index", model=str(evil))
    assert "\n" not in str(caught.value)


def test_is_known_by_its_old_name_where_it_is_the_usual_one(tmp_path: Path) -> None:
    """The fingerprints that indexes carry stay those of the models that they were made with."""
    carried = carried_model(DEFAULT_MODEL)
    if carried is None:
        pytest.skip("needs the package of the default model")
    assert load_encoder().fingerprint == DEFAULT_FINGERPRINT
    copy = shutil.copytree(carried.path, tmp_path / "copy")
    assert load_encoder(str(copy)).fingerprint == DEFAULT_FINGERPRINT
    for settings in CHANGES[1], CHANGES[3], CHANGES[6], {"num_hidden_layers": 4}:
        evil = load_encoder(str(changed(shutil.copytree(carried.path, tmp_path / str(settings)), **settings)))
        assert evil.fingerprint != DEFAULT_FINGERPRINT
        assert earlier_fingerprint(evil) == DEFAULT_FINGERPRINT


@needs_owners  # nor does Windows say when a file was last changed by whatever means
@pytest.mark.parametrize("replaced", ["written over", "renamed", "linked"])
def test_cannot_keep_its_identity_by_the_size_and_time_of_its_weights(honest: Path, replaced: str) -> None:
    """As when an archive is unpacked over a folder: it brings its files' times."""
    weights = honest / "model.safetensors"
    before, content, status = load_encoder(str(honest)).fingerprint, bytearray(weights.read_bytes()), weights.stat()
    content[-1] ^= 1
    other = weights.with_name("other")
    if replaced == "written over":
        weights.write_bytes(content)
    else:
        other.write_bytes(content)
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(other, weights) if replaced == "renamed" else (weights.unlink(), os.link(other, weights))
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (weights.stat().st_size, weights.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert load_encoder(str(honest)).fingerprint != before
