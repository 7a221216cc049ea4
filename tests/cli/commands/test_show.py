"""`vecsearch show`: a passage in its surroundings, for people and as JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write

TEXT = "# Cats\n\n" + "cats purr at night. " * 12 + "\n\n## Food\n\n" + "fish and milk. " * 12


@pytest.fixture
def notes(place: Path, vecsearch_command: Command) -> Path:
    write(place / "notes" / "cats.md", TEXT)
    vecsearch_command("index", "notes", "--chunk-tokens", "32", "--meta", "team=animals")
    return place / "notes"


def test_the_lines_of_the_passage_have_a_bar_and_those_around_it_do_not(
    vecsearch_command: Command, notes: Path
) -> None:
    done = vecsearch_command("show", "notes/cats.md#1")
    first, *rest = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert first.startswith(f"{Path('notes', 'cats.md')}:3  chunk 2 of ")
    assert "     team: animals" in rest
    body = [line for line in rest if not line.startswith("     ")]
    marks = "".join("|" if line.startswith("| ") else " " for line in body)
    assert marks.strip() == marks.strip().replace(" ", "")
    assert marks[0] == marks[-1] == " "
    assert "".join(line[2:] for line in body).replace(" ", "") in TEXT.replace(" ", "").replace("\n", "")


def test_the_id_that_a_search_shows_can_be_shown(vecsearch_command: Command, notes: Path) -> None:
    out = vecsearch_command("search", "milk", "-k", "1").out
    shown = re.search(r"1\. (\S+)", out).group(1)  # type: ignore[union-attr]
    done = vecsearch_command("show", shown, "--context", "0")
    assert (done.status, "milk" in done.out) == (0, True)
    assert all(line.startswith(("| ", "     ")) for line in done.out.splitlines()[1:])


def test_every_place_that_a_search_shows_is_that_of_its_passage(vecsearch_command: Command, notes: Path) -> None:
    """Also where several passages begin on one line."""
    write(notes / "line.md", "cats drink milk and sleep in the sun all day long. " * 20)
    vecsearch_command("index", "notes")
    hits = vecsearch_command("search", "cats milk", "-n", "50", "--json").json["hits"]
    shown = re.findall(r"^ ?\d+\. (\S+)", vecsearch_command("search", "cats milk", "-n", "50").out, re.M)
    assert len(hits) == len(shown) > 5
    assert len({(hit["source"], hit["line"]) for hit in hits}) < len(hits)
    ids = [vecsearch_command("show", name, "--json").json["chunk_id"] for name in shown]
    assert sorted(ids) == sorted(hit["chunk_id"] for hit in hits)
    assert len(vecsearch_command("search", "--like", shown[-1], "-n", "50", "--json").json["hits"]) == len(hits) - 1


def test_a_document_is_shown_from_its_beginning(vecsearch_command: Command, notes: Path) -> None:
    assert vecsearch_command("show", "notes/cats.md", "--json").json["ordinal"] == 0


def test_json_has_the_passage_and_what_is_around_it(vecsearch_command: Command, notes: Path) -> None:
    found = vecsearch_command("show", "notes/cats.md#1", "--context", "100", "--json").json
    text = notes.joinpath("cats.md").read_text()
    assert (found["before"] + found["text"] + found["after"]).split() == text.split()
    assert text[found["start"] : found["end"]] == found["text"]
    assert (found["chunk_id"], found["ordinal"], found["metadata"]["team"]) == ("notes/cats.md#1", 1, "animals")
    assert (found["source"], found["document_id"]) == (str(notes / "cats.md"), "notes/cats.md")


def test_an_unknown_id_is_one_line_and_status_1(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("show", "notes/dogs.md#0")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "no chunk 'notes/dogs.md#0'" in done.err


def test_a_version_of_the_past_can_be_shown(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("tag", "first")
    write(notes / "cats.md", "cats sleep")
    vecsearch_command("index", "notes")
    assert "cats sleep" in vecsearch_command("show", "notes/cats.md#0").out
    assert "cats purr" in vecsearch_command("show", "notes/cats.md#0", "--at", "first").out


def test_what_could_move_the_cursor_is_not_printed(vecsearch_command: Command, place: Path) -> None:
    write(place / "a.jsonl", '{"id": "x", "text": "be\\u001b[2Jta", "k\\u001b": "v\\u001b"}\n')
    vecsearch_command("index", "a.jsonl")
    done = vecsearch_command("show", "x#0")
    assert (done.status, "\x1b" in done.out, "be[2Jta" in done.out) == (0, False, True)
