"""Evaluations side by side, and written down: what is compared, what is refused, what comes back from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.writing import write
from vecsearch import InvalidDocument, InvalidOption, PathNotFound
from vecsearch.analysis import Evaluation, Latency, ModeScores
from vecsearch.analysis.evaluation.measures import measure_names

MEASURES = measure_names(10, 100)


def scored(mode: str, scores: Sequence[float]) -> ModeScores:
    """Scores that are the same by every measure."""
    per_query = {f"q{number}": dict.fromkeys(MEASURES, score) for number, score in enumerate(scores)}
    return ModeScores(mode=mode, latency=Latency(1.0, 2.0, 3.0, 900.0), per_query=per_query)


def evaluation(*modes: ModeScores, judgements: str = "abc", k: int = 10) -> Evaluation:
    return Evaluation(
        model="tiny",
        documents=7,
        chunks=9,
        k=k,
        depth=100,
        unjudged=1,
        textless=2,
        unanswerable=3,
        absent=4,
        judgements=judgements,
        modes=modes,
    )


BEFORE = scored("dense", [0.5, 0.5, 0.0, 1.0])
AFTER = scored("hybrid", [0.75, 1.0, 0.25, 1.0])


def test_scores_are_means_over_the_queries() -> None:
    assert AFTER.scores == dict.fromkeys(MEASURES, 0.75)


def test_modes_are_compared_with_the_first_by_every_measure() -> None:
    worse = scored("lexical", [0.5, 0.0, 0.0, 1.0])
    compared = evaluation(BEFORE, AFTER, worse).comparisons()
    assert [(each.mode, each.measure) for each in compared] == [
        (mode, measure) for mode in ("hybrid", "lexical") for measure in MEASURES
    ]
    assert {each.against for each in compared} == {"dense"}
    hybrid, lexical = compared[0], compared[-1]
    assert (hybrid.difference, hybrid.p) == (0.25, 2 / 8)
    assert (hybrid.better, hybrid.worse, hybrid.same) == (3, 0, 1)
    assert (lexical.difference, lexical.p) == (-0.125, 1.0)
    assert (lexical.better, lexical.worse, lexical.same) == (0, 1, 3)


def test_with_a_baseline_every_mode_is_compared_with_its_first() -> None:
    compared = evaluation(AFTER).comparisons(evaluation(BEFORE, AFTER))
    assert [(each.mode, each.against, each.difference) for each in compared] == [("hybrid", "dense", 0.25)] * 6


def test_queries_are_compared_by_their_ids_and_not_by_their_order() -> None:
    backwards = replace(AFTER, per_query=dict(reversed(AFTER.per_query.items())))
    assert evaluation(BEFORE, backwards).comparisons() == evaluation(BEFORE, AFTER).comparisons()


def test_a_baseline_of_other_qrels_is_refused() -> None:
    with pytest.raises(InvalidOption, match="the baseline scored 4 queries by other qrels than these 4"):
        evaluation(AFTER).comparisons(evaluation(BEFORE, judgements="xyz"))


def test_a_baseline_whose_file_lost_a_query_is_refused() -> None:
    with pytest.raises(InvalidOption, match="the baseline scored 3 queries by other qrels than these 4"):
        evaluation(AFTER).comparisons(evaluation(scored("dense", [0.5, 0.5, 0.0])))


def test_a_baseline_of_another_k_is_refused_and_the_one_to_take_is_said() -> None:
    with pytest.raises(InvalidOption, match="k is 10, but 5 in the baseline: evaluate with -k 5"):
        evaluation(AFTER).comparisons(evaluation(BEFORE, k=5))


def test_an_evaluation_comes_back_from_the_file_it_was_written_to(tmp_path: Path) -> None:
    made = evaluation(BEFORE, AFTER)
    fields = made.as_fields()
    assert fields["queries"] == 4
    assert fields["modes"][1]["scores"] == AFTER.scores
    path = write(tmp_path / "run.json", json.dumps({**fields, "more": "is left alone"}))
    assert Evaluation.from_file(path) == made
    assert Evaluation.from_file(str(path)) == made


def changed(**values: Any) -> dict[str, Any]:
    return {**evaluation(BEFORE, AFTER).as_fields(), **values}


def mode(**values: Any) -> list[dict[str, Any]]:
    return [{**evaluation(BEFORE).as_fields()["modes"][0], **values}]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        b"\xff\xfe\x00",
        changed(k="many"),
        changed(documents=None),
        changed(modes=[]),
        changed(modes=7),
        changed(modes={"dense": 1}),
        changed(k=5),
        changed(modes=mode(per_query={})),
        changed(modes=mode(per_query=[])),
        changed(modes=mode(per_query={"q0": {}})),
        changed(modes=mode(per_query={"q0": dict.fromkeys(MEASURES, "high")})),
        changed(modes=mode(per_query={"q0": dict.fromkeys(MEASURES, 1.5)})),
        changed(modes=mode(per_query={"q0": dict.fromkeys(MEASURES, float("nan"))})),
        changed(modes=mode(per_query={"q0": dict.fromkeys(MEASURES, None)})),
        changed(modes=mode(latency={"p50_ms": 1})),
        changed(modes=mode(latency=None)),
        changed(modes=mode() + mode(per_query={"other": dict.fromkeys(MEASURES, 1)})),
    ],
)
def test_a_file_that_holds_something_else_is_refused_in_one_line(tmp_path: Path, content: Any) -> None:
    path = write(tmp_path / "run.json", content if isinstance(content, (str, bytes)) else json.dumps(content))
    with pytest.raises(InvalidDocument) as error:
        Evaluation.from_file(path)
    assert str(error.value).startswith(f"{path} is not the output of vecsearch eval --json (")
    assert "\n" not in str(error.value)


def test_a_baseline_that_is_not_there_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match=r"run\.json: file not found; make it with vecsearch eval \.\.\. --json > "):
        Evaluation.from_file(tmp_path / "run.json")
