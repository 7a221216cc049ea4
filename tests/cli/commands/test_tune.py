"""`vecsearch tune` and `vecsearch distill`: what they say, where they write, and what goes wrong in one line."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.synonyms import pairs_of_synonyms
from tests.helpers.tiny_bert import write_tiny_bert
from tests.helpers.writing import write
from vecsearch.training import DistillReport, TuneReport


@pytest.fixture
def tiny(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a tiny model, and pairs beside it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_bert(place / "tiny")
    lines = [{"query": pair.query, "passage": pair.passage} for pair in pairs_of_synonyms(40)]
    write(place / "pairs.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return place / "tiny"


@pytest.mark.peer
@pytest.mark.slow
class TestTrained:
    """With torch, sentence-transformers and ir-measures."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("sentence_transformers", reason="the extra tune: pip install 'vecsearch[tune]'")
        pytest.importorskip("pytrec_eval", reason="the extra tune: pip install 'vecsearch[tune]'")

    def test_a_model_is_tuned_and_what_was_done_is_said(self, tiny: Path, vecsearch_command: Command) -> None:
        done = vecsearch_command("tune", "pairs.jsonl", "--base", "./tiny", "--steps", "2", "--batch", "8")
        assert (done.status, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0].startswith("tiny-tuned: ./tiny after 2 steps, in ")
        assert lines[1] == "36 pairs; 2 steps done"
        assert lines[2] == "scored on 4 held-out queries:"
        assert "nDCG@10 went from " in lines[3]
        assert Path("tiny-tuned/README.md").is_file()

    def test_the_json_has_the_report(self, tiny: Path, vecsearch_command: Command) -> None:
        arguments = ["--base", "./tiny", "-o", "made", "--steps", "1", "--seed", "3", "--json"]
        found = vecsearch_command("tune", "pairs.jsonl", *arguments).json
        assert list(found) == [field.name for field in fields(TuneReport)]
        assert (found["model"], found["base"], found["steps"]) == ("made", "./tiny", 1)

    def test_an_index_gives_pairs_and_hard_negatives(self, tiny: Path, place: Path, vecsearch_command: Command) -> None:
        texts = [
            "The red house stands by the sea. Old sailors drink their tea there every morning.",
            "A green tree grows near the church. Children climb it after school in summer.",
            "The blue river floods each spring. Farmers then bring their cattle to the hills.",
            "An iron bridge crosses the valley. Trains have used it for more than ninety years.",
            "Our baker opens before sunrise. Fresh bread smells good when the street is empty.",
        ]
        for number, text in enumerate(texts):
            write(place / "notes" / f"{number}.md", f"# Part {number} of the town\n\n{text}\n")
        assert vecsearch_command("index", "notes", "-i", "notes.vs").status == 0
        arguments = ["--base", "./tiny", "-o", "made", "--steps", "1", "--batch", "2", "--json"]
        found = vecsearch_command("tune", "--from-index", "notes.vs", *arguments)
        assert found.status == 0, found.err
        assert found.json["pairs"] >= 6
        assert found.json["hard"] > 0


@pytest.mark.peer
@pytest.mark.slow
class TestDistilled:
    """With torch and model2vec."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("skeletoken", reason="the extra distill: pip install 'vecsearch[distill]'")
        pytest.importorskip("torch", reason="the extra distill: pip install 'vecsearch[distill]'")

    def test_a_model_is_distilled_and_indexes_with_the_words_of_another(
        self, tiny: Path, place: Path, vecsearch_command: Command
    ) -> None:
        write(place / "notes" / "a.md", "the treehouse is red\n")
        write(place / "notes" / "b.md", "the treehouse is green\n")
        assert vecsearch_command("index", "notes", "-i", "notes.vs").status == 0
        done = vecsearch_command("distill", "./tiny", "--dim", "8", "--vocab-from", "notes.vs")
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("tiny-static: 60 tokens (with 3 words of an index) of 8 dimensions")
        found = vecsearch_command("distill", "./tiny", "--dim", "8", "-o", "plain", "--json").json
        assert list(found) == [field.name for field in fields(DistillReport)]
        assert (found["model"], found["teacher"], found["dim"], found["words"]) == ("plain", "./tiny", 8, 0)

    def test_what_cannot_be_distilled_is_said(self, tiny: Path, vecsearch_command: Command) -> None:
        for arguments, said in (
            (["./tiny", "-o", "tiny"], "tiny already exists: name another folder"),
            (["./tiny", "--dim", "0"], "dim is 0, expected a whole number of at least 1"),
            (["nowhere"], "no model 'nowhere'"),
            (["./tiny", "--device", "abacus"], "device 'abacus' cannot be used"),
        ):
            done = vecsearch_command("distill", *arguments)
            assert (done.status, done.out) == (1, "")
            assert said in done.err
            assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "name a file or folder of PAIRS or, with --from-index, an INDEX"),
        (["pairs.jsonl", "--from-index", "i"], 2, "name a file"),
        (["gone.jsonl"], 1, "gone.jsonl does not exist: check the path"),
        (["pairs.jsonl", "--rate", "0"], 1, "rate is 0.0, expected a number above 0"),
        (["pairs.jsonl", "--negatives", "nowhere"], 1, "no index at nowhere"),
        (["--from-index", "nowhere"], 1, "no index at nowhere"),
        (["pairs.jsonl", "--split", "x", "-o", "tiny"], 1, "tiny already exists: name another folder"),
    ],
)
def test_what_goes_wrong_is_said(
    tiny: Path, vecsearch_command: Command, arguments: list[str], status: int, said: str
) -> None:
    done = vecsearch_command("tune", *arguments, "--base", "./tiny")
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert status == 2 or done.err.count("\n") == 1


@pytest.mark.slow
def test_without_its_packages_distilling_says_what_installs_them(
    tiny: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec.distill", None)
    done = vecsearch_command("distill", "./tiny")
    assert (done.status, done.out) == (1, "")
    assert done.err == "vecsearch: distilling a model needs model2vec[distill]: pip install 'vecsearch[distill]'\n"
