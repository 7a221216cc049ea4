"""What shorter vectors would cost and save in an index: measure_dims().

    full vectors -> truncated, and reduced by PCA -> the same exact search -> overlap, nDCG, bytes, milliseconds

`reducing` shortens vectors, `measuring` measures what they find, `drawing` draws the curve. Nothing is written to the
index.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vecsearch.analysis.dimensions.drawing import check_picture, draw_dims
from vecsearch.analysis.dimensions.measuring import Comparison, DimMeasure, DimsReport, RowQrels, open_flat
from vecsearch.analysis.dimensions.reducing import principal_axes, projected, truncated
from vecsearch.analysis.evaluation import Qrels
from vecsearch.analysis.evaluation.scorable import held_documents, select
from vecsearch.checks import check_whole
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.session import Session
from vecsearch.types import FloatArray
from vecsearch.vectors import unit_rows

__all__ = ["DimMeasure", "DimsReport", "check_picture", "draw_dims", "measure_dims"]

_NOISE = 0.1  # its length beside a vector of length 1: a cosine of about 0.995
_FITTED = 50_000  # rows that the axes of PCA are computed from: a hundred or more for each dimension


def measure_dims(
    index: Index,
    dims: Sequence[int],
    *,
    qrels: Qrels | None = None,
    k: int = 10,
    n: int = 1000,
    seed: int = 0,
) -> DimsReport:
    """Measure searches for `k` hits by vectors of each of `dims` numbers, truncated and by PCA, against full vectors.

    The queries are those of `qrels`, and each measure then has its nDCG; without, they are `n` of the index's own
    vectors with a little noise, drawn by `seed`. Reads all vectors of the index into memory. Raises InvalidOption for
    an empty index and for a dimension that its vectors do not have; with `qrels` what evaluate() raises.
    """
    session = index.session()
    manifest = session.manifest
    _check(dims, manifest.model.dim, k=k, n=n)
    if qrels is not None:
        qrels.check()
    if not manifest.chunks:
        raise InvalidOption(f"{session.store.name} is empty: index something first")
    rows = np.concatenate([part.segment.flat.vectors[part.mask()] for part in session.parts])  # (n, dim)
    queries = _noisy(rows, n, seed) if qrels is None else _with_qrels(session, qrels)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows does not remove mapped files
        nearest = [result.rows for result in open_flat(Path(folder), rows).search(queries.vectors, k)]
        comparison = Comparison(Path(folder), k, queries.qrels, nearest)
        reductions = _reductions(rows, queries.vectors, sorted(set(dims)), seed)
        measures = [comparison.measure(*reduction) for reduction in reductions]
    return DimsReport(
        model=manifest.model.name,
        chunks=manifest.chunks,
        dim=manifest.model.dim,
        k=k,
        queries=len(queries.vectors),
        judged=qrels is not None,
        measures=tuple(measures),
    )


class _Queries(NamedTuple):
    """Unit vectors of queries, float32 (q, dim), and their qrels if there are any."""

    vectors: FloatArray
    qrels: RowQrels | None


def _check(dims: Sequence[int], dim: int, *, k: int, n: int) -> None:
    check_whole("k", k, least=1)
    check_whole("n", n, least=1)
    if not dims:
        raise InvalidOption(f"dims is empty: name dimensions from 1 to {dim}")
    for shorter in dims:
        if not 1 <= shorter <= dim:
            raise InvalidOption(f"dims has {shorter}, but the vectors of the index have {dim} numbers: name 1 to {dim}")


def _reductions(
    rows: FloatArray, queries: FloatArray, dims: Sequence[int], seed: int
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Yield the method, the rows and the queries: full, then shorter, one reduction in memory at a time."""
    yield "full", rows, queries
    for dim in dims:
        yield "truncated", truncated(rows, dim), truncated(queries, dim)
    fitted = rows if len(rows) <= _FITTED else rows[np.random.default_rng(seed).permutation(len(rows))[:_FITTED]]
    axes = principal_axes(fitted)
    for dim in dims:
        yield "pca", projected(rows, axes, dim), projected(queries, axes, dim)


def _noisy(rows: FloatArray, n: int, seed: int) -> _Queries:
    """Draw rows of the index and add noise."""
    rng = np.random.default_rng(seed)
    drawn = rows[rng.integers(0, len(rows), n)]
    noise = _NOISE / rows.shape[1] ** 0.5 * rng.standard_normal(drawn.shape, np.float32)
    return _Queries(unit_rows(drawn + noise)[0], None)


def _with_qrels(session: Session, qrels: Qrels) -> _Queries:
    """Encode the queries that can be scored, and look up the document of each row."""
    scorable = select(qrels.queries, qrels.relevance)
    held = held_documents(session, scorable.documents)
    raw = session.encode_queries(list(scorable.queries.values()))
    documents = [
        document
        for part in session.parts
        for document in part.segment.table.column("document_id").to_numpy()[part.mask()].tolist()
    ]
    return _Queries(unit_rows(raw)[0], RowQrels(scorable.by_id(held), documents))
