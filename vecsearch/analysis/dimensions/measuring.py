"""Vectors of some length -> one point of the curve: what they find, what they take, how long a search is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vecsearch.analysis.evaluation.latency import latency_of
from vecsearch.analysis.evaluation.measures import scores_of
from vecsearch.storage.ann.flat import Flat, write_flat
from vecsearch.types import FloatArray, IntArray

_TIMED = 200  # queries searched one by one, for the latency


@dataclass(frozen=True, slots=True, kw_only=True)
class DimMeasure:
    """Vectors of `dim` numbers, made by `method`: full, truncated or pca.

    `overlap` is the share of the k nearest chunks by full vectors that these find too, `ndcg` the mean nDCG@k where
    there are qrels; both are from 0 to 1. `p50_ms` is the median time of a single search by vector.
    """

    method: str
    dim: int
    overlap: float
    ndcg: float | None
    bytes_per_vector: int
    p50_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DimsReport:
    """The vectors of an index, `dim` numbers each, measured at several lengths: full ones, then by method and length.

    `queries` counts those of the qrels where they are given (`judged`), else the index's own vectors with noise.
    """

    model: str
    chunks: int
    dim: int
    k: int
    queries: int
    judged: bool
    measures: tuple[DimMeasure, ...]


@dataclass(frozen=True, slots=True)
class RowQrels:
    """The relevance of documents by query id, one query per row of the query vectors, and the document of each row."""

    relevance: Mapping[str, Mapping[str, int]]
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Searches for `k` hits in temporary files in `folder`, compared with the rows `nearest` by full vectors."""

    folder: Path
    k: int
    qrels: RowQrels | None
    nearest: Sequence[IntArray]

    def measure(self, method: str, rows: FloatArray, queries: FloatArray) -> DimMeasure:
        """Measure unit rows (n, dim) and queries (q, dim) that `method` made."""
        flat = open_flat(self.folder, rows)
        results = [result.rows for result in flat.search(queries, self.k)]
        shares = [
            len(np.intersect1d(rows, nearest)) / len(nearest)
            for rows, nearest in zip(results, self.nearest, strict=True)
        ]
        return DimMeasure(
            method=method,
            dim=rows.shape[1],
            overlap=float(np.mean(shares)),
            ndcg=None if self.qrels is None else self._ndcg(self.qrels, flat, queries),
            bytes_per_vector=rows.itemsize * rows.shape[1],
            p50_ms=latency_of(lambda query: flat.search(query[None], self.k), list(queries[:_TIMED])).p50_ms,
        )

    def _ndcg(self, qrels: RowQrels, flat: Flat, queries: FloatArray) -> float:
        rankings = dict(zip(qrels.relevance, self._rankings(qrels, flat, queries), strict=True))
        scores = scores_of(qrels.relevance, rankings, self.k, self.k)
        return float(np.mean([by_measure[f"nDCG@{self.k}"] for by_measure in scores.values()]))

    def _rankings(self, qrels: RowQrels, flat: Flat, queries: FloatArray) -> Iterator[list[str]]:
        """Yield for each query the k documents with the nearest chunks, searching deeper until there are k."""
        for query in queries:
            depth, documents = 4 * self.k, list[str]()
            while not documents or (len(documents) < self.k and depth < 4 * len(flat.vectors)):
                rows = flat.search(query[None], depth)[0].rows
                documents = list(dict.fromkeys(qrels.documents[row] for row in rows.tolist()))
                depth *= 4
            yield documents[: self.k]


def open_flat(folder: Path, rows: FloatArray) -> Flat:
    """Write the rows to a file as in a segment, and open it."""
    path = folder / f"{len(list(folder.iterdir()))}.faiss"
    write_flat(path, rows)
    return Flat(path)
