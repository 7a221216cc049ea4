"""One search over several indexes of one model, exact: as if one index held the chunks of all of them.

Similarities are the same whatever index a chunk is in. Words are counted over all of the indexes, so that BM25 scores
can be compared, too; a merge of rankings could not promise that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from vecsearch.choices import Metric, MetricName, Mode, ModeName
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.search.hits import Hits
from vecsearch.search.options import SearchOptions
from vecsearch.session import Query
from vecsearch.types import FloatArray, Where

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker


@overload
def search_many(
    indexes: Sequence[Index],
    query: str,
    k: int = ...,
    *,
    mode: Mode | ModeName | None = ...,
    metric: Metric | MetricName | None = ...,
    where: Where | None = ...,
    min_similarity: float | None = ...,
    per_document: int | None = ...,
    rerank: str | Reranker | None = ...,
    rerank_depth: int = ...,
    collapse: float | None = ...,
    diversity: float | None = ...,
    dense_weight: float | None = ...,
    exact: bool = ...,
) -> Hits: ...
@overload
def search_many(
    indexes: Sequence[Index],
    query: list[str] | tuple[str, ...],
    k: int = ...,
    *,
    mode: Mode | ModeName | None = ...,
    metric: Metric | MetricName | None = ...,
    where: Where | None = ...,
    min_similarity: float | None = ...,
    per_document: int | None = ...,
    rerank: str | Reranker | None = ...,
    rerank_depth: int = ...,
    collapse: float | None = ...,
    diversity: float | None = ...,
    dense_weight: float | None = ...,
    exact: bool = ...,
) -> list[Hits]: ...
@overload
def search_many(
    indexes: Sequence[Index],
    query: FloatArray,
    k: int = ...,
    *,
    mode: Mode | ModeName | None = ...,
    metric: Metric | MetricName | None = ...,
    where: Where | None = ...,
    min_similarity: float | None = ...,
    per_document: int | None = ...,
    rerank: str | Reranker | None = ...,
    rerank_depth: int = ...,
    collapse: float | None = ...,
    diversity: float | None = ...,
    dense_weight: float | None = ...,
    exact: bool = ...,
) -> Any: ...
def search_many(
    indexes: Sequence[Index],
    query: Query,
    k: int = 10,
    *,
    mode: Mode | ModeName | None = None,
    metric: Metric | MetricName | None = None,
    where: Where | None = None,
    min_similarity: float | None = None,
    per_document: int | None = None,
    rerank: str | Reranker | None = None,
    rerank_depth: int = 50,
    collapse: float | None = None,
    diversity: float | None = None,
    dense_weight: float | None = None,
    exact: bool = False,
) -> Hits | list[Hits]:
    """Return the `k` chunks of several indexes of one model that answer the query best, best first.

    The options are those of `Index.search`. The hits are those of one index with all the chunks, and `hit.index` is the
    path of the index that each is from. Raises what `Index.search` raises; ModelMismatch when the indexes are of
    different models, InvalidOption when there are none, one is given twice, or their metrics differ.
    """
    if isinstance(indexes, Index) or not indexes or not all(isinstance(index, Index) for index in indexes):
        raise InvalidOption("search_many takes a list of at least one Index")
    paths = [index.path.resolve() for index in indexes]
    if twice := [path for path in paths if paths.count(path) > 1]:
        raise InvalidOption(f"{twice[0]} is given twice: name each index once")
    options = SearchOptions(
        k=k,
        mode=mode,
        metric=metric,
        where=where,
        min_similarity=min_similarity,
        per_document=per_document,
        rerank=rerank,
        rerank_depth=rerank_depth,
        collapse=collapse,
        diversity=diversity,
        dense_weight=dense_weight,
        exact=exact,
    )
    first, *others = [index.session() for index in indexes]
    return first.joined(others).search(query, options)
