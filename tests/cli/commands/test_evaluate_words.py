"""`vecsearch eval --words` and `--sts`: models side by side, as tables and as JSON, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch.analysis import evaluate_sts, evaluate_words

ROYAL = "king 1 1 0\nqueen 1 -1 0\nman 0 1 0.1\nwoman 0 -1 0.1\ntree 0 0 1\n"
OTHER = "king 1 0\nqueen 0 1\nman 1 1\nwoman 1 0.5\n"
QUESTIONS = ": family\nman king woman queen\nking man queen woman\nman king boy prince\n: empty\nboy girl he she\n"
PAIRS = "king\tqueen\t9\nking\tman\t5\nqueen\twoman\t2\n"
TEXTS = "king,queen,9\nthe king,a man,5\nqueen,woman,2\n"


@pytest.fixture(autouse=True)
def sets(place: Path) -> None:
    write(place / "royal.txt", ROYAL)
    write(place / "other.txt", OTHER)
    write(place / "words" / "questions.txt", QUESTIONS)
    write(place / "words" / "pairs.txt", PAIRS)
    write(place / "texts.csv", TEXTS)


def line(out: str, name: str) -> list[str]:
    """What stands behind a name in the first line that begins with it."""
    return next(line.split()[1:] for line in out.splitlines() if line.split()[:1] == [name])


def test_models_stand_side_by_side(vecsearch_command: Command) -> None:
    done = vecsearch_command("eval", "--words", "words", "--model", "./royal.txt", "--model", "./other.txt")
    assert (done.status, done.err) == (0, "")
    scores = [
        evaluate_words("words", model=model, by=by)
        for model in ("./royal.txt", "./other.txt")
        for by in ("rows", "texts")
    ]
    assert line(done.out, "royal.txt") == ["royal.txt", "other.txt", "other.txt"]
    assert line(done.out, "rows") == ["texts", "rows", "texts"]
    family = [each.analogies[0] for each in scores]
    assert line(done.out, "family") == [part for each in family for part in (f"{each.accuracy:.3f}", str(each.asked))]
    assert line(done.out, "all") == line(done.out, "family")
    assert line(done.out, "empty") == ["-", "0"] * 4
    assert line(done.out, "candidate") == ["words", *(str(each.choices) for each in scores)]
    pairs = [each.similarities[0] for each in scores]
    assert line(done.out, "pairs") == [part for each in pairs for part in (f"{each.spearman:.3f}", str(each.pairs))]


def test_texts_are_scored_by_one_figure_a_model(vecsearch_command: Command) -> None:
    done = vecsearch_command("eval", "--sts", "texts.csv", "--model", "./royal.txt")
    [score] = evaluate_sts("texts.csv", model="./royal.txt").similarities
    assert line(done.out, "texts") == [f"{score.spearman:.3f}", "3"]
    assert "analogies" not in done.out


def test_json_has_every_score(vecsearch_command: Command) -> None:
    both = ("--words", "words", "--sts", "texts.csv")
    fields = vecsearch_command("eval", *both, "--by", "rows", "--model", "./royal.txt", "--json").json
    assert list(fields) == ["words", "sts"]
    [words], [sts] = fields["words"], fields["sts"]
    assert (words["model"], words["by"], words["choices"]) == ("./royal.txt", "rows", 5)
    assert [(each["name"], each["asked"], each["skipped"]) for each in words["analogies"]] == [
        ("family", 2, 1),
        ("empty", 0, 1),
    ]
    assert words["analogies"][1]["accuracy"] is None
    assert sts["similarities"][0]["pairs"] == 3


def test_a_set_without_an_order_has_a_dash(vecsearch_command: Command, place: Path) -> None:
    write(place / "flat.txt", "king\tqueen\t1\nking\tman\t1\n")
    out = vecsearch_command("eval", "--words", "flat.txt", "--model", "./royal.txt", "--by", "rows").out
    assert line(out, "flat") == ["-", "2"]
    assert "analogies" not in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--words", "words", "folder"], 2, "leave out FOLDER and --pairs"),
        (["--sts", "texts.csv", "--pairs", "p.csv"], 2, "leave out FOLDER and --pairs"),
        (["--words", "words", "--splitter", "sentences"], 2, "--splitter is for an index created from FOLDER: --words"),
        (["--words", "words", "--dim", "2"], 2, "--dim is for an index created from FOLDER"),
        (["--sts", "texts.csv", "--no-context"], 2, "--context is for an index created from FOLDER"),
        (["--sts", "texts.csv", "--recall", "1"], 2, "--recall is for an index created from FOLDER"),
        (["--by", "rows", "folder"], 2, "need --words or --sts"),
        (["--model", "a", "--model", "b", "folder"], 2, "need --words or --sts"),
        (["--words", "nowhere"], 1, "nowhere is neither a file nor a folder with .txt files"),
        (["--sts", "royal.txt"], 1, "royal.txt:2: expected two texts and a number"),
        (["--words", "words", "--model", "openai:x@http://localhost:1/v1"], 1, "shows neither tokens nor a matrix"),
    ],
)
def test_what_does_not_go_together_is_said(
    vecsearch_command: Command, arguments: list[str], status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    done = vecsearch_command("eval", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in " ".join(done.err.split())
    if status == 1:
        assert done.err.count("\n") == 1
