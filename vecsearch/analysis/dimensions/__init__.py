"""What shorter vectors cost and what they save, measured on an index: measure_dims().

    full vectors -> truncated, and reduced by PCA -> the same exact search -> overlap, nDCG, bytes, milliseconds

How vectors are reduced is in `reducing`, what is found by them in `finding`, the picture in `drawing`. Nothing is
written to the index.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vecsearch.analysis.dimensions.drawing import check_picture, draw_dims
from vecsearch.analysis.dimensions.finding import Finding, Judged, opened
from vecsearch.analysis.dimensions.reducing import principal_axes, projected, truncated
from vecsearch.analysis.dimensions.report import DimMeasure, DimsReport
from vecsearch.analysis.evaluation import Qrels
from vecsearch.analysis.evaluation.held import held_documents
from vecsearch.analysis.evaluation.selected import select
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.search.questions import encode_queries
from vecsearch.storage.store import Part, Store
from vecsearch.types import FloatArray
from vecsearch.vectors import unit_rows

__all__ = ["DimMeasure", "DimsReport", "check_picture", "draw_dims", "measure_dims"]

_NOISE = 0.1  # its length, that of the vector being 1: a cosine of about 0.995
_FITTED = 50_000  # rows that the axes of PCA are found by: some hundred for each dimension


def measure_dims(
    index: Index,
    dims: Sequence[int],
    *,
    judged: Qrels | None = None,
    k: int = 10,
    n: int = 1000,
    seed: int = 0,
) -> DimsReport:
    """What searches for `k` hits find by vectors of each of `dims` numbers, truncated and by PCA, beside full ones.

    Queries are the `judged` ones, and each measure then has its nDCG; or else `n` of the index's own vectors with a
    little noise, drawn by `seed`. All of an index's vectors are in memory meanwhile. Raises InvalidOption for an empty
    index and for a dimension that its vectors do not have; with `judged` what evaluate() raises.
    """
    info = index.info()
    _check(dims, info.dim, k=k, n=n)
    if judged is not None:
        judged.check()
    if not info.chunks:
        raise InvalidOption(f"{index.path} is empty: there is nothing to measure before something is indexed")
    parts = Store(index.path).snapshot(info.version).parts
    rows = np.concatenate([part.segment.flat.vectors[part.mask()] for part in parts])  # (n, dim)
    asked = _noisy(rows, n, seed) if judged is None else _judged_queries(index, judged, parts)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows removes no file that is mapped
        nearest = [found.rows for found in opened(Path(folder), rows).search(asked.vectors, k)]
        finding = Finding(Path(folder), k, asked.judged, nearest)
        measures = [finding.measure(*reduced) for reduced in _reduced(rows, asked.vectors, sorted(set(dims)), seed)]
    return DimsReport(
        model=info.model,
        chunks=info.chunks,
        dim=info.dim,
        k=k,
        queries=len(asked.vectors),
        judged=judged is not None,
        measures=tuple(measures),
    )


class _Asked(NamedTuple):
    """Unit vectors of queries, float32 (q, dim), and what answers them where that is known."""

    vectors: FloatArray
    judged: Judged | None


def _check(dims: Sequence[int], dim: int, *, k: int, n: int) -> None:
    for name, value in (("k", k), ("n", n)):
        if value < 1:
            raise InvalidOption(f"{name} is {value}; a whole number, at least 1")
    if not dims:
        raise InvalidOption(f"dims is empty: name dimensions from 1 to {dim}")
    for wanted in dims:
        if not 1 <= wanted <= dim:
            raise InvalidOption(f"dims has {wanted}; the vectors of this index have 1 to {dim} numbers")


def _reduced(
    rows: FloatArray, queries: FloatArray, dims: Sequence[int], seed: int
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """The method, the rows and the queries: full, then shorter; one at a time is in memory."""
    yield "full", rows, queries
    for dim in dims:
        yield "truncated", truncated(rows, dim), truncated(queries, dim)
    fitted = rows if len(rows) <= _FITTED else rows[np.random.default_rng(seed).permutation(len(rows))[:_FITTED]]
    axes = principal_axes(fitted)
    for dim in dims:
        yield "pca", projected(rows, axes, dim), projected(queries, axes, dim)


def _noisy(rows: FloatArray, n: int, seed: int) -> _Asked:
    """Rows of the index with noise."""
    rng = np.random.default_rng(seed)
    drawn = rows[rng.integers(0, len(rows), n)]
    noise = _NOISE / rows.shape[1] ** 0.5 * rng.standard_normal(drawn.shape, np.float32)
    return _Asked(unit_rows(drawn + noise)[0], None)


def _judged_queries(index: Index, judged: Qrels, parts: Sequence[Part]) -> _Asked:
    """The queries that can be scored, and the document of each row."""
    selected = select(judged.queries, judged.judgements)
    held = held_documents(index.path, index.info().version, selected.documents)
    relevant = {
        query: {held.get(name, name): value for name, value in values.items()}
        for query, values in selected.judgements.items()
    }
    raw = encode_queries(list(selected.queries.values()), index.session().encoder, index.session().cache)
    documents = [
        document
        for part in parts
        for document in part.segment.table.column("document_id").to_numpy()[part.mask()].tolist()
    ]
    return _Asked(unit_rows(raw)[0], Judged(relevant, documents))
