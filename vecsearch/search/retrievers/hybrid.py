"""The hybrid retriever: the best rows of the dense and of the lexical retriever, ranked by fused scores.

Every candidate gets exact scores of both, whichever found it. So the result depends only on the set of live rows, not
on the segments they are in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vecsearch.models.encoder import Fertility
from vecsearch.search.fusion import DEPTH, QueryFacts, dense_weight, fuse
from vecsearch.search.retrievers.candidates import Candidates, best_first
from vecsearch.search.retrievers.dense import QueryVector, similarities
from vecsearch.search.retrievers.lexical import rows_with_words, scores_and_lengths
from vecsearch.storage.lexical import RowScores
from vecsearch.storage.store import Part

_ROWS = 2**32  # more than a segment has


def hybrid_candidates(
    parts: Sequence[Part],
    dense: Candidates,
    bm25: RowScores,
    query: QueryVector,
    fertility: Callable[[], Fertility],
    weight: float | None,
) -> Candidates:
    """Return the dense candidates and as many rows with words of the query, ranked by fused scores.

    `weight` is the weight of the dense scores; with None it follows from the query and its candidates, and from
    `fertility`, called only then. Where no candidate has a word of the query, the dense scores decide alone. Weight and
    scale come from the `DEPTH` first rows of each retriever, however many are wanted.
    """
    numbers, rows, _ = rows_with_words(parts, bm25, dense.depth)
    in_dense, in_lexical = dense.parts * _ROWS + dense.rows, numbers * _ROWS + rows
    keys = np.union1d(in_dense, in_lexical)
    first = np.isin(keys, np.concatenate([in_dense[:DEPTH], in_lexical[:DEPTH]]))
    numbers, rows = np.divmod(keys, _ROWS)
    dense_scores = similarities(parts, numbers, rows, query)
    word_scores, lengths = scores_and_lengths(bm25, numbers, rows)
    if not word_scores.any():
        weight = 1.0
    elif weight is None:
        facts = QueryFacts(fertility(), bm25.words, bm25.limit, float(np.median(lengths[first])))
        weight = dense_weight(dense_scores[first], word_scores[first], facts)
    scores = fuse(dense_scores, word_scores, weight, float(dense_scores[first].min()) if len(dense_scores) else None)
    order = best_first(parts, numbers, rows, scores)
    return Candidates(
        numbers[order],
        rows[order],
        scores[order],
        dense_scores[order],
        word_scores[order],
        depth=dense.depth,
        unseen=dense.unseen,
        dense_weight=weight,
    )
