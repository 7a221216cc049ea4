"""`vecsearch eval` and `vecsearch bench`: collections, pairs, baselines, and what goes wrong in one line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.beir_folder import HEADER, write_beir
from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from tests.helpers.writing import content_of, write
from vecsearch.analysis import Comparison, Latency, Timings

pytest.importorskip("pytrec_eval", reason="the extra eval: pip install 'vecsearch[eval]'")

DOCUMENTS = {
    "d1": ("Cats", "Cats purr and sleep by day."),
    "d2": ("Dogs", "Dogs bark at night."),
    "d3": ("Birds", "Birds sing in the morning."),
}
QUERIES = {"q1": "cats purr", "q2": "dogs bark at night", "q3": "who sings", "q4": "who swims"}
JUDGEMENTS = [("q1", "d1", 1), ("q2", "d2", 2), ("q3", "d3", 1)]


@pytest.fixture
def pets(place: Path) -> Path:
    """A collection in BEIR form, three of its four queries judged."""
    return write_beir(place / "pets", DOCUMENTS, QUERIES, JUDGEMENTS)


@pytest.fixture
def notes(place: Path, vecsearch_command: Command) -> Path:
    """A folder that is indexed, and pairs of queries and its files."""
    write(place / "notes" / "cats.md", "Cats purr and sleep by day.\n")
    write(place / "notes" / "dogs.md", "Dogs bark at night.\n")
    assert vecsearch_command("index", "notes").status == 0
    return write(place / "pairs.csv", "query,document\ncats purr,notes/cats.md\nwhat barks at night,notes/dogs.md\n")


def refused(command: Command, *arguments: str | Path, status: int = 1) -> str:
    done = command(*arguments)
    assert (done.status, done.out) == (status, "")
    assert "Traceback" not in done.err
    if status == 1:
        assert done.err.count("\n") == 1
    return done.err


def test_a_collection_is_scored_in_an_index_that_is_thrown_away(
    pets: Path, place: Path, vecsearch_command: Command
) -> None:
    done = vecsearch_command("eval", "pets", "--mode", "dense")
    assert (done.status, done.err) == (0, "")
    head, unjudged, _, titles, dense = done.out.splitlines()
    assert head == "pets: 3 queries, 3 documents in 3 chunks, counting"
    assert unjudged == "1 query left out: without qrels"
    assert titles.split()[:7] == ["mode", "nDCG@10", "recall@10", "recall@100", "MRR@10", "MAP@100", "precision@10"]
    assert re.match(r"dense +[01]\.\d{4} +1\.0000 +1\.0000 +[01]\.\d{4} +[01]\.\d{4} +0\.1000( +[\d.]+){2}$", dense)
    assert sorted(path.name for path in place.iterdir()) == ["pets"]


def test_the_keys_of_its_json_are_those_that_the_page_lists(pets: Path, vecsearch_command: Command) -> None:
    write(pets.parent / "before.json", vecsearch_command("eval", "pets", "--json").out)
    found = vecsearch_command("eval", "pets", "--json", "--baseline", "before.json").json
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")

    def listed(cell: str) -> list[str]:
        return re.findall(r"`([^`]+)`", re.search(rf"^\| {re.escape(cell)} \|(.*)\|$", page, re.M)[1])

    assert list(found) == listed("`eval`")
    assert list(found["modes"][0]) == listed("`modes` of `eval`")
    assert list(found["comparisons"][0]) == listed("`comparisons`") == [field.name for field in fields(Comparison)]
    assert list(found["modes"][0]["latency"]) == [field.name for field in fields(Latency)]
    assert listed("`bench`") == ["path", "file", *(field.name for field in fields(Timings))]
    assert (found["queries"], found["unjudged"], found["failed"], found["baseline"]) == (3, 1, 0, "before.json")


def test_an_index_that_is_named_is_made_and_used_again_without_encoding(
    pets: Path, place: Path, vecsearch_command: Command, encoder: CountingEncoder
) -> None:
    first = vecsearch_command("eval", "pets", "-i", "made", "--json").json
    version = vecsearch_command("info", "-i", "made", "--json").json["version"]
    encoder.encoded.clear()
    second = vecsearch_command("eval", "pets", "-i", "made", "--json").json
    assert encoder.encoded == []
    assert second["modes"][0]["per_query"] == first["modes"][0]["per_query"]
    assert vecsearch_command("info", "-i", "made", "--json").json["version"] == version


def test_an_index_follows_its_collection(pets: Path, vecsearch_command: Command) -> None:
    vecsearch_command("eval", "pets", "-i", "made")
    write_beir(pets, {"d1": DOCUMENTS["d1"], "d4": ("Fish", "Fish swim.")}, QUERIES, [*JUDGEMENTS, ("q4", "d4", 1)])
    found = vecsearch_command("eval", "pets", "-i", "made", "--json").json
    assert (found["documents"], found["queries"], found["absent"]) == (2, 4, 2)


def test_an_index_of_something_else_is_refused_and_stays_as_it_is(
    pets: Path, notes: Path, place: Path, vecsearch_command: Command
) -> None:
    before = content_of(place / ".vecsearch")
    said = refused(vecsearch_command, "eval", "pets", "-i", ".vecsearch")
    corpus = Path("pets") / "corpus.jsonl"
    assert f"vecsearch: .vecsearch also holds 2 documents that are not in {corpus} and would be found too" in said
    assert content_of(place / ".vecsearch") == before


def test_an_index_that_nobody_named_is_never_written_to(
    pets: Path, notes: Path, place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VECSEARCH_INDEX", ".vecsearch")
    before = content_of(place / ".vecsearch")
    assert vecsearch_command("eval", "pets", "--json").json["documents"] == 3
    assert content_of(place / ".vecsearch") == before


def test_a_new_index_is_of_the_kind_asked_for_and_no_other_is_taken_for_it(
    pets: Path, vecsearch_command: Command
) -> None:
    how_cut = ("--chunk-tokens", "8", "--overlap", "2", "--splitter", "sentences", "--context")
    kind = (*how_cut, "--dim", "16", "--language", "de", "--recall", "0.9")
    assert vecsearch_command("eval", "pets", "-i", "made", *kind).status == 0
    made = vecsearch_command("info", "-i", "made", "--json").json
    assert (made["chunk_tokens"], made["overlap"], made["splitter"], made["context"]) == (8, 2, "sentences", True)
    assert (made["dim"], made["language"], made["recall"]) == (16, "de", 0.9)
    assert vecsearch_command("eval", "pets", "-i", "made", *kind).status == 0
    for flag, value, has in (("--chunk-tokens", "9", "8"), ("--splitter", "structure", "sentences")):
        said = refused(vecsearch_command, "eval", "pets", "-i", "made", flag, value)
        assert said.endswith(f"made was created with {flag} {has}, not {value}: name another index with -i\n")


def test_the_model_and_how_it_is_run_are_passed_on(
    pets: Path, notes: Path, vecsearch_command: Command, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def load(model: str, **how: Any) -> CountingEncoder:
        asked.append((model, how))
        return encoder

    set_loader(load, monkeypatch)
    assert vecsearch_command("eval", "pets", "--model", "other", "--runtime", "onnxruntime").status == 0
    assert vecsearch_command("eval", "--pairs", notes, "--threads", "1").status == 0
    assert vecsearch_command("bench", "--n", "2", "--threads", "2").status == 0
    how = [{"runtime": "onnxruntime"}, {"threads": 1}, {"threads": 2}]
    assert asked == list(zip(["other", "counting", "counting"], how, strict=True))


def test_pairs_of_ones_own_are_scored_in_the_index_that_is_there(notes: Path, vecsearch_command: Command) -> None:
    done = vecsearch_command("eval", "--pairs", "pairs.csv")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "2 queries, 2 documents in 2 chunks, counting"
    found = vecsearch_command("eval", "--pairs", "pairs.csv", "--json").json
    assert found["modes"][0]["per_query"]["cats purr"]["MRR@10"] == 1.0
    assert found["absent"] == 0


def test_what_is_missing_is_counted_and_said(pets: Path, vecsearch_command: Command) -> None:
    lines = "q1\td1\t1\nq1\tlost\t1\ngone\td1\t1\nq2\td2\t0\n"
    write(pets / "qrels" / "test.tsv", HEADER + lines)
    with (pets / "corpus.jsonl").open("a") as corpus:
        corpus.write(json.dumps({"_id": "d1", "text": "Again."}) + "\n")
    said = vecsearch_command("eval", "pets").out.splitlines()
    assert said[1:6] == [
        "2 queries left out: without qrels",
        "1 query left out: in the qrels but without a text",
        "1 query left out: without a relevant document",
        "1 relevant document not in the index, which no search can find",
        f"1 document could not be indexed; to see why: vecsearch index {Path('pets') / 'corpus.jsonl'}",
    ]
    found = vecsearch_command("eval", "pets", "--json").json
    assert [found[name] for name in ("unjudged", "textless", "unanswerable", "absent", "failed")] == [2, 1, 1, 1, 1]


def test_an_earlier_run_is_compared_query_by_query(pets: Path, place: Path, vecsearch_command: Command) -> None:
    found = vecsearch_command("eval", "pets", "--json").json
    scores = found["modes"][0]["per_query"]
    scores["q1"] = dict.fromkeys(scores["q1"], 0.0)
    scores["q2"] = dict.fromkeys(scores["q2"], 0.25)
    scores["q3"] = dict.fromkeys(scores["q3"], 1.0)
    write(place / "before.json", json.dumps(found))
    done = vecsearch_command("eval", "pets", "--mode", "dense", "--baseline", "before.json", "--queries", "1")
    assert (done.status, done.err) == (0, "")
    assert re.search(r"^baseline +0\.4167 ", done.out, re.M)
    assert re.search(r"^dense +nDCG@10 +\+0\.\d{4} +p [01]\.\d{4} +2 better, \d worse, \d same$", done.out, re.M)
    gain = done.out.split("dense: largest gains in nDCG@10\n")[1].splitlines()
    assert gain[0] == "  +1.0000  q1  cats purr"
    assert gain[1] == ""


def test_what_did_not_change_neither_gains_nor_loses(notes: Path, place: Path, vecsearch_command: Command) -> None:
    write(place / "before.json", vecsearch_command("eval", "--pairs", "pairs.csv", "--json").out)
    how = ("--mode", "dense", "--baseline", "before.json", "--queries", "3")
    done = vecsearch_command("eval", "--pairs", "pairs.csv", *how)
    assert done.out.endswith("dense: largest gains in nDCG@10: none\n\ndense: largest losses in nDCG@10: none\n")
    assert done.out.count("p 1.0000   0 better, 0 worse, 2 same") == 6


def test_with_nothing_to_compare_with_the_queries_that_score_least_are_shown(
    notes: Path, place: Path, vecsearch_command: Command
) -> None:
    write(place / "pairs.csv", "query,document\ncats purr,notes/cats.md\n\x1b[2Jcats purr,notes/lost.md\n")
    shown = vecsearch_command("eval", "--pairs", "pairs.csv", "--mode", "dense", "--queries", "1").out
    assert shown.endswith("\nlowest nDCG@10\n   0.0000  \\x1b[2Jcats purr\n")


def test_several_modes_stand_beside_one_another(place: Path, vecsearch_command: Command) -> None:
    """Queries have other endings of rare words, which words find at once and hashed words do not."""
    rare = ["zebra", "giraffe", "okapi", "tapir", "gnu", "ibex"]
    texts = {name: ("", f"{name} {' '.join(other for other in rare if other != name)} {name}s") for name in rare}
    queries = {"q1": "okapis", "q2": "ibexes that climb", "q3": "a zebra"}
    write_beir(place / "zoo", texts, queries, [("q1", "okapi", 1), ("q2", "ibex", 1), ("q3", "zebra", 1)])
    order = ["lexical", "dense", "hybrid"]
    asked = ("eval", "zoo", *(part for mode in order for part in ("--mode", mode)))
    found = vecsearch_command(*asked, "--json").json
    assert [mode["mode"] for mode in found["modes"]] == order
    lexical, dense, hybrid = (mode["scores"]["MRR@10"] for mode in found["modes"])
    assert lexical == 1.0 > dense != hybrid
    assert {(each["mode"], each["against"]) for each in found["comparisons"]} == {
        ("dense", "lexical"),
        ("hybrid", "lexical"),
    }
    shown = vecsearch_command(*asked, "--queries", "2").out
    assert re.findall(r"^(lexical|dense|hybrid) +[01]\.", shown, re.M) == order
    worse = next(each for each in found["comparisons"] if each["measure"] == "MRR@10")
    said = rf"^dense +MRR@10 +-{-worse['difference']:.4f} +p {worse['p']:.4f} +0 better, {worse['worse']} worse"
    assert re.search(said, shown, re.M)
    assert "dense: largest gains in nDCG@10: none" in shown
    assert len(shown.split("dense: largest losses in nDCG@10\n")[1].split("\n\n")[0].splitlines()) == 2


def test_unless_some_are_named_every_mode_is_scored(pets: Path, vecsearch_command: Command) -> None:
    found = vecsearch_command("eval", "pets", "--json").json
    assert [mode["mode"] for mode in found["modes"]] == ["hybrid", "dense", "lexical"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "vecsearch: nowhere is not a collection in BEIR form: it has no corpus.jsonl"),
        (["pets", "--split", "dev"], "has no split 'dev': it has test"),
        (["pets", "--mode", "magic"], "mode is 'magic'; one of: hybrid, dense, lexical"),
        (
            ["pets", "--baseline", "before.json"],
            "before.json: file not found; make it with vecsearch eval ... --json > before.json",
        ),
        (["pets", "--baseline", "pets/corpus.jsonl"], "is not the output of vecsearch eval --json"),
        (["--pairs", "none.csv"], "none.csv: file not found; check the path"),
        (["--pairs", "pets/queries.jsonl"], "queries.jsonl:1: no field 'query', found _id, text"),
        (["--pairs", "own.csv"], "no index at .vecsearch"),
    ],
)
def test_what_cannot_be_scored_is_said_in_one_line(
    pets: Path, place: Path, vecsearch_command: Command, encoder: CountingEncoder, arguments: list[str], said: str
) -> None:
    write(place / "own.csv", "query,document\ncats purr,d1\n")
    assert said in refused(vecsearch_command, "eval", *arguments)
    assert encoder.encoded == []


def test_without_the_library_nothing_is_indexed_first(
    pets: Path, vecsearch_command: Command, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    said = refused(vecsearch_command, "eval", "pets")
    assert said == "vecsearch: scoring searches needs ir-measures: pip install 'vecsearch[eval]'\n"
    assert encoder.encoded == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["eval"],
        ["eval", "pets", "--pairs", "pairs.csv"],
        ["eval", "--pairs", "own.csv", "--chunk-tokens", "9"],
        ["eval", "--pairs", "own.csv", "--no-context"],
        ["eval", "pets", "-k", "0"],
        ["eval", "pets", "--queries", "0"],
        ["bench", "--n", "0"],
        ["bench", "more"],
    ],
)
def test_wrong_usage_is_status_2(pets: Path, place: Path, vecsearch_command: Command, arguments: list[str]) -> None:
    write(place / "own.csv", "query,document\ncats purr,d1\n")
    assert "Usage: vecsearch" in refused(vecsearch_command, *arguments, status=2)


def test_bench_times_its_own_queries(notes: Path, place: Path, vecsearch_command: Command) -> None:
    before = content_of(place / ".vecsearch")
    done = vecsearch_command("bench", "--n", "20", "-k", "3")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "2 chunks of 32 dimensions, counting; k 3"
    assert lines[1] == "20 queries sampled from the index, seed 0; the first 20 with their texts"
    assert [line.split("  ")[0] for line in lines[4:8]] == ["vector", "cached text", "new text", "vectors, batch"]
    assert lines[9] == "recall@3 1.0000 against brute force over all vectors (20 queries)"
    assert content_of(place / ".vecsearch") == before


def test_bench_times_the_queries_of_a_file(notes: Path, place: Path, vecsearch_command: Command) -> None:
    write(place / "queries.txt", "cats\ndogs\nbirds\n")
    done = vecsearch_command("bench", "--queries", "queries.txt", "--n", "2", "--seed", "7", "--json").json
    assert (done["file"], done["queries"], done["texts"], done["seed"]) == ("queries.txt", 2, 2, 7)
    assert (done["recall"], done["chunks"]) == (1.0, 2)
    assert (
        "2 queries from queries.txt; the first 2"
        in vecsearch_command("bench", "--queries", "queries.txt", "--n", "2").out
    )


def test_bench_of_what_is_not_there_is_said_in_one_line(notes: Path, place: Path, vecsearch_command: Command) -> None:
    assert "no file at none.txt" in refused(vecsearch_command, "bench", "--queries", "none.txt")
    assert "no index at nowhere" in refused(vecsearch_command, "bench", "-i", "nowhere")
