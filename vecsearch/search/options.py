"""How to search: what may be given by name, and all of it as one checked value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypedDict

from vecsearch.errors import InvalidOption
from vecsearch.search.fusion import DEPTH
from vecsearch.search.retrievers.dense import Nearness
from vecsearch.types import Example, FloatArray, Metric, Mode

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

_OF_ONE_DOCUMENT = 4  # so many times as many candidates where not all of them will be shown
RERANKED = 50  # candidates; a cross-encoder reads some tens a second
_ANY = Nearness()
_POOL = 100  # candidates among which a diverse choice is made


class SearchKeywords(TypedDict, total=False):
    """How `Index.search` and `Index.rank` may be told to search."""

    mode: Mode | str | None
    metric: Metric | str | None
    where: str | None
    min_similarity: float | None
    per_document: int | None
    like: str | Example | Sequence[str | Example] | None
    plus: str | FloatArray | Example | Sequence[str | FloatArray | Example] | None
    minus: str | FloatArray | Example | Sequence[str | FloatArray | Example] | None
    rerank: str | Reranker | None
    rerank_depth: int
    collapse: float | None
    diversity: float | None
    dense_weight: float | None
    exact: bool
    explain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How to search; what each means is said by `Index.search`."""

    k: int = 10
    mode: Mode = Mode.HYBRID
    nearness: Nearness = _ANY
    min_similarity: float | None = None
    per_document: int | None = None
    rerank_depth: int | None = None
    collapse: float | None = None
    diversity: float | None = None
    dense_weight: float | None = None

    def __post_init__(self) -> None:
        """Raises InvalidOption for values that cannot be."""
        for name in ("k", "per_document", "rerank_depth"):
            count = getattr(self, name)
            if name == "k" or count is not None:
                _check_count(name, count)
        _check_real("min_similarity", self.min_similarity, -inf, inf)
        _check_real("collapse", self.collapse, -1.0, 1.0)
        for name in ("diversity", "dense_weight"):
            _check_real(name, getattr(self, name), 0.0, 1.0)

    @classmethod
    def of(cls, k: int, mode: Mode, metric: Metric, how: SearchKeywords) -> SearchOptions:
        """The options that `how` names, in this mode and metric."""
        return cls(
            k=k,
            mode=mode,
            nearness=Nearness(metric=metric, exact=how.get("exact", False)),
            min_similarity=how.get("min_similarity"),
            per_document=how.get("per_document"),
            rerank_depth=None if how.get("rerank") is None else how.get("rerank_depth", RERANKED),
            collapse=how.get("collapse"),
            diversity=how.get("diversity"),
            dense_weight=how.get("dense_weight"),
        )

    @property
    def depth(self) -> int:
        """How many candidates each leg is asked for at first."""
        shown = self.k * (1 if self.per_document is None and self.collapse is None else _OF_ONE_DOCUMENT)
        least = [DEPTH if self.mode is Mode.HYBRID else 1, 1 if self.diversity is None else _POOL]
        return int(max(shown, self.rerank_depth or 1, *least))  # FAISS takes no number of numpy


def check_names(how: Iterable[str], method: str) -> None:
    """Raises TypeError for an option that `method`, which takes SearchKeywords, does not have."""
    known = ("query", "k", *SearchKeywords.__annotations__)
    for name in how:
        if name not in known:
            raise TypeError(f"{method}() has no option {name!r}; it has {', '.join(known)}")


def _check_count(name: str, count: int) -> None:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise InvalidOption(f"{name} is {count!r}; a whole number, at least 1")


def _check_real(name: str, value: float | None, lowest: float, highest: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value) or not lowest <= value <= highest:
        between = f" from {lowest:g} to {highest:g}" if isfinite(lowest) else ""
        raise InvalidOption(f"{name} is {value!r}; a finite number{between}, or None")
