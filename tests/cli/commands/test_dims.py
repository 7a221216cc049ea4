"""`vecsearch dims`: the table, the JSON, the picture, and what goes wrong in one line."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.beir_folder import write_beir
from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch.analysis import DimMeasure, DimsReport

DOCUMENTS = {
    "d1": ("Cats", "Cats purr and sleep by day."),
    "d2": ("Dogs", "Dogs bark at night."),
    "d3": ("Birds", "Birds sing in the morning."),
}


@pytest.fixture
def pets(place: Path, vecsearch_command: Command) -> Path:
    """A collection that is indexed."""
    folder = write_beir(place / "pets", DOCUMENTS, {"q1": "cats purr", "q2": "dogs bark"}, [("q1", "d1", 1)])
    assert vecsearch_command("index", "pets/corpus.jsonl").status == 0
    return folder


def test_a_line_for_each_length_has_a_bar_of_what_it_finds(pets: Path, vecsearch_command: Command) -> None:
    done = vecsearch_command("dims", "--dims", "4,16", "--n", "30")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:3] == ["3 chunks of 32 dimensions, counting; k 10", "30 queries sampled from the index", ""]
    assert lines[3].split() == ["vectors", "dim", "bytes", "p50", "ms", "overlap"]
    assert [line.split()[:3] for line in lines[4:]] == [
        ["full", "32", "128"],
        ["truncated", "4", "16"],
        ["truncated", "16", "64"],
        ["pca", "4", "16"],
        ["pca", "16", "64"],
    ]
    assert lines[4].endswith("1.0000  " + 20 * "█")


def test_an_index_may_be_named_as_an_argument_too(pets: Path, vecsearch_command: Command) -> None:
    named = vecsearch_command("dims", ".vecsearch", "--dims", "4", "--json").json
    assert named["path"] == str(Path(".vecsearch").absolute())
    assert named["path"] == vecsearch_command("dims", "-i", ".vecsearch", "--dims", "4", "--json").json["path"]


def test_the_json_has_what_was_measured(pets: Path, vecsearch_command: Command) -> None:
    found = vecsearch_command("dims", "--dims", "4", "--n", "5", "--json").json
    assert list(found) == ["path", "file", *(field.name for field in fields(DimsReport))]
    assert [list(each) for each in found["measures"]] == 3 * [[field.name for field in fields(DimMeasure)]]
    assert found["measures"][0]["ndcg"] is None


def test_judged_queries_give_ndcg(pets: Path, place: Path, vecsearch_command: Command) -> None:
    pytest.importorskip("pytrec_eval", reason="the extra eval")
    done = vecsearch_command("dims", "--dims", "16", "--beir", "pets")
    assert done.status == 0
    assert "1 query with qrels" in done.out
    assert done.out.splitlines()[3].endswith("nDCG@10")
    write(place / "pairs.csv", "query,document\ncats purr,d1\n")
    found = vecsearch_command("dims", "--dims", "16", "--pairs", "pairs.csv", "--json").json
    assert found["measures"][0]["ndcg"] == 1


@pytest.mark.slow
def test_the_curve_is_drawn(pets: Path, place: Path, vecsearch_command: Command) -> None:
    pytest.importorskip("matplotlib", reason="the extra dims: pip install 'vecsearch[dims]'")
    found = vecsearch_command("dims", "--dims", "4,16", "-o", "curve.svg", "--json").json
    assert found["file"] == "curve.svg"
    assert (place / "curve.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--dims", "4,x"], 2, "'4,x' is not a list of whole numbers, such as 64,128,256"),
        (["--beir", "pets", "--pairs", "p.csv"], 2, "by --beir or by --pairs, not by both"),
        (["--dims", "64"], 1, "dims has 64, but the vectors of the index have 32 numbers: name 1 to 32"),
        (["--dims", "4", "-o", "curve.pdf"], 1, "curve.pdf: a picture is drawn as .svg or .png, not as '.pdf'"),
        (["nowhere"], 1, "no index at nowhere"),
        (["--dims", "4", "--beir", "nowhere"], 1, "nowhere is not a collection in BEIR form"),
    ],
)
def test_what_goes_wrong_is_said(
    pets: Path, vecsearch_command: Command, arguments: list[str], status: int, said: str
) -> None:
    done = vecsearch_command("dims", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert status == 2 or done.err.count("\n") == 1
