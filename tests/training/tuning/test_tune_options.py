"""Options of training are refused outside their range; what is missing is said with the command that installs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.synonyms import pairs_of_synonyms
from vecsearch import ExtraMissing, InvalidOption
from vecsearch.training import TuneOptions, TuneReport, tune
from vecsearch.training.tuning.card import card_name

REPORT = TuneReport(
    model="out",
    base="base",
    pairs=10,
    hard=0,
    held_out=5,
    steps=3,
    resumed=0,
    best_step=3,
    stopped_early=False,
    measure="nDCG@10",
    before=0.5,
    after=0.6,
    p=0.01,
    seconds=1.0,
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs is 0, expected a whole number of at least 1"),
        ({"steps": 0}, "steps is 0"),
        ({"batch": 1}, "batch is 1, expected a whole number of at least 2"),
        ({"every": 2.5}, "every is 2.5"),
        ({"patience": True}, "patience is True"),
        ({"seed": -1}, "seed is -1"),
        ({"rate": 0.0}, "rate is 0.0"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"rate": 2.0}, "rate is 2.0, expected a number above 0, at most 1"),
        ({"held_out": 0.0}, "held_out is 0.0"),
        ({"held_out": 0.6}, "held_out is 0.6, expected a share above 0, at most 0.5"),
    ],
)
def test_an_option_outside_its_range_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape(said)):
        TuneOptions(**given)


@pytest.mark.parametrize(
    ("before", "after", "p", "said"),
    [
        (0.5, 0.6, 0.01, "It helps: nDCG@10 went from 0.5000 to 0.6000 (p 0.010)."),
        (0.5, 0.6, 0.2, "It may help: nDCG@10 went from 0.5000 to 0.6000 (p 0.200), which may be chance."),
        (0.5, 0.5, 1.0, "It does not help: nDCG@10 went from 0.5000 to 0.5000 (p 1.000). Use the base."),
        (0.5, 0.4, 0.01, "It does not help: nDCG@10 went from 0.5000 to 0.4000 (p 0.010). Use the base."),
    ],
)
def test_the_verdict_says_whether_it_helps(before: float, after: float, p: float, said: str) -> None:
    from dataclasses import replace

    assert replace(REPORT, before=before, after=after, p=p).verdict == said


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
        ("BAAI/bge-small-en-v1.5", "BAAI/bge-small-en-v1.5"),
        ("/home/me/models/mine/", "mine"),
        ("./mine", "mine"),
        ("C:\\models\\mine", "mine"),
    ],
)
def test_a_card_calls_a_base_by_its_name_and_not_by_where_it_lies(base: str, name: str) -> None:
    assert card_name(base) == name


@pytest.mark.parametrize(
    ("module", "extra"), [("ir_measures", "eval"), ("sentence_transformers", "sentence-transformers")]
)
def test_a_missing_package_is_said_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str
) -> None:
    if module != "ir_measures":
        pytest.importorskip("pytrec_eval", reason="it is asked for first")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing, match=rf"pip install 'vecsearch\[{extra}\]'"):
        tune(pairs_of_synonyms(40), tmp_path / "out")
    assert not (tmp_path / "out").exists()
