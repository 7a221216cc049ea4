"""How should the dense and the lexical leg be fused? nDCG@10 of ways to do it, against the better of the two legs.

    python benchmarks/fusion.py DATA [--held-out] [--only NAME...]

DATA is a folder with the collections that `judged.py` names. Candidates are the 100 best of each leg, each with its
exact cosine and its BM25 score, both of vecsearch's own legs. A way with a parameter is also judged as it would be on a
collection that nobody tuned it on: with the value that is best, on average, on all the others.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from judged import Collection, held_out, tuned
from machine import report

from vecsearch import Role, embed
from vecsearch.fusion import DEPTH, fuse
from vecsearch.lexical import AUTO, Bm25, LivePostings, postings_of
from vecsearch.types import FloatArray, ScoreArray
from vecsearch.vectors import inner_products, unit_rows

_WEIGHTS = [weight / 10 for weight in range(11)]
_BESTS = [1, 2, 3, 5, 10, 20]
_AT = 10
_DISCOUNTS = 1 / np.log2(np.arange(2, _AT + 2))


class Asked(NamedTuple):
    """One question's candidates: the scores of both legs and the gains, (m,); and what the best ranking would gain."""

    dense: ScoreArray
    lexical: ScoreArray
    gains: ScoreArray
    ideal: float


Way = Callable[[ScoreArray, ScoreArray], ScoreArray]


def main() -> None:
    """Prints the ways side by side, then what fixed weights give, then what the parameters would have been."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--held-out", action="store_true", help="the collections that no choice was made with")
    parser.add_argument("--only", nargs="+", help="these collections only")
    arguments = parser.parse_args()
    makers = (held_out if arguments.held_out else tuned)(arguments.data)
    asked = {name: _asked(make()) for name, make in makers.items() if arguments.only is None or name in arguments.only}
    legs = {name: (_quality(rows, _dense), _quality(rows, _lexical)) for name, rows in asked.items()}
    better = {name: max(both) for name, both in legs.items()}

    def gains(way: Way) -> list[float]:
        return [_quality(rows, way) - better[name] for name, rows in asked.items()]

    weighted = {weight: gains(_weighted(_z, weight)) for weight in _WEIGHTS}
    confirmed = {best: gains(_confirmed(best)) for best in _BESTS}
    ways = {
        "RRF k=60": gains(_reciprocal(60)),
        "RRF k=10": gains(_reciprocal(10)),
        "min-max .5": gains(_weighted(_min_max, 0.5)),
        "z .5": weighted[0.5],
        "z, weight of the others": _of_the_others(weighted),
        "fuse": gains(fuse),
        "fuse, best of the others": _of_the_others(confirmed),
        "z, own best weight": [max(each) for each in zip(*weighted.values(), strict=True)],
    }
    sizes = [(len(rows), *legs[name]) for name, rows in asked.items()]
    _table("Ways to fuse, nDCG@10 against the better leg", list(asked), sizes, ways)
    _table("Fixed weight of the dense leg, z-scores", list(asked), sizes, {f"{w:.1f}": weighted[w] for w in weighted})
    _table("How many of its first a leg is judged by", list(asked), sizes, {str(b): confirmed[b] for b in confirmed})


def _asked(collection: Collection) -> list[Asked]:
    """The candidates of every question of a collection, by vecsearch's own legs."""
    texts, queries = _unit(collection.texts, Role.DOCUMENT), _unit(collection.queries, Role.QUERY)
    bm25 = Bm25([LivePostings(postings_of(collection.texts, AUTO), None)])
    rows = []
    for text, query, gains in zip(collection.queries, queries, collection.gains, strict=True):
        dense = inner_products(texts, query)  # (n,)
        lexical = np.zeros(len(texts))
        (found,) = bm25.search(text, len(texts))
        lexical[found.rows] = found.scores
        ideal = sorted(gains.values(), reverse=True)[:_AT]
        candidates = np.union1d(_first(dense, DEPTH), [row for row in _first(lexical, DEPTH) if lexical[row] > 0])
        kept = candidates.astype(np.int64)
        gained = np.array([gains.get(row, 0) for row in kept.tolist()], np.float64)
        rows.append(Asked(dense[kept], lexical[kept], gained, float(ideal @ _DISCOUNTS[: len(ideal)])))
    return rows


def _unit(texts: Sequence[str], role: Role) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # some texts are longer than the model reads: that is the task
        return unit_rows(embed(texts, role=role))[0]


def _quality(rows: Sequence[Asked], way: Way) -> float:
    """nDCG@10, on average over the questions."""
    figures = []
    for asked in rows:
        gained = asked.gains[_first(way(asked.dense, asked.lexical), _AT)]
        figures.append(float(gained @ _DISCOUNTS[: len(gained)]) / asked.ideal)
    return float(np.mean(figures))


def _first(scores: ScoreArray, k: int) -> np.ndarray:
    return np.argsort(-scores, kind="stable")[:k]


def _dense(dense: ScoreArray, _: ScoreArray) -> ScoreArray:
    return dense


def _lexical(_: ScoreArray, lexical: ScoreArray) -> ScoreArray:
    return lexical


def _reciprocal(k: int) -> Way:
    """Cormack, Clarke and Buettcher 2009; a candidate without a word of the query has no rank in the lexical leg."""

    def way(dense: ScoreArray, lexical: ScoreArray) -> ScoreArray:
        return 1 / (k + _ranks(dense)) + np.where(lexical > 0, 1 / (k + _ranks(lexical)), 0)

    return way


def _ranks(scores: ScoreArray) -> np.ndarray:
    return np.argsort(np.argsort(-scores, kind="stable")) + 1


def _weighted(scaled: Callable[[ScoreArray], ScoreArray], weight: float) -> Way:
    return lambda dense, lexical: weight * scaled(dense) + (1 - weight) * scaled(lexical)


def _confirmed(best: int) -> Way:
    return lambda dense, lexical: fuse(dense, lexical, best=best)


def _z(scores: ScoreArray) -> ScoreArray:
    deviation = scores.std()
    return (scores - scores.mean()) / (deviation if deviation > 0 else 1)


def _min_max(scores: ScoreArray) -> ScoreArray:
    reach = scores.max() - scores.min()
    return (scores - scores.min()) / (reach if reach > 0 else 1)


def _of_the_others(tried: dict[float, list[float]]) -> list[float]:
    """For each collection what it gains with the value that gains most on average on all the other collections."""
    table = np.array(list(tried.values()))  # (values, collections)
    others = table.sum(axis=1, keepdims=True) - table
    chosen = others.argmax(axis=0)
    return [float(table[chosen[number], number]) for number in range(table.shape[1])]


def _table(title: str, names: list[str], sizes: list[tuple], ways: dict[str, list[float]]) -> None:
    columns = ["collection", "queries", "dense", "BM25", *ways]
    rows = [[name, *size, *each] for name, size, *each in zip(names, sizes, *ways.values(), strict=True)]
    blank = ["", "", ""]
    rows.append(["mean", *blank, *(float(np.mean(each)) for each in ways.values())])
    rows.append(["worst", *blank, *(min(each) for each in ways.values())])
    report(title, columns, rows)


if __name__ == "__main__":
    main()
