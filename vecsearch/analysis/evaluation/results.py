"""The result of an evaluation as frozen values: scores by mode and query, comparisons, and both as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.analysis.evaluation.latency import Latency
from vecsearch.analysis.evaluation.measures import measure_names
from vecsearch.analysis.evaluation.statistics import permutation_p
from vecsearch.errors import InvalidDocument, InvalidOption, PathNotFound
from vecsearch.types import ScoreArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeScores:
    """The scores of searches in one mode: `per_query` by query and measure, from 0 to 1, higher is better.

    `latency` is that of single searches for k hits by queries whose vectors are in the cache.
    """

    mode: str
    latency: Latency
    per_query: Mapping[str, Mapping[str, float]]

    @property
    def scores(self) -> dict[str, float]:
        """Means over the queries, by measure."""
        measures = list(next(iter(self.per_query.values())))
        means = _array(self, list(self.per_query), measures).mean(axis=0).tolist()
        return dict(zip(measures, means, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How much higher `mode` scores than `against` by a measure, on average.

    `p` is the probability that chance alone gives a difference this large. `better`, `worse` and `same` count queries.
    Of twenty comparisons without a real difference, one has a p below 0.05.
    """

    mode: str
    against: str
    measure: str
    difference: float
    p: float
    better: int
    worse: int
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well an index answers queries whose relevant documents are known; made by `evaluate`.

    Measures see the first `k` documents of a ranking, or the first `depth`. Three kinds of queries are left out and
    counted: `unjudged` ones have no qrels, `textless` ones have qrels but no text, `unanswerable` ones have no relevant
    document. `absent` relevant documents are not in the index, so no search can find them. `judgements` is a digest of
    the qrels: evaluations with the same digest scored the same queries by the same qrels.
    """

    model: str
    documents: int
    chunks: int
    k: int
    depth: int
    unjudged: int
    textless: int
    unanswerable: int
    absent: int
    judgements: str
    modes: tuple[ModeScores, ...]

    @property
    def queries(self) -> int:
        """The number of queries that were scored."""
        return len(self.modes[0].per_query)

    @property
    def measures(self) -> list[str]:
        """The names of the measures, such as "nDCG@10"."""
        return measure_names(self.k, self.depth)

    def comparisons(self, baseline: Evaluation | None = None) -> tuple[Comparison, ...]:
        """Compare each mode, by each measure, with the first mode of `baseline`, or else with its own first mode.

        `p` is that of a two-sided paired randomisation test. Raises InvalidOption for a baseline that was scored by
        other qrels or with another `k`.
        """
        if baseline is None:
            first, others = self.modes[0], self.modes[1:]
        else:
            _check_comparable(self, baseline)
            first, others = baseline.modes[0], self.modes
        return tuple(compared for other in others for compared in _compared(first, other, self.measures))

    def as_fields(self) -> dict[str, Any]:
        """Return everything as JSON-safe values, each mode with its mean `scores`."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "modes"}
        modes = [
            {"mode": mode.mode, "scores": mode.scores, "latency": asdict(mode.latency), "per_query": mode.per_query}
            for mode in self.modes
        ]
        return {"queries": self.queries, **own, "modes": modes}

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Evaluation:
        """Read an evaluation that `vecsearch eval --json`, or a program with `as_fields`, wrote to a file.

        Raises PathNotFound when the file does not exist, InvalidDocument when it holds something else.
        """
        try:
            return _evaluation(json.loads(Path(path).read_bytes()))
        except FileNotFoundError:
            raise PathNotFound(f"{path}: file not found; make it with vecsearch eval ... --json > {path}") from None
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise InvalidDocument(
                f"{path} is not the output of vecsearch eval --json ({type(error).__name__}: {error}): make it again"
            ) from None


def _check_comparable(evaluation: Evaluation, baseline: Evaluation) -> None:
    if evaluation.measures != baseline.measures:
        raise InvalidOption(f"k is {evaluation.k}, but {baseline.k} in the baseline: evaluate with -k {baseline.k}")
    scored = [each.modes[0].per_query.keys() for each in (evaluation, baseline)]
    if evaluation.judgements != baseline.judgements or scored[0] != scored[1]:
        raise InvalidOption(
            f"the baseline scored {baseline.queries} queries by other qrels than these {evaluation.queries}: "
            "only scores of the same queries and qrels can be compared"
        )


def _compared(first: ModeScores, other: ModeScores, measures: list[str]) -> list[Comparison]:
    queries = list(first.per_query)
    differences = _array(other, queries, measures) - _array(first, queries, measures)  # (queries, measures)
    p = permutation_p(differences)
    return [
        Comparison(
            mode=other.mode,
            against=first.mode,
            measure=measure,
            difference=float(differences[:, column].mean()),
            p=float(p[column]),
            better=int((differences[:, column] > 0).sum()),
            worse=int((differences[:, column] < 0).sum()),
            same=int((differences[:, column] == 0).sum()),
        )
        for column, measure in enumerate(measures)
    ]


def _array(mode: ModeScores, queries: list[str], measures: list[str]) -> ScoreArray:
    """Return the scores as float64 (queries, measures)."""
    return np.array([[mode.per_query[query][measure] for measure in measures] for query in queries], np.float64)


def _evaluation(values: dict[str, Any]) -> Evaluation:
    """Return the evaluation in a file, the type of each value checked; raises whatever a malformed value causes."""
    numbers = {name: int(values[name]) for name in _COUNTS}
    words = {name: str(values[name]) for name in ("model", "judgements")}
    modes = tuple(_mode(mode, measure_names(numbers["k"], numbers["depth"])) for mode in values["modes"])
    if not modes or any(mode.per_query.keys() != modes[0].per_query.keys() for mode in modes):
        raise ValueError("its modes scored different queries")
    return Evaluation(modes=modes, **words, **numbers)  # type: ignore[arg-type]  # they are named as its fields


_COUNTS = ("documents", "chunks", "k", "depth", "unjudged", "textless", "unanswerable", "absent")


def _mode(values: dict[str, Any], measures: list[str]) -> ModeScores:
    latency = Latency(**{field.name: float(values["latency"][field.name]) for field in fields(Latency)})
    per_query = {
        query: {measure: _score(scores[measure]) for measure in measures}
        for query, scores in values["per_query"].items()
    }
    if not per_query:
        raise ValueError("it has no scores")
    return ModeScores(mode=str(values["mode"]), latency=latency, per_query=per_query)


def _score(value: Any) -> float:
    score = float(value)
    if not 0 <= score <= 1:
        raise ValueError(f"a score is {value!r}, expected a number from 0 to 1")
    return score
