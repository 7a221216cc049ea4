"""What an evaluation finds, as frozen values: scores by mode and query, comparisons, and both as JSON."""

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
from vecsearch.analysis.evaluation.significance import permutation_p
from vecsearch.errors import InvalidDocument, InvalidOption, PathNotFound
from vecsearch.types import ScoreArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeScores:
    """What searches in one mode scored: `per_query` by query and measure, from 0 to 1, higher is better.

    `latency` is that of searches for k hits, one by one, the vectors of their queries known.
    """

    mode: str
    latency: Latency
    per_query: Mapping[str, Mapping[str, float]]

    @property
    def scores(self) -> dict[str, float]:
        """The mean over the queries, by measure."""
        measures = list(next(iter(self.per_query.values())))
        means = _array(self, list(self.per_query), measures).mean(axis=0).tolist()
        return dict(zip(measures, means, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How much higher `mode` scores than `against` by a measure, on average; `p` is that chance alone gives as much.

    `better`, `worse` and `same` count queries. Of twenty comparisons that mean nothing, one has a p below 0.05.
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
    """How well an index answers queries whose answers are known; made by `evaluate`.

    Measures see the first `k` documents of a ranking, or the first `depth`. Left out are `unjudged` queries, that
    nobody judged, `textless` ones, judged but without a text, and `unanswerable` ones, to which no document is
    relevant. `absent` judged documents are not in the index and so are never found. `judgements` is a digest:
    evaluations where it is equal have scored the same queries by the same judgements.
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
        """How many queries were scored."""
        return len(self.modes[0].per_query)

    @property
    def measures(self) -> list[str]:
        """What the measures are called, as "nDCG@10"."""
        return measure_names(self.k, self.depth)

    def comparisons(self, baseline: Evaluation | None = None) -> tuple[Comparison, ...]:
        """Each mode, by each measure, against the first mode of `baseline`; without one, against its own first mode.

        `p` is that of a paired randomisation test, two-sided. Raises InvalidOption for a baseline that was scored by
        other judgements or to another `k`.
        """
        if baseline is None:
            first, others = self.modes[0], self.modes[1:]
        else:
            _check_comparable(self, baseline)
            first, others = baseline.modes[0], self.modes
        return tuple(compared for other in others for compared in _compared(first, other, self.measures))

    def as_fields(self) -> dict[str, Any]:
        """All of it as JSON has it, each mode with its mean `scores`."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "modes"}
        modes = [
            {"mode": mode.mode, "scores": mode.scores, "latency": asdict(mode.latency), "per_query": mode.per_query}
            for mode in self.modes
        ]
        return {"queries": self.queries, **found, "modes": modes}

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Evaluation:
        """The evaluation that `vecsearch eval --json`, or a program by `as_fields`, wrote to a file.

        Raises PathNotFound when there is none, InvalidDocument when it is something else.
        """
        try:
            found = json.loads(Path(path).read_bytes())
            return _evaluation(found)
        except FileNotFoundError:
            raise PathNotFound(f"there is no file {path}: vecsearch eval ... --json > {path} makes one") from None
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise InvalidDocument(
                f"{path} is not what vecsearch eval --json prints ({type(error).__name__}: {error}): make it anew"
            ) from None


def _check_comparable(evaluation: Evaluation, baseline: Evaluation) -> None:
    if evaluation.measures != baseline.measures:
        raise InvalidOption(f"k is {evaluation.k}, and {baseline.k} in the baseline: evaluate with -k {baseline.k}")
    scored = [each.modes[0].per_query.keys() for each in (evaluation, baseline)]
    if evaluation.judgements != baseline.judgements or scored[0] != scored[1]:
        raise InvalidOption(
            f"the baseline scored {baseline.queries} queries by other judgements than these of {evaluation.queries}: "
            "only scores of the same queries and judgements can be compared"
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


def _array(scored: ModeScores, queries: list[str], measures: list[str]) -> ScoreArray:
    """The scores as float64 (queries, measures)."""
    return np.array([[scored.per_query[query][measure] for measure in measures] for query in queries], np.float64)


def _evaluation(found: dict[str, Any]) -> Evaluation:
    """What a file says, each value known to be of its type; raises what reading something else raises."""
    numbers = {name: int(found[name]) for name in _COUNTS}
    words = {name: str(found[name]) for name in ("model", "judgements")}
    modes = tuple(_mode(mode, measure_names(numbers["k"], numbers["depth"])) for mode in found["modes"])
    if not modes or any(mode.per_query.keys() != modes[0].per_query.keys() for mode in modes):
        raise ValueError("its modes have not scored the same queries")
    return Evaluation(modes=modes, **words, **numbers)  # type: ignore[arg-type]  # their names are its fields'


_COUNTS = ("documents", "chunks", "k", "depth", "unjudged", "textless", "unanswerable", "absent")


def _mode(found: dict[str, Any], measures: list[str]) -> ModeScores:
    latency = Latency(**{field.name: float(found["latency"][field.name]) for field in fields(Latency)})
    per_query = {
        query: {measure: _score(scores[measure]) for measure in measures}
        for query, scores in found["per_query"].items()
    }
    if not per_query:
        raise ValueError("it has no scores")
    return ModeScores(mode=str(found["mode"]), latency=latency, per_query=per_query)


def _score(value: Any) -> float:
    score = float(value)
    if not 0 <= score <= 1:
        raise ValueError(f"a score is {value!r}, expected a number from 0 to 1")
    return score
