"""The scores of each query: by hand, by trec_eval itself, and by plain Python."""

from __future__ import annotations

import sys
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.analysis.evaluation.measures import measure_names, require_ir_measures, scores_of
from vecsearch.errors import ExtraMissing

pytrec_eval = pytest.importorskip("pytrec_eval", reason="the extra eval: pip install 'vecsearch[eval]'")


def plain(relevant: dict[str, int], ranking: list[str], k: int, depth: int) -> dict[str, float]:
    """Every measure after its definition."""
    gains = [relevant.get(name, 0) for name in ranking[:k]]
    ideal = sorted(relevant.values(), reverse=True)[:k]
    dcg, best = (sum(gain / log2(place + 2) for place, gain in enumerate(values)) for values in (gains, ideal))
    places = [place for place, name in enumerate(ranking[:depth], 1) if name in relevant]
    return {
        f"nDCG@{k}": dcg / best,
        f"recall@{k}": sum(place <= k for place in places) / len(relevant),
        f"recall@{depth}": len(places) / len(relevant),
        f"MRR@{k}": 1 / places[0] if places and places[0] <= k else 0.0,
        f"MAP@{depth}": sum(found / place for found, place in enumerate(places, 1)) / len(relevant),
        f"precision@{k}": sum(place <= k for place in places) / k,
    }


def test_scores_are_those_computed_by_hand() -> None:
    relevant = {"q": {"a": 2, "b": 1, "c": 1}}
    scores = scores_of(relevant, {"q": ["x", "a", "b", "y", "c"]}, 3, 5)["q"]
    assert scores == pytest.approx(
        {
            "nDCG@3": (2 / log2(3) + 1 / 2) / (2 + 1 / log2(3) + 1 / 2),
            "recall@3": 2 / 3,
            "recall@5": 1.0,
            "MRR@3": 1 / 2,
            "MAP@5": (1 / 2 + 2 / 3 + 3 / 5) / 3,
            "precision@3": 2 / 3,
        }
    )


def test_scores_are_those_of_trec_eval_on_random_rankings() -> None:
    rng = np.random.default_rng(0)
    names = [f"d{number}" for number in range(300)]
    relevant, rankings = {}, {}
    for query in map(str, range(60)):
        judged = rng.choice(names, rng.integers(1, 40), replace=False).tolist()
        relevant[query] = {name: int(rng.integers(1, 4)) for name in judged}
        rankings[query] = rng.permutation(names)[: rng.integers(1, 150)].tolist()
    run = {
        query: {name: 1 / (place + 1) for place, name in enumerate(found[:100])} for query, found in rankings.items()
    }
    asked = {"ndcg_cut.10", "recall.10,100", "map", "P.10"}
    expected = pytrec_eval.RelevanceEvaluator(relevant, asked).evaluate(run)
    found = scores_of(relevant, rankings, 10, 100)
    assert found.keys() == relevant.keys()
    for query, theirs in expected.items():
        ours = {
            "ndcg_cut_10": found[query]["nDCG@10"],
            "recall_10": found[query]["recall@10"],
            "recall_100": found[query]["recall@100"],
            "map": found[query]["MAP@100"],
            "P_10": found[query]["precision@10"],
        }
        assert ours == pytest.approx(theirs)


@given(st.data(), st.integers(1, 12))
def test_scores_are_those_of_the_definitions(data: st.DataObject, k: int) -> None:
    names = list("abcdefghij")
    relevant = data.draw(st.dictionaries(st.sampled_from(names), st.integers(1, 3), min_size=1))
    ranking = data.draw(st.lists(st.sampled_from(names), unique=True))
    scores = scores_of({"q": relevant}, {"q": ranking}, k, max(k, 8))["q"]
    assert scores == pytest.approx(plain(relevant, ranking, k, max(k, 8)))
    assert list(scores) == measure_names(k, max(k, 8))


def test_a_query_without_a_ranking_scores_zero_by_every_measure() -> None:
    scores = scores_of(
        {"found": {"a": 1}, "empty": {"a": 1}, "absent": {"a": 1}}, {"found": ["a"], "empty": []}, 10, 100
    )
    assert set(scores["found"].values()) == {1.0, 0.1}
    assert set(scores["empty"].values()) == set(scores["absent"].values()) == {0.0}


def test_what_stands_beyond_the_depth_is_not_seen() -> None:
    ranking = [f"x{number}" for number in range(100)] + ["a"]
    assert set(scores_of({"q": {"a": 1}}, {"q": ranking}, 10, 100)["q"].values()) == {0.0}


def test_names_that_c_would_take_for_one_another_are_told_apart() -> None:
    names = ["a\0b", "a\0c", "a", "", "a b", "ä\n", "a\t"]
    for place, name in enumerate(names, 1):
        scores = scores_of({name: {name: 1}}, {name: names}, 10, 100)[name]
        assert scores["MRR@10"] == scores["MAP@100"] == pytest.approx(1 / place)


def test_recall_is_one_measure_when_both_its_bounds_are_the_same() -> None:
    assert measure_names(100, 100) == ["nDCG@100", "recall@100", "MRR@100", "MAP@100", "precision@100"]
    assert list(scores_of({"q": {"a": 1}}, {"q": ["a"]}, 100, 100)["q"]) == measure_names(100, 100)


@pytest.mark.parametrize("missing", ["ir_measures", "pytrec_eval"])
def test_without_the_library_the_command_that_installs_it_is_said(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ExtraMissing, match=r"needs ir-measures: pip install 'vecsearch\[eval\]'"):
        require_ir_measures()


def test_a_library_that_is_there_and_broken_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ir_measures.py").write_text("import no_such_module_at_all\n")
    monkeypatch.delitem(sys.modules, "ir_measures", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all") as error:
        require_ir_measures()
    assert not isinstance(error.value, ExtraMissing)
