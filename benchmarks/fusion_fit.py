"""The numbers of vecsearch/search/fusion.py: fitted to collections with qrels, each kind of them left out in turn.

    python benchmarks/fusion_fit.py DATA --static MODEL

DATA is a folder with the collections that `fusion_sets.py` names; each is searched with all-MiniLM-L6-v2 and, except
the large ones, with a model whose tokens have the same vector in every text.

What is maximised is the mean gain in nDCG@10 over the better retriever, less what a collection falls short by more
than .003. A kind with n collections counts as the square root of n. The search is by coordinates, of features
with a mean of 0 and a deviation of 1: each number goes up or down by a step while that helps, then the step is halved.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fusion_sets import Candidates, candidates_of, fitted, quality
from machine import report

from vecsearch.search.fusion import fuse
from vecsearch.types import FloatArray, ScoreArray

_FEATURES = ["always", "static", "ln fertility", "ln longer", "covered", "outstanding"]
_GRID = 40  # into so many equal parts the weights from 0 to 1 are divided; between them it is interpolated
_ALLOWED = 0.003
_FIRST_STEP, _LAST_STEP = 0.4, 0.01


class Fitted(NamedTuple):
    """One collection with one model: features (q, 6), nDCG@10 by weight (q, 41), the better retriever's mean."""

    name: str
    kind: str
    features: FloatArray
    by_weight: FloatArray
    better: float


def main() -> None:
    """Prints the numbers, and for each collection what they gain and what they would have without its kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--static", required=True, help="a static model, as load_encoder() takes it")
    arguments = parser.parse_args()
    sets = fitted(arguments.data)
    collections = []
    for model in (None, arguments.static):
        for name, made in sets.items():
            if model is None or not name.endswith("+71k"):
                queries = candidates_of(made.make(), model)
                collections.append(_fitted(name if model is None else f"{name}; static", made.kind, queries))
    numbers = _fit(collections)
    without = {
        kind: _fit([one for one in collections if one.kind != kind]) for kind in {one.kind for one in collections}
    }
    rows = [
        [one.name, one.better, _gain(one, numbers), _gain(one, without[one.kind]), float(one.by_weight.mean(0).max())]
        for one in collections
    ]
    for row in rows:
        row[-1] -= row[1]
    columns = ["collection", "better retriever", "gain", "gain, its kind left out", "own best weight"]
    for title, chosen in (
        ("contextual", lambda name: "; static" not in name),
        ("static", lambda name: "; static" in name),
    ):
        some = [row for row in rows if chosen(row[0])]
        ends = [
            [end, "", *map(of, list(zip(*some, strict=True))[2:])] for end, of in (("mean", np.mean), ("worst", min))
        ]
        report(f"Fusion fitted: {title} model", columns, [*some, *ends])
    report(
        "The numbers", ["", *_FEATURES], [["all", *numbers], *([kind, *fit] for kind, fit in sorted(without.items()))]
    )


def _fitted(name: str, kind: str, queries: Sequence[Candidates]) -> Fitted:
    worded = [one for one in queries if one.features]  # others do not depend on a weight
    wordless = [quality(one, one.dense) for one in queries if not one.features]
    by_weight = [
        [quality(one, fuse(one.dense, one.lexical, step / _GRID)) for step in range(_GRID + 1)] for one in worded
    ]
    table = np.array(by_weight + [[each] * (_GRID + 1) for each in wordless])
    features = np.array([one.features for one in worded] + [(1.0, *[0.0] * 5)] * len(wordless))
    better = max(
        np.mean([quality(one, retriever) for one, retriever in _scores_by(queries, retriever)])
        for retriever in ("dense", "lexical")
    )
    print(f"{name}: {len(queries)} questions", flush=True)
    return Fitted(name, kind, features, table, float(better))


def _scores_by(queries: Sequence[Candidates], retriever: str) -> list[tuple[Candidates, ScoreArray]]:
    return [(one, getattr(one, retriever)) for one in queries]


def _gain(one: Fitted, numbers: FloatArray) -> float:
    """What fusing with these numbers gains over the better retriever, in nDCG@10."""
    place = _GRID / (1 + np.exp(-one.features @ numbers))
    below = np.minimum(place.astype(np.int64), _GRID - 1)
    rows = np.arange(len(below))
    low, high = one.by_weight[rows, below], one.by_weight[rows, below + 1]
    return float((low + (place - below) * (high - low)).mean()) - one.better


def _fit(collections: Sequence[Fitted]) -> FloatArray:
    """The numbers that gain most, float64 (6,)."""
    every = np.concatenate([one.features for one in collections])[:, 1:]
    middle, spread = every.mean(axis=0), every.std(axis=0)
    centred = [one._replace(features=_centred(one.features, middle, spread)) for one in collections]
    many = {one.kind: sum(other.kind == one.kind for other in collections) for one in collections}
    counts = np.array([many[one.kind] ** -0.5 for one in collections])

    def worth(numbers: FloatArray) -> float:
        gains = np.array([_gain(one, numbers) for one in centred])
        return float((gains - np.maximum(0, -_ALLOWED - gains)) @ counts / counts.sum())

    numbers = _climbed(worth, np.zeros(1 + len(middle)))
    return np.array([numbers[0] - (numbers[1:] * middle / spread).sum(), *numbers[1:] / spread])


def _centred(features: FloatArray, middle: FloatArray, spread: FloatArray) -> FloatArray:
    return np.column_stack([features[:, :1], (features[:, 1:] - middle) / spread])


def _climbed(worth: Callable[[FloatArray], float], numbers: FloatArray) -> FloatArray:
    """Numbers from which no step up or down of one of them leads higher."""
    best, step = worth(numbers), _FIRST_STEP
    while step > _LAST_STEP:
        before = best
        for place, direction in product(range(len(numbers)), (step, -step)):
            tried = numbers.copy()
            tried[place] += direction
            while (found := worth(tried)) > best:
                numbers, best = tried.copy(), found
                tried[place] += direction
        if best == before:
            step /= 2
    return numbers


if __name__ == "__main__":
    main()
