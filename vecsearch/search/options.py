"""Options of a search, as one checked value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vecsearch.checks import check_number, check_whole
from vecsearch.search.fusion import DEPTH
from vecsearch.types import Example, FloatArray, Metric, Mode, Where

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

RERANK_DEPTH = 50  # candidates; a cross-encoder reads some dozens a second
_FILTERED = 4  # factor by which more candidates are retrieved where some will be left out
_POOL = 100  # candidates, at least, of which a diverse choice is made


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How to search; `Index.search` documents each option. Raises InvalidOption for a value outside its range."""

    k: int = 10
    mode: Mode | str | None = None  # None: hybrid for a text, dense for a vector
    metric: Metric | str | None = None  # None: the index's own
    where: Where | None = None
    min_similarity: float | None = None
    per_document: int | None = None
    like: str | Example | Sequence[str | Example] | None = None
    plus: str | FloatArray | Example | Sequence[str | FloatArray | Example] | None = None
    minus: str | FloatArray | Example | Sequence[str | FloatArray | Example] | None = None
    rerank: str | Reranker | None = None
    rerank_depth: int = RERANK_DEPTH
    collapse: float | None = None
    diversity: float | None = None
    dense_weight: float | None = None
    exact: bool = False
    explain: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        if self.mode is not None:
            Mode.of(self.mode)
        if self.metric is not None:
            Metric.of(self.metric)
        for name in ("k", "rerank_depth"):
            check_whole(name, getattr(self, name), 1)
        if self.per_document is not None:
            check_whole("per_document", self.per_document, 1)
        if self.min_similarity is not None:
            check_number("min_similarity", self.min_similarity)
        if self.collapse is not None:
            check_number("collapse", self.collapse, -1.0, 1.0)
        for name in ("diversity", "dense_weight"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), 0.0, 1.0)

    def resolved(self, mode: Mode, metric: Metric) -> SearchOptions:
        """Return the same options with this mode, and with this metric unless one was chosen."""
        return replace(self, mode=mode, metric=metric if self.metric is None else Metric.of(self.metric))

    @property
    def vector_metric(self) -> Metric:
        """How vectors are compared."""
        return Metric.of(self.metric or Metric.COSINE)

    @property
    def depth(self) -> int:
        """How many candidates each retriever is asked for at first."""
        shown = self.k * (1 if self.per_document is None and self.collapse is None else _FILTERED)
        least = [
            DEPTH if self.mode is Mode.HYBRID else 1,
            1 if self.diversity is None else _POOL,
            1 if self.rerank is None else self.rerank_depth,
        ]
        return int(max(shown, *least))  # FAISS takes no integer of numpy
