"""Tiny static models, written file by file: a random matrix over the tokens of the tiny BERT's tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.tiny_bert import WORDS, write_json, write_safetensors, write_tokenizer
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders.model_folder import ModelFolder, find_model
from vecsearch.models.encoders.static.encoder import StaticEncoder, is_static

DIM = 16
KINDS = {"float64": "F64", "int8": "I8", "int32": "I32"}  # more than the tensors of a transformer


def random_matrix(rows: int = len(WORDS), dim: int = DIM, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, dim)).astype(np.float32)


def write_static_tokenizer(path: Path, **changes: Any) -> None:
    """Without truncation, unless `changes` of tokenizer.json say otherwise; its padding must not count."""
    write_tokenizer(path)
    write_json(path, {**json.loads(path.read_text()), "truncation": None, **changes})


def write_modules(folder: Path, *modules: tuple[str, str]) -> None:
    """modules.json with the kind and the folder of each."""
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(modules)
    ]
    write_json(folder / "modules.json", listed)


def write_model2vec(folder: Path, tensors: dict[str, np.ndarray] | None = None, **config: Any) -> Path:
    """A folder as model2vec 0.10 writes it."""
    folder.mkdir()
    tensors = tensors or {"embeddings": random_matrix()}
    kinds = {name: KINDS.get(tensor.dtype.name, "") for name, tensor in tensors.items()}
    write_safetensors(folder / "model.safetensors", tensors, kinds)
    write_static_tokenizer(folder / "tokenizer.json")
    write_json(folder / "config.json", {"model_type": "model2vec", **config})
    normalize = [("Normalize", "1_Normalize")] if config.get("normalize") else []
    write_modules(folder, ("StaticEmbedding", "."), *normalize)
    return folder


def write_module(folder: Path, place: str = "0_StaticEmbedding", *, normalize: bool = False) -> Path:
    """A folder as sentence-transformers writes a StaticEmbedding: older releases in a folder of its own."""
    (folder / place).mkdir(parents=True)
    write_safetensors(folder / place / "model.safetensors", {"embedding.weight": random_matrix()})
    write_static_tokenizer(folder / place / "tokenizer.json")
    write_modules(folder, ("StaticEmbedding", place), *([("Normalize", "1_Normalize")] if normalize else []))
    return folder


def write_wordllama(folder: Path) -> Path:
    """A folder as the package wordllama has it, with half the precision."""
    for name in ("weights", "tokenizers"):
        (folder / name).mkdir(parents=True)
    tensors = {"embedding.weight": random_matrix().astype(np.float16)}
    write_safetensors(folder / "weights" / "l2_supercat_256.safetensors", tensors)
    write_static_tokenizer(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
    return folder


def opened(folder: Path) -> StaticEncoder:
    model = ModelFolder(name=folder.name, path=folder)
    assert is_static(model)
    return StaticEncoder(model)


def carried_wordllama() -> StaticEncoder:
    try:
        model = find_model("wordllama")
    except ModelNotFound as error:
        pytest.skip(str(error))
    if not model.known_hashes:
        pytest.skip("no installed package carries wordllama")
    return StaticEncoder(model)
