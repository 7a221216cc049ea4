"""How should the dense and the lexical retriever be fused? nDCG@10 of ways to do it, against the better of the two.

    python benchmarks/fusion.py DATA [--held-out] [--model MODEL] [--only NAME...]

DATA is a folder with the collections that `fusion_sets.py` names. Candidates are the 100 best of each of vecsearch's
retrievers, each with its exact cosine and its BM25 score. The last column compares `fuse` with the better of the dense
retriever and a plain BM25, without stems and stop words; `fuse` does not use it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from fusion_sets import Candidates, candidates_of, fitted, held_out, quality
from machine import report

from vecsearch.search.fusion import fuse, logistic
from vecsearch.types import ScoreArray

_WEIGHTS = [weight / 10 for weight in range(11)]

Way = Callable[[Candidates], ScoreArray]


def main() -> None:
    """Prints the ways side by side, then what fixed weights give."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--held-out", action="store_true", help="the collections that nothing was fitted to")
    parser.add_argument("--model", help="the model of the vectors; all-MiniLM-L6-v2 unless said")
    parser.add_argument("--only", nargs="+", help="these collections only")
    arguments = parser.parse_args()
    sets = (held_out if arguments.held_out else fitted)(arguments.data)
    table, fixed = [], []
    for name in arguments.only or sets:
        queries = candidates_of(sets[name].make(), arguments.model)
        retrievers = [_mean(queries, lambda one: one.dense), _mean(queries, lambda one: one.lexical)]
        better, plain = max(retrievers), max(retrievers[0], float(np.mean([one.plain for one in queries])))
        weighted = [_mean(queries, _weighted(_min_max, weight)) - better for weight in _WEIGHTS]
        ways = [_mean(queries, way) - better for way in (_reciprocal, _weighted(_z, 0.5), _fused)]
        table.append([name, len(queries), *retrievers, *ways, max(weighted), better + ways[-1] - plain])
        fixed.append([name, len(queries), *retrievers, *weighted])
    columns = ["collection", "queries", "dense", "BM25"]
    ways = ["RRF k=60", "z .5", "fuse", "own best weight", "fuse, against plain BM25"]
    report("Ways to fuse, nDCG@10 against the better retriever", columns + ways, table + _ends(table))
    report(
        "Fixed weight of the dense retriever", columns + [f"{weight:.1f}" for weight in _WEIGHTS], fixed + _ends(fixed)
    )


def _mean(queries: Sequence[Candidates], way: Way) -> float:
    """nDCG@10, on average over the questions."""
    return float(np.mean([quality(one, way(one)) for one in queries]))


def _ends(table: list[list]) -> list[list]:
    """The mean and the worst of each column but the first four."""
    columns = list(zip(*(row[4:] for row in table), strict=True))
    return [[name, "", "", "", *map(of, columns)] for name, of in (("mean", np.mean), ("worst", min))]


def _fused(one: Candidates) -> ScoreArray:
    return fuse(one.dense, one.lexical, logistic(one.features) if one.features else 1.0)


def _reciprocal(one: Candidates) -> ScoreArray:
    """Cormack, Clarke and Buettcher 2009; a candidate without a word of the query has no lexical rank."""
    return 1 / (60 + _ranks(one.dense)) + np.where(one.lexical > 0, 1 / (60 + _ranks(one.lexical)), 0)


def _ranks(scores: ScoreArray) -> np.ndarray:
    return np.argsort(np.argsort(-scores, kind="stable")) + 1


def _weighted(scaled: Callable[[ScoreArray], ScoreArray], weight: float) -> Way:
    return lambda one: weight * scaled(one.dense) + (1 - weight) * scaled(one.lexical)


def _z(scores: ScoreArray) -> ScoreArray:
    deviation = scores.std()
    return (scores - scores.mean()) / (deviation if deviation > 0 else 1)


def _min_max(scores: ScoreArray) -> ScoreArray:
    reach = scores.max() - scores.min()
    return (scores - scores.min()) / (reach if reach > 0 else 1)


if __name__ == "__main__":
    main()
