"""Rankings and judgements -> the scores of each query. The only file that imports ir_measures.

    nDCG@k        gain of a document its relevance, discounted by log2 of its place (trec_eval's ndcg_cut, BEIR's)
    recall@k      share of the relevant documents that is found
    MRR@k         1 over the place of the first relevant document, 0 when there is none
    MAP@depth     mean of the precision at the place of each relevant document (trec_eval's map_cut)
    precision@k   share of k that is relevant, also when fewer are found

ir_measures asks trec_eval for all but MRR@k, which MS MARCO's script gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vecsearch.errors import ExtraMissing

_MODULES = ("ir_measures", "pytrec_eval")  # the second is what the first needs to be of use here


def measure_names(k: int, depth: int) -> list[str]:
    """What the measures are called, in the order in which people read them."""
    names = [f"nDCG@{k}", f"recall@{k}", f"recall@{depth}", f"MRR@{k}", f"MAP@{depth}", f"precision@{k}"]
    return list(dict.fromkeys(names))  # recall@100 is one measure, also when k is 100


def require_ir_measures() -> Any:
    """The library; raises ExtraMissing when it is not installed."""
    try:
        import ir_measures
        import pytrec_eval  # noqa: F401  # ir_measures itself would only say that it knows no such measure
    except ModuleNotFoundError as error:
        if error.name not in _MODULES:
            raise
        raise ExtraMissing.of("ir-measures", "eval", "scoring searches") from None
    return ir_measures


def scores_of(
    relevant: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]], k: int, depth: int
) -> dict[str, dict[str, float]]:
    """For each query of `relevant` its score by each measure; 0 by all of them for one without a ranking.

    A ranking is ids, best first. Ids go to trec_eval as numbers, because it reads them as C strings, and places as
    scores: it would compare real ones in float32, and order those that are equal by id.
    """
    measures = _measures(k, depth)
    queries = {query: str(number) for number, query in enumerate(relevant)}
    documents: dict[str, str] = {}

    def numbered(name: str) -> str:
        return documents.setdefault(name, str(len(documents)))

    judged = {
        queries[query]: {numbered(name): value for name, value in values.items()} for query, values in relevant.items()
    }
    run = {
        queries[query]: {numbered(name): float(-place) for place, name in enumerate(ranking[:depth])}
        for query, ranking in rankings.items()
        if ranking
    }
    given = {
        (metric.query_id, metric.measure): float(metric.value)
        for metric in require_ir_measures().evaluator(list(measures.values()), judged).iter_calc(run)
    }
    return {
        query: {name: given[number, measure] for name, measure in measures.items()} for query, number in queries.items()
    }


def _measures(k: int, depth: int) -> dict[str, Any]:
    """ir_measures' own measures, by the names of ours."""
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
