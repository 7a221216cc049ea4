"""Which hits may be answers: the numbers of vecsearch/search/closeness.py, and how well they do.

    python benchmarks/closeness.py DATA [MODEL]

DATA is a folder with the collections scifact, squad-dev, xquad and banking77. A half of each collection, by chance, is
indexed. Its queries either have their answers in that half; or all in the other one ("near": the index holds texts on
the same subjects, but no answer); or they are of other collections ("far"); or letters by chance ("none").

What is fitted, on English collections, is a logistic model of similarity and share of words that separates the answers
among the first five hits from all hits of the other queries. `weak` is the sum that one in fifty answers is below,
`strong` the median of the answers. The table gives the share of queries of each kind without a hit from `weak` up.
"""

from __future__ import annotations

import argparse
import csv
import random
import string
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from judged import Collection, beir
from machine import report

from vecsearch import Document, Index
from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.types import FloatArray

_SEED, _K = 7, 5
_FITTED = ("scifact", "squad-dev", "xquad/en")
_OTHERS = ("xquad/de", "xquad/ru")
_KINDS = ("answer", "near", "far", "none")


class Asked(NamedTuple):
    """One query: its collection and kind, and of each of its hits similarity, share of words, whether it answers."""

    collection: str
    kind: str
    hits: list[tuple[float, float, bool]]


def main() -> None:
    """Prints the numbers, and the share of queries without a close hit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    arguments = parser.parse_args()
    collections = {name: beir(arguments.data / name) for name in (*_FITTED, *_OTHERS)}
    chatter = _questions(arguments.data / "banking77" / "test.csv")
    asked = [one for name in collections for one in _asked(name, collections, chatter, arguments.model)]
    weight = _weight([one for one in asked if one.collection in _FITTED])
    answers = [
        similarity + weight * share
        for one in asked
        if one.collection in _FITTED
        for similarity, share, answers in one.hits
        if answers
    ]
    weak, strong = np.percentile(answers, [2, 50]).round(2).tolist()
    fingerprint = load_encoder(arguments.model).fingerprint
    report(
        f"{arguments.model}: weight {weight}, weak below {weak}, strong from {strong}; {fingerprint}",
        ["collection", "queries", *(f"{kind}: nothing close" for kind in _KINDS)],
        [_row(name, asked, weight, weak) for name in collections],
    )


def _asked(name: str, collections: dict[str, Collection], chatter: list[str], model: str) -> Iterator[Asked]:
    """Index a half of a collection and ask it."""
    rng, own = random.Random(_SEED), collections[name]
    half = set(rng.sample(range(len(own.texts)), len(own.texts) // 2))
    queries = list(_kinds(own, half))
    foreign = [
        query for other in _FITTED for query in rng.sample(collections[other].queries, 100) if _differ(name, other)
    ]
    letters = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 8))) for _ in range(400)]
    queries += [("far", query, set()) for query in [*foreign, *rng.sample(chatter, 100)]]
    queries += [("none", " ".join(letters[n : n + 1 + n % 4]), set()) for n in range(0, 396, 4)]
    with tempfile.TemporaryDirectory() as folder, Index.create(Path(folder) / "index", model=model) as index:
        index.add(Document(str(number), own.texts[number]) for number in sorted(half))
        session = index.session()
        for (kind, query, right), hits in zip(queries, index.search([one[1] for one in queries], _K), strict=True):
            close = session.closeness(query, hits)
            yield Asked(
                name,
                kind,
                [(h.similarity or 0.0, c.share, int(h.document_id) in right) for h, c in zip(hits, close, strict=True)],
            )


def _kinds(own: Collection, half: set[int]) -> Iterator[tuple[str, str, set[int]]]:
    for query, gains in zip(own.queries, own.gains, strict=True):
        right = {number for number, gain in gains.items() if gain > 0}
        if right & half:
            yield "answer", query, right
        elif right:
            yield "near", query, set()


def _differ(one: str, other: str) -> bool:
    """Whether the collections have other texts: xquad is of squad."""
    return ("squad" in one) != ("squad" in other)


def _questions(file: Path) -> list[str]:
    with file.open(newline="", encoding="utf-8") as lines:
        return [row["text"] for row in csv.DictReader(lines)]


def _weight(asked: Iterable[Asked]) -> float:
    """The weight of the share of words beside a similarity, by logistic regression; both classes weigh the same."""
    pairs = [
        ((1.0, similarity, share), answers)
        for one in asked
        for similarity, share, answers in one.hits
        if answers or one.kind != "answer"
    ]
    values: FloatArray = np.array([value for value, _ in pairs])
    truth = np.array([answers for _, answers in pairs], float)
    balance = np.where(truth == 1, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    coefficients = np.zeros(3)
    for _ in range(30):  # Newton's method
        chance = 1 / (1 + np.exp(-values @ coefficients))
        slope = values.T @ (balance * (truth - chance))
        curve = (values * (balance * chance * (1 - chance))[:, None]).T @ values
        coefficients += np.linalg.solve(curve, slope)
    return round(float(coefficients[2] / coefficients[1]), 2)


def _row(name: str, asked: list[Asked], weight: float, weak: float) -> list[object]:
    mine = [one for one in asked if one.collection == name]
    shares: list[object] = []
    for kind in _KINDS:
        some = [one for one in mine if one.kind == kind]
        none = [all(similarity + weight * share < weak for similarity, share, _ in one.hits) for one in some]
        shares.append(f"{np.mean(none):.1%} of {len(some)}" if some else "")
    return [name, len(mine), *shares]


if __name__ == "__main__":
    main()
