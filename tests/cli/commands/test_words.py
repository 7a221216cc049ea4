"""`vecsearch nearest` and `vecsearch analogy`: the words that they find, as lines and as JSON, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch.analysis import analogy, nearest_words

ROYAL = "king 1 1 0\nqueen 1 -1 0\nman 0 1 0.1\nwoman 0 -1 0.1\ntree 0 0 1\nice-cream 0 0.1 1\n東京 0.1 0 1\n"


@pytest.fixture
def royal(place: Path) -> str:
    write(place / "royal.txt", ROYAL)
    return "./royal.txt"


def words(out: str) -> list[str]:
    return [line.split()[1] for line in out.splitlines()]


def test_near_words_are_listed_with_their_similarity(vecsearch_command: Command, royal: str) -> None:
    done = vecsearch_command("nearest", "tree", "-n", "3", "--model", royal)
    found = nearest_words("tree", 3, model=royal)
    assert (done.status, done.err) == (0, "")
    assert words(done.out) == [each.word for each in found]
    assert [line.split()[0] for line in done.out.splitlines()] == [f"{each.similarity:.4f}" for each in found]
    bars = [line.split()[2] for line in done.out.splitlines()]
    assert bars == ["=" * round(20 * each.similarity) for each in found]


def test_arithmetic_is_written_as_arguments_or_as_one(vecsearch_command: Command, royal: str) -> None:
    one = vecsearch_command("analogy", "king - man + woman", "--model", royal, "-n", "2")
    several = vecsearch_command("analogy", "--model", royal, "-n", "2", "king", "-", "man", "+", "woman")
    assert one.out == several.out
    assert words(one.out) == [each.word for each in analogy("king - man + woman", 2, model=royal)]
    assert words(one.out)[0] == "queen"


def test_json_has_what_was_asked_and_what_was_found(vecsearch_command: Command, royal: str) -> None:
    near = vecsearch_command("nearest", "ice-cream", "--model", royal, "--json").json
    assert (near["word"], near["words"][0]["word"]) == ("ice-cream", "tree")
    solved = vecsearch_command("analogy", "king", "-", "man", "+", "woman", "--model", royal, "--json").json
    assert solved["expression"] == "king - man + woman"
    assert [each["word"] for each in solved["words"]] == [
        each.word for each in analogy("king - man + woman", model=royal)
    ]
    assert {len(each) for each in solved["words"]} == {2}


def test_the_words_of_an_index_are_asked_only_when_it_is_named(
    vecsearch_command: Command, place: Path, royal: str, encoder: CountingEncoder
) -> None:
    write(place / "notes" / "a.md", "The red house, a red tree.\n")
    assert vecsearch_command("index", "notes", "-i", ".vecsearch").status == 0
    named = vecsearch_command("nearest", "red", "-i", ".vecsearch")
    assert sorted(words(named.out)) == ["a", "house", "the", "tree"]
    assert sorted(words(vecsearch_command("analogy", "red + house", "-i", ".vecsearch").out)) == ["a", "the", "tree"]
    assert words(vecsearch_command("nearest", "king", "--model", royal, "-n", "1").out) == ["man"]


def test_the_only_word_has_no_other(vecsearch_command: Command, place: Path) -> None:
    write(place / "one.txt", "king 1 1\n")
    assert vecsearch_command("nearest", "king", "--model", "./one.txt").out == "no other word\n"


def test_an_empty_index_is_one_line(vecsearch_command: Command, place: Path) -> None:
    write(place / "notes" / "a.md", "one\n")
    vecsearch_command("index", "notes")
    vecsearch_command("delete", "notes/a.md")
    done = vecsearch_command("nearest", "king", "-i", ".vecsearch")
    assert (done.status, done.out) == (1, "")
    assert "has no words to choose from" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nearest", "river", "--model", "./royal.txt"], "royal.txt has no vector of the word 'river'"),
        (["analogy", "king", "-", "river", "--model", "./royal.txt"], "no vector of the word 'river'"),
        (["analogy", "king", "-", "--model", "./royal.txt"], "'king -' is not arithmetic with words"),
        (["analogy", "king - king", "--model", "./royal.txt"], "the words add up to zero"),
        (["nearest", "king", "--model", "no-such-model"], "no model 'no-such-model'"),
        (["nearest", "king", "-i", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    vecsearch_command: Command, royal: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = vecsearch_command(*arguments)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["nearest"], ["nearest", "a", "b"], ["analogy"], ["nearest", "a", "-n", "0"], ["nearest", "a", "--by", "x"]],
)
def test_wrong_usage_is_said(vecsearch_command: Command, arguments: list[str]) -> None:
    assert vecsearch_command(*arguments).status == 2
