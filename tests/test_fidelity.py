"""Our vectors against those of sentence-transformers, on a thousand real passages."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from vecsearch import ModelNotFound, Role
from vecsearch.encoders import load_encoder
from vecsearch.encoders.folder import find_model


@pytest.mark.slow
@pytest.mark.peer
def test_a_thousand_real_passages_have_the_vectors_that_sentence_transformers_gives_them(data: Path) -> None:
    peer = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    try:
        folder = find_model("all-MiniLM-L6-v2").path
    except ModelNotFound as error:
        pytest.skip(str(error))
    with (data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in islice(lines, 1000)]
    texts = [f"{record['title']} {record['text']}" for record in records]
    expected = peer.SentenceTransformer(str(folder), device="cpu").encode(texts)
    found = load_encoder().encode(texts, Role.DOCUMENT)
    assert np.sum(found * expected, axis=1).min() >= 0.99999
    assert np.array_equal(_nearest(found), _nearest(expected))


def _nearest(vectors: np.ndarray) -> np.ndarray:
    """Of every tenth passage the ten that are nearest, as sets: sorted numbers, (100, 10)."""
    scores = vectors[::10] @ vectors.T
    return np.sort(np.argsort(-scores, axis=1)[:, :10], axis=1)
