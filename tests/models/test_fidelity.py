"""What lets runtimes share a fingerprint: their vectors against those of sentence-transformers, on real passages."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from vecsearch import ExtraMissing, ModelNotFound, Role
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.model_folder import find_model

pytestmark = [pytest.mark.slow, pytest.mark.peer]


@pytest.fixture(scope="module")
def passages(data: Path) -> list[str]:
    with (data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in islice(lines, 1000)]
    return [f"{record['title']} {record['text']}" for record in records]


@pytest.fixture(scope="module")
def expected(passages: list[str]) -> np.ndarray:
    """The passages' vectors by sentence-transformers in float32."""
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    try:
        folder = find_model("all-MiniLM-L6-v2").path
    except ModelNotFound as error:
        pytest.skip(str(error))
    return np.asarray(peer.SentenceTransformer(str(folder), device="cpu").encode(passages))


@pytest.mark.parametrize(
    ("runtime", "cosine", "overlap"),
    [("onnxruntime", 0.99999, 0.9995), ("openvino", 0.9999, 0.99), ("sentence-transformers", 0.99999, 0.9995)],
)
def test_a_thousand_real_passages_have_the_vectors_that_sentence_transformers_gives_them(
    passages: list[str], expected: np.ndarray, runtime: str, cosine: float, overlap: float
) -> None:
    encoder = load_encoder(runtime=runtime)
    try:
        found = encoder.encode(passages, Role.DOCUMENT)
    except ExtraMissing as error:
        pytest.skip(str(error))
    assert np.sum(found * expected, axis=1).min() >= cosine
    shared = [len(ours & theirs) / 10 for ours, theirs in zip(_nearest(found), _nearest(expected), strict=True)]
    assert np.mean(shared) >= overlap
    assert encoder.fingerprint == load_encoder(runtime="onnxruntime").fingerprint


def _nearest(vectors: np.ndarray) -> list[set[int]]:
    """Of every passage the ten others that are nearest."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return [set(row.tolist()) for row in np.argsort(-scores, axis=1)[:, :10]]
