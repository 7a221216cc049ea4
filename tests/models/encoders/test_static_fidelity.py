"""Our vectors of static models against those of the libraries that made them, on real passages."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.static_models import random_matrix, write_modules
from tests.helpers.tiny_bert import write_json, write_safetensors
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders.model_folder import ModelFolder, find_model
from vecsearch.models.encoders.static.encoder import StaticEncoder
from vecsearch.types import Role

VOCABULARY = 30_522  # of all-MiniLM-L6-v2

pytestmark = pytest.mark.slow  # other libraries load for seconds


@pytest.fixture(scope="session")
def passages(data: Path) -> list[str]:
    with (data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in islice(lines, 500)]
    return [f"{record['title']} {record['text']}" for record in records]


def cosines(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    wide, other = found.astype(np.float64), expected.astype(np.float64)
    return np.sum(wide * other, axis=1) / np.linalg.norm(wide, axis=1) / np.linalg.norm(other, axis=1)


def encoded(folder: Path, texts: list[str], role: Role = Role.DOCUMENT) -> np.ndarray:
    return StaticEncoder(ModelFolder(name="m", path=folder)).encode(texts, role)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalize": True},
        {"max_length": None, "normalize": True},
        {"dtype": "float16"},
        {"dtype": "int8"},
        {"quantised": True},
    ],
    ids=str,
)
def test_the_vectors_of_model2vec(options: dict[str, Any], carried, passages, tmp_path):
    model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
    from tokenizers import Tokenizer

    made: dict[str, Any] = {"vectors": random_matrix(rows=VOCABULARY, dim=64), **options}
    if kind := made.pop("dtype", None):
        made["vectors"] = (made["vectors"] * 20).astype(kind)
    if made.pop("quantised", False):
        rng = np.random.default_rng(2)
        made["vectors"] = made["vectors"][:900]
        made |= {"token_mapping": rng.integers(0, 900, VOCABULARY), "weights": rng.uniform(0.1, 1, VOCABULARY)}
    tokenizer = Tokenizer.from_file(str(carried / "tokenizer.json"))
    model2vec.StaticModel(tokenizer=tokenizer, **made).save_pretrained(tmp_path / "m")
    expected = model2vec.StaticModel.from_pretrained(tmp_path / "m").encode(passages)
    found = encoded(tmp_path / "m", passages)
    assert cosines(found, expected).min() >= 0.99999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(expected, axis=1), rtol=2e-3)


def test_a_long_text_has_the_vector_that_model2vec_gives_its_first_tokens(carried, passages, tmp_path):
    """Held to texts cut by hand: model2vec itself cuts by characters first, and so reads fewer tokens of some."""
    model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(carried / "tokenizer.json"))
    peer = model2vec.StaticModel(random_matrix(rows=VOCABULARY, dim=64), tokenizer, max_length=50)
    peer.save_pretrained(tmp_path / "m")
    encoder = StaticEncoder(ModelFolder(name="m", path=tmp_path / "m"))
    spans = encoder.token_spans(passages)
    cut = [text[: place[: encoder.max_tokens].max()] for text, place in zip(passages, spans, strict=True)]
    expected = peer.encode(cut, max_length=None)
    np.testing.assert_allclose(encoder.encode(passages, Role.DOCUMENT), expected, atol=1e-5)


def test_the_vectors_of_wordllama(passages):
    inference = pytest.importorskip("wordllama.inference", reason="wordllama is not installed")
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        model = find_model("wordllama")
    except ModelNotFound as error:
        pytest.skip(str(error))
    weights, tokenizer = (str(model.path / name) for name in model.known_hashes)
    peer = inference.WordLlamaInference(load_file(weights)["embedding.weight"], Tokenizer.from_file(tokenizer))
    expected, found = peer.embed(passages), StaticEncoder(model).encode(passages, Role.DOCUMENT)
    assert cosines(found, expected).min() >= 0.99999
    np.testing.assert_allclose(found, expected, atol=1e-4)


def write_carried_module(folder: Path, carried: Path, *kinds: str) -> Path:
    """A StaticEmbedding over the vocabulary of all-MiniLM-L6-v2, whose tokenizer.json cuts texts at 128 tokens."""
    (folder / "0_StaticEmbedding").mkdir(parents=True)
    shutil.copy(carried / "tokenizer.json", folder / "0_StaticEmbedding" / "tokenizer.json")
    tensors = {"embedding.weight": random_matrix(rows=VOCABULARY, dim=64)}
    write_safetensors(folder / "0_StaticEmbedding" / "model.safetensors", tensors)
    places = [(kind, f"{place}_{kind}") for place, kind in enumerate(("StaticEmbedding", *kinds))]
    for _, place in places:
        (folder / place).mkdir(exist_ok=True)
    write_modules(folder, *places)
    return folder


@pytest.mark.peer
@pytest.mark.parametrize("kinds", [(), ("Normalize",)], ids=str)
def test_the_vectors_of_sentence_transformers(carried, passages, tmp_path, kinds):
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    folder = write_carried_module(tmp_path / "m", carried, *kinds)
    prompts = {"query": "find a paper: ", "document": "paper: "}
    write_json(folder / "config_sentence_transformers.json", {"prompts": prompts})
    model = peer.SentenceTransformer(str(folder), device="cpu")
    for role in (Role.QUERY, Role.DOCUMENT):
        expected = model.encode(passages, prompt=prompts[role.value])
        found = encoded(folder, passages, role)
        assert cosines(found, expected).min() >= 0.99999
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.peer
def test_the_vectors_of_a_model_that_sentence_transformers_saved(carried, passages, tmp_path):
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    first = write_carried_module(tmp_path / "first", carried, "Normalize")
    model = peer.SentenceTransformer(str(first), device="cpu")
    model.save_pretrained(str(tmp_path / "saved"))
    np.testing.assert_allclose(encoded(tmp_path / "saved", passages), model.encode(passages), atol=1e-5)


@pytest.mark.peer
def test_the_vectors_of_a_model2vec_model_that_sentence_transformers_saved(carried, passages, tmp_path):
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
    from tokenizers import Tokenizer

    vectors = random_matrix(rows=VOCABULARY, dim=64)
    tokenizer = Tokenizer.from_file(str(carried / "tokenizer.json"))
    model2vec.StaticModel(vectors, tokenizer, normalize=True).save_pretrained(tmp_path / "m")
    model = peer.SentenceTransformer(str(tmp_path / "m"), device="cpu")
    model.save_pretrained(str(tmp_path / "saved"))
    np.testing.assert_allclose(encoded(tmp_path / "saved", passages), model.encode(passages), atol=1e-5)
