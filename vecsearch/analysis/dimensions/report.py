"""What was measured of an index's vectors at several lengths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DimMeasure:
    """Vectors of `dim` numbers, made by `method`: full, truncated or pca.

    `overlap` is the share of the k nearest chunks by full vectors that these find, `ndcg` the mean of nDCG@k where
    there are judgements, both 0 to 1. `p50_ms` is what half of single searches by a vector stay within.
    """

    method: str
    dim: int
    overlap: float
    ndcg: float | None
    bytes_per_vector: int
    p50_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DimsReport:
    """The vectors of an index, `dim` numbers each, at several lengths: the full ones first, then by method and length.

    `queries` are those of the judgements where there are any (`judged`), else the index's own vectors with noise.
    """

    model: str
    chunks: int
    dim: int
    k: int
    queries: int
    judged: bool
    measures: tuple[DimMeasure, ...]
