"""Vectors of some length -> what is found by them: the measures of one point of the curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vecsearch.analysis.dimensions.report import DimMeasure
from vecsearch.analysis.evaluation.latency import latency_of
from vecsearch.analysis.evaluation.measures import scores_of
from vecsearch.storage.ann.flat import Flat, write_flat
from vecsearch.types import FloatArray, IntArray

_TIMED = 200  # queries that are asked one by one, for the latency


@dataclass(frozen=True, slots=True)
class Judged:
    """What answers the queries: for each query's id the relevance of documents, and the document of each row."""

    relevant: Mapping[str, Mapping[str, int]]
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Searches for `k` hits in files that are made in `folder`, held to the rows that are `nearest` by full vectors."""

    folder: Path
    k: int
    judged: Judged | None
    nearest: Sequence[IntArray]

    def measure(self, method: str, rows: FloatArray, queries: FloatArray) -> DimMeasure:
        """What unit rows (n, dim) and queries (q, dim), reduced by `method`, find and cost."""
        flat = opened(self.folder, rows)
        found = [each.rows for each in flat.search(queries, self.k)]
        overlap = np.mean([len(np.intersect1d(*pair)) / len(pair[1]) for pair in zip(found, self.nearest, strict=True)])
        return DimMeasure(
            method=method,
            dim=rows.shape[1],
            overlap=float(overlap),
            ndcg=None if self.judged is None else self._ndcg(self.judged, flat, queries),
            bytes_per_vector=rows.itemsize * rows.shape[1],
            p50_ms=latency_of(lambda query: flat.search(query[None], self.k), list(queries[:_TIMED])).p50_ms,
        )

    def _ndcg(self, judged: Judged, flat: Flat, queries: FloatArray) -> float:
        rankings = dict(zip(judged.relevant, self._rankings(judged, flat, queries), strict=True))
        scores = scores_of(judged.relevant, rankings, self.k, self.k)
        return float(np.mean([scored[f"nDCG@{self.k}"] for scored in scores.values()]))

    def _rankings(self, judged: Judged, flat: Flat, queries: FloatArray) -> Iterator[list[str]]:
        """For each query the k documents whose best chunks are nearest; more chunks are looked at until there are k."""
        for query in queries:
            depth, documents = 4 * self.k, list[str]()
            while not documents or (len(documents) < self.k and depth < 4 * len(flat.vectors)):
                rows = flat.search(query[None], depth)[0].rows
                documents = list(dict.fromkeys(judged.documents[row] for row in rows.tolist()))
                depth *= 4
            yield documents[: self.k]


def opened(folder: Path, rows: FloatArray) -> Flat:
    """The rows in a file, as a segment has them, open."""
    path = folder / f"{len(list(folder.iterdir()))}.faiss"
    write_flat(path, rows)
    return Flat(path)
