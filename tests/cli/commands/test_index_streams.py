"""`vecsearch index -` and addresses: what is no file goes in under its name, and only when that was allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write


def test_standard_input_is_a_document_of_the_name_it_is_given(vecsearch_command: Command, place: Path) -> None:
    done = vecsearch_command("index", "-", "--id", "cats.md", "--meta", "team=cats", stdin="# Cats\n\npurr\n")
    assert (done.status, done.err) == (0, "")
    assert "1 added" in done.out
    [hit] = vecsearch_command("search", "purr", "--where", "team = 'cats'", "--json").json["hits"]
    assert (hit["document_id"], hit["heading"], hit["source"]) == ("cats.md", "Cats", None)
    again = vecsearch_command("index", "-", "--id", "cats.md", "--json", stdin="they sleep")
    assert again.json["updated"] == 1


def test_a_file_address_is_the_file(vecsearch_command: Command, place: Path) -> None:
    path = write(place / "my notes" / "a.md", "alpha")
    assert vecsearch_command("index", path.as_uri(), "--json").json["added"] == 1
    assert vecsearch_command("index", "my notes", "--json").json["unchanged"] == 1
    missing = vecsearch_command("index", (place / "b.md").as_uri())
    assert (missing.status, str(place / "b.md") in missing.err) == (1, True)


def test_an_address_that_cannot_be_reached_fails_and_is_named(vecsearch_command: Command, place: Path) -> None:
    done = vecsearch_command("index", "http://127.0.0.1:9/page", "--allow-http")
    assert done.status == 1
    assert "127.0.0.1:9/page: the server cannot be reached" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-"], "--id NAME is the id"),
        (["notes", "--id", "x"], "--id NAME is the id"),
        (["-", "notes", "--id", "x"], "give files and folders, or URLs"),
        (["notes", "https://example.com"], "give files and folders, or URLs"),
        (["https://example.com"], "--allow-http"),
        (["https://example.com", "--allow-http", "--watch"], "--watch is for files and folders"),
        (["-", "--id", "x", "--dry-run"], "--dry-run is for files and folders"),
        (["-", "--id", "x", "--drop-boilerplate"], "--drop-boilerplate is for files and folders"),
        (["file://elsewhere/a.md"], "a file on another machine, elsewhere"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    vecsearch_command: Command, place: Path, arguments: list[str], words: str
) -> None:
    done = vecsearch_command("index", *arguments)
    assert (done.status, words in " ".join(done.err.split())) == (2, True)
    assert list(place.iterdir()) == []
