"""Rankings and qrels -> the scores of each query. The only file that imports ir_measures.

    nDCG@k        the gain of a document is its relevance, discounted by log2 of its rank (trec_eval's ndcg_cut, BEIR's)
    recall@k      the share of the relevant documents that was retrieved
    MRR@k         1 / the rank of the first relevant document, 0 without one
    MAP@depth     the mean of the precision at the rank of each relevant document (trec_eval's map_cut)
    precision@k   the share of k that is relevant, also when fewer were retrieved

ir_measures computes MRR@k with MS MARCO's script and all others with trec_eval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from vecsearch.imports import require


def measure_names(k: int, depth: int) -> list[str]:
    """Return the names of the measures, in the order in which people read them."""
    names = [f"nDCG@{k}", f"recall@{k}", f"recall@{depth}", f"MRR@{k}", f"MAP@{depth}", f"precision@{k}"]
    return list(dict.fromkeys(names))  # with k = 100, recall@100 is one measure


def require_ir_measures() -> ModuleType:
    """Return ir_measures; raises ExtraMissing when it or pytrec_eval is not installed.

    Without pytrec_eval, ir_measures would only report that it does not know the measures.
    """
    require("pytrec_eval", "eval", "scoring searches", "ir-measures")
    return require("ir_measures", "eval", "scoring searches", "ir-measures")


def scores_of(
    relevance: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]], k: int, depth: int
) -> dict[str, dict[str, float]]:
    """Return each query's score by each measure; a query without a ranking scores 0 by all of them.

    A ranking is ids, best first. trec_eval gets ids as numbers, because it reads them as C strings, and ranks as
    scores: it would compare real scores in float32, and order equal ones by id.
    """
    measures = _measures(k, depth)
    queries = {query: str(number) for number, query in enumerate(relevance)}
    documents: dict[str, str] = {}

    def numbered(name: str) -> str:
        return documents.setdefault(name, str(len(documents)))

    qrels = {
        queries[query]: {numbered(name): value for name, value in values.items()} for query, values in relevance.items()
    }
    run = {
        queries[query]: {numbered(name): float(-rank) for rank, name in enumerate(ranking[:depth])}
        for query, ranking in rankings.items()
        if ranking
    }
    values = {
        (metric.query_id, metric.measure): float(metric.value)
        for metric in require_ir_measures().evaluator(list(measures.values()), qrels).iter_calc(run)
    }
    return {
        query: {name: values[number, measure] for name, measure in measures.items()}
        for query, number in queries.items()
    }


def _measures(k: int, depth: int) -> dict[str, Any]:
    """Return ir_measures' measures by our names for them."""
    library = require_ir_measures()
    kinds = {
        "nDCG": library.nDCG,
        "recall": library.R,
        "MRR": library.RR,
        "MAP": library.AP,
        "precision": library.P,
    }
    split = ((name, *name.split("@")) for name in measure_names(k, depth))
    return {name: kinds[kind] @ int(cutoff) for name, kind, cutoff in split}
