"""`--threads` of the commands that train and distill, as the commands that encode have it."""

from __future__ import annotations

import json

import pytest

from tests.helpers.commands import Command
from tests.helpers.subcommands import named_commands
from tests.helpers.synonyms import pairs_of_synonyms
from tests.helpers.tiny_bert import write_tiny_bert
from tests.helpers.writing import write
from vecsearch.cli.main import cli

COMPUTING = ["index", "embed", "eval", "bench", "tune", "distill"]


@pytest.mark.parametrize("name", COMPUTING)
def test_what_computes_with_a_model_takes_threads(name: str) -> None:
    assert "--threads" in {flag for parameter in named_commands(cli)[name].params for flag in parameter.opts}


@pytest.mark.parametrize("arguments", [["tune", "pairs.jsonl"], ["distill", "model"]])
@pytest.mark.parametrize("threads", ["0", "-1", "all"])
def test_threads_that_cannot_be_are_wrong_usage(vecsearch_command: Command, arguments, threads) -> None:
    done = vecsearch_command(*arguments, "--threads", threads)
    assert (done.status, done.out) == (2, "")
    assert "'--threads'" in done.err


@pytest.mark.peer
@pytest.mark.slow
def test_a_model_is_tuned_on_as_many_cores_as_asked_for(vecsearch_command: Command, place, monkeypatch) -> None:
    pytest.importorskip("sentence_transformers", reason="the extra tune: pip install 'vecsearch[tune]'")
    pytest.importorskip("pytrec_eval", reason="the extra tune: pip install 'vecsearch[tune]'")
    import torch

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_bert(place / "tiny")
    lines = [{"query": pair.query, "passage": pair.passage} for pair in pairs_of_synonyms(40)]
    write(place / "pairs.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    wanted, seen, chosen = torch.get_num_threads() + 1, set(), torch.set_num_threads

    def watched(threads: int) -> None:
        seen.add(threads)
        chosen(threads)

    monkeypatch.setattr(torch, "set_num_threads", watched)
    done = vecsearch_command("tune", "pairs.jsonl", "--base", "./tiny", "--steps", "1", "--threads", str(wanted))
    assert (done.status, done.err) == (0, "")
    assert wanted in seen
    assert torch.get_num_threads() == wanted - 1
