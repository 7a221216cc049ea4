"""How well do clusters match what people sorted? banking77's 77 intents, beside scikit-learn's k-means.

    python benchmarks/cluster.py DATA [--split test|train]

DATA is the folder with `banking77/`. Judged by the adjusted Rand index (Hubert and Arabie 1985) and normalised mutual
information, both 1 for the same clusters; of HDBSCAN also without what it puts into none. Needs pip install
'vecsearch[viz]'. Every figure is the mean over three seeds, of what has one.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from machine import report
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from vecsearch import Document, Index
from vecsearch.analysis import find_clusters
from vecsearch.analysis.sampling import sample

_SEEDS = (0, 1, 2)
_INTENTS = 77


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", choices=["test", "train"], default="test")
    arguments = parser.parse_args()
    with open(arguments.data / "banking77" / f"{arguments.split}.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with tempfile.TemporaryDirectory() as folder:
        index = Index.create(Path(folder) / "index")
        index.add(Document(str(i), row["text"], {"intent": row["category"]}) for i, row in enumerate(rows))
        chunks = sample(index.session())
        intents = np.array([row.metadata["intent"] for row in chunks.stored_rows()])
        vectors = chunks.vectors
        ways: dict[str, Callable[[int], np.ndarray]] = {
            "k-means, n 77": lambda seed: _ours(index, seed, n=_INTENTS),
            "k-means, auto": lambda seed: _ours(index, seed),
            "scikit-learn, n 77": lambda seed: KMeans(_INTENTS, n_init=3, random_state=seed).fit_predict(vectors) + 1,
            "hdbscan": lambda seed: _ours(index, seed, method="hdbscan"),
        }
        lines = [[name, *_judged(way, intents)] for name, way in ways.items()]
    columns = ["method", "clusters", "clustered", "ARI", "NMI", "ARI, clustered", "NMI, clustered", "seconds"]
    report(f"Clusters of banking77 {arguments.split}, {len(rows):,} questions", columns, lines)


def _ours(index: Index, seed: int, n: int | str = "auto", method: str = "kmeans") -> np.ndarray:
    """The cluster of each chunk, 0 for none, as the index has it afterwards."""
    find_clusters(index, n, method=method, seed=seed, write_to="found", overwrite=True)
    return np.array([row.metadata.get("found", 0) for row in sample(index.session()).stored_rows()])


def _judged(way: Callable[[int], np.ndarray], intents: np.ndarray) -> list[float]:
    """The means over the seeds; 0 is the label of what is in no cluster."""
    figures = []
    for seed in _SEEDS:
        started = perf_counter()
        labels = way(seed)
        seconds = perf_counter() - started
        inside = labels > 0
        figures.append(
            [
                float(len(set(labels[inside].tolist()))),
                float(inside.mean()),
                float(adjusted_rand_score(intents, labels)),
                float(normalized_mutual_info_score(intents, labels)),
                float(adjusted_rand_score(intents[inside], labels[inside])),
                float(normalized_mutual_info_score(intents[inside], labels[inside])),
                seconds,
            ]
        )
    return np.mean(figures, axis=0).tolist()


if __name__ == "__main__":
    main()
