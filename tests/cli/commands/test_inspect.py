"""`vecsearch inspect`: what it says of a text and of a word in two, as tables and as JSON, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.commands import Command
from tests.helpers.static_models import write_wordllama
from tests.helpers.tiny_bert import write_graph, write_tiny_bert
from vecsearch.analysis import compare_token, inspect_text

TEXT, OTHER = "the red tree", "a green tree, a house"


@pytest.fixture
def tiny(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_bert(place / "tiny")
    return "./tiny"


def test_a_text_is_shown_token_by_token_and_step_by_step(vecsearch_command: Command, tiny: str) -> None:
    done = vecsearch_command("inspect", TEXT, "--model", tiny)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    found = inspect_text(TEXT, model=tiny)
    assert lines[0] == TEXT
    rows = [line.split() for line in lines[3 : 3 + len(found.tokens)]]
    assert [row[:2] for row in rows] == [[token.token, str(token.id)] for token in found.tokens]
    assert [row[2] for row in rows][:2] == ["special", "0-1"]
    near = found.tokens[-2].nearest
    assert rows[-2][5:] == [part for each in near for part in (each.token, f"{each.similarity:.2f}")]
    said = {line[:10].strip(): line[12:] for line in lines[4 + len(found.tokens) :]}
    assert said["matrix E"] == "V = 59 tokens x D = 32 numbers, 0.0 MB as float32"
    assert said["look-up"].endswith("largest difference 0")
    assert said["positions"] == "learned, up to 24"
    assert said["pooling"].startswith("mean of the tokens' vectors, of length ")
    assert said["vector"].startswith("32 numbers, scaled to length 1: ")


def test_json_has_what_the_library_gives(vecsearch_command: Command, tiny: str) -> None:
    done = vecsearch_command("inspect", TEXT, OTHER, "--model", tiny, "--nearest", "1", "--role", "query", "--json")
    assert done.status == 0
    assert list(done.json) == ["texts"]
    for text, fields in zip([TEXT, OTHER], done.json["texts"], strict=True):
        found = inspect_text(text, model=tiny, nearest=1, role="query")
        assert [token["token"] for token in fields["tokens"]] == [token.token for token in found.tokens]
        assert fields["matrix"]["one_hot_difference"] == 0
        assert "rows" not in fields
        np.testing.assert_allclose(fields["vector"], found.vector, atol=1e-6)
        assert {len(token["nearest"]) for token in fields["tokens"]} == {1}


def test_the_keys_of_its_json_are_those_that_the_page_lists(vecsearch_command: Command, tiny: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")

    def listed(cell: str) -> list[str]:
        return re.findall(r"`([^`]+)`", re.search(rf"^\| {re.escape(cell)} \|(.*)\|$", page, re.M)[1])

    one = vecsearch_command("inspect", TEXT, "--model", tiny, "--json").json
    two = vecsearch_command("inspect", TEXT, OTHER, "--token", "tree", "--model", tiny, "--json").json
    assert listed("`inspect`") == [*one, "--token", *two]
    assert listed("`texts` of `inspect`") == list(one["texts"][0])
    near = vecsearch_command("nearest", "red", "--model", tiny, "--json").json
    solved = vecsearch_command("analogy", "red", "--model", tiny, "--json").json
    assert (listed("`nearest`"), listed("`analogy`")) == (list(near), list(solved))
    assert listed("`words` of `nearest`, `analogy`") == list(near["words"][0]) == list(solved["words"][0])


def test_several_texts_follow_one_another(vecsearch_command: Command, tiny: str) -> None:
    out = vecsearch_command("inspect", TEXT, OTHER, "--model", tiny, "--nearest", "0").out
    assert out.count("matrix E") == 2
    assert out.index(TEXT) < out.index(OTHER)
    assert "nearest rows" not in out


def test_a_word_is_compared_in_two_texts(vecsearch_command: Command, tiny: str) -> None:
    done = vecsearch_command("inspect", TEXT, OTHER, "--token", "tree", "--model", tiny)
    found = compare_token("tree", TEXT, OTHER, model=tiny)
    assert (done.status, done.err) == (0, "")
    assert f"1  {TEXT}   tree is tokenized as tree" in done.out
    assert "static similarity      1.0000 " in done.out
    assert f"contextual similarity  {found.contextual:.4f} " in done.out
    rows = [line.split() for line in done.out.splitlines()[-len(found.first_tokens) :]]
    assert [row[0] for row in rows] == list(found.first_tokens)
    shown = [[f"{cosine:.2f}" for cosine in row] for row in found.grid.tolist()]
    assert [row[1:] for row in rows] == shown


def test_a_wide_grid_goes_on_below(vecsearch_command: Command, tiny: str) -> None:
    long = "red tree green house blue river a b c d e f"
    done = vecsearch_command("inspect", TEXT, long, "--token", "tree", "--model", tiny)
    assert max(map(len, done.out.splitlines())) <= 120
    assert sum(line.startswith("red ") for line in done.out.splitlines()) == 2
    fields = vecsearch_command("inspect", TEXT, long, "--token", "tree", "--model", tiny, "--json").json
    assert (len(fields["grid"]), len(fields["grid"][0])) == (len(fields["first_tokens"]), 12)


def test_what_a_model_does_not_have_is_said(vecsearch_command: Command, place: Path, tiny: str) -> None:
    write_wordllama(place / "static")
    out = vecsearch_command("inspect", "red tree", "--model", "./static").out
    assert "it has  no positions: the order of the tokens changes nothing" in out
    assert "no vectors in context" in out
    (place / "tiny" / "model.safetensors").unlink()
    write_graph(place / "tiny" / "model.onnx")
    assert "matrix E" in vecsearch_command("inspect", "red tree", "--model", tiny).out


def test_what_is_cut_or_unknown_is_said(vecsearch_command: Command, place: Path, tiny: str) -> None:
    assert "not read  18 tokens" in vecsearch_command("inspect", "red " * 40, "--model", tiny).out
    (place / "words.txt").write_text("red 1 0\ntree 0 1\n")
    out = vecsearch_command("inspect", "a red tree", "--model", "./words.txt").out
    assert "unknown  a\n" in out


def test_without_a_matrix_no_static_similarity_is_made_up(
    vecsearch_command: Command, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vecsearch.models.encoders.token_matrix.matrix_in_folder", lambda _: None)
    out = vecsearch_command("inspect", TEXT, OTHER, "--token", "tree", "--model", tiny).out
    assert "static similarity      unknown: the model's matrix cannot be read" in out
    out = vecsearch_command("inspect", TEXT, "--model", tiny).out
    assert "matrix E" not in out
    assert "it has  no matrix that can be read" in out


def test_a_long_token_is_cut_to_its_column(vecsearch_command: Command, place: Path) -> None:
    (place / "words.txt").write_text("Donaudampfschifffahrt 1 0\ntree 0 1\n")
    out = vecsearch_command("inspect", "Donaudampfschifffahrt", "--model", "./words.txt").out
    assert "\nDonaudampfschiff       0  0-21 " in out


def test_wide_and_moving_characters_keep_the_table(vecsearch_command: Command, place: Path) -> None:
    (place / "words.txt").write_text("東京 1 0\n\x1b[31mred 0 1\ntree 1 1\n", encoding="utf-8")
    done = vecsearch_command("inspect", "tree", "--model", "./words.txt", "--nearest", "2")
    assert done.status == 0
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inspect", "", "--model", "./tiny"], "the text is empty"),
        (["inspect", "red", "--model", "openai:text-embedding-3-small"], "shows neither tokens nor a matrix"),
        (["inspect", "red", "blue", "--token", "red", "--model", "./tiny"], "'red' is not in the text 'blue'"),
        (["inspect", "red", "--model", "no-such-model"], "no model 'no-such-model'"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    vecsearch_command: Command, tiny: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    done = vecsearch_command(*arguments)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("texts", [[], ["red"], ["red", "blue", "green"]])
def test_a_word_is_compared_in_two_texts_only(vecsearch_command: Command, texts: list[str]) -> None:
    done = vecsearch_command("inspect", *texts, "--token", "red")
    assert (done.status, done.out) == (2, "")
    assert "Usage: vecsearch inspect" in done.err
