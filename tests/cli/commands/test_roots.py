"""`vecsearch index` without a path, `roots` and `prune`."""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch.cli.options.metadata import parse_value
from vecsearch.cli.output.flags import flags_of


@pytest.fixture
def indexed(vecsearch_command: Command, place: Path) -> Path:
    write(place / "notes" / "a.md", "text of a")
    write(place / "papers" / "p.txt", "text of p")
    assert vecsearch_command("index", "notes", "--exclude", "drafts/", "--meta", "n=3", "--meta", 's="3"').status == 0
    assert vecsearch_command("index", "papers", "--id-field", "key").status == 0
    return place


def test_index_without_a_path_follows_all_roots(vecsearch_command: Command, indexed: Path) -> None:
    write(indexed / "notes" / "b.md", "text of b")
    write(indexed / "notes" / "drafts" / "c.md", "text of c")
    done = vecsearch_command("index", "--json")
    assert (done.status, json.loads(done.out)["added"]) == (0, 1)
    assert vecsearch_command("search", "text", "--where", "n = 3 AND s = '3'", "--ids").out.count("\n") == 2


def test_roots_lists_paths_flags_and_documents(vecsearch_command: Command, indexed: Path) -> None:
    first, second = vecsearch_command("roots").out.splitlines()
    assert first.startswith("notes --exclude drafts/ --meta n=3 --meta 's=\"3\"': 1 document, in step at 20")
    assert second.startswith("papers --id-field key: 1 document, in step at 20")
    found = json.loads(vecsearch_command("roots", "--json").out)["roots"]
    assert [root["flags"] for root in found] == [
        {"exclude": ["drafts/"], "metadata": {"n": 3, "s": "3"}},
        {"id_field": "key"},
    ]


def test_a_root_that_is_gone_is_one_line_with_what_to_do(vecsearch_command: Command, indexed: Path) -> None:
    shutil.rmtree(indexed / "papers")
    line = "gone: papers (1 document kept): index its new path if it was moved; vecsearch prune removes them"
    done = vecsearch_command("index")
    assert (done.status, done.err.splitlines()) == (1, [line])
    done = vecsearch_command("index", "notes", "--exclude", "drafts/", "--meta", "n=3", "--meta", 's="3"')
    assert (done.status, done.err.splitlines()) == (0, [line])
    assert "gone from the disk" in vecsearch_command("roots").out
    assert vecsearch_command("prune", "--dry-run").out == "1 document would be removed, 1 root would be forgotten\n"
    assert vecsearch_command("prune").out == "1 document removed, 1 root forgotten\n"
    assert vecsearch_command("index").status == 0


def test_prune_takes_roots_as_they_are_shown(vecsearch_command: Command, indexed: Path) -> None:
    done = vecsearch_command("prune", "papers", "--json")
    assert json.loads(done.out) == {"deleted": 1, "forgotten": [str(indexed / "papers")]}
    done = vecsearch_command("prune", "papers")
    assert (done.status, done.err.count("\n")) == (1, 1)


def test_a_renamed_root_is_reported(vecsearch_command: Command, indexed: Path) -> None:
    (indexed / "papers").rename(indexed / "articles")
    done = vecsearch_command("index", "articles", "--id-field", "key")
    assert (done.status, done.err) == (0, "moved: papers is articles now (1 document)\n")
    assert "0 encoded" in done.out


@pytest.mark.parametrize("flag", [["--exclude", "x"], ["--meta", "a=1"], ["--id", "x"], ["--drop-boilerplate"]])
def test_flags_for_a_path_need_one(vecsearch_command: Command, indexed: Path, flag: list[str]) -> None:
    done = vecsearch_command("index", *flag)
    assert (done.status, f"{flag[0]} is for a PATH" in done.err) == (2, True)


def test_index_without_a_path_and_without_an_index(vecsearch_command: Command, place: Path) -> None:
    done = vecsearch_command("index")
    assert (done.status, "name the files and folders to index" in done.err) == (2, True)
    assert not (place / ".vecsearch").exists()


def test_force_reads_every_file(vecsearch_command: Command, indexed: Path) -> None:
    assert vecsearch_command("index", "--force").out.startswith(".vecsearch: 2 unchanged")


def test_other_flags_than_before_are_reported(vecsearch_command: Command, indexed: Path) -> None:
    done = vecsearch_command("index", "papers")
    assert done.err == "flags: papers has no flags now, before it had --id-field key\n"
    assert vecsearch_command("index", "papers").err == ""


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(10**17), 10**17) | st.booleans() | st.dates())
def test_flags_are_shown_as_the_command_line_takes_them(value: str | float | date) -> None:
    [flag] = flags_of({"metadata": {"key": value}})
    option, text = shlex.split(flag)
    assert (option, text[:4]) == ("--meta", "key=")
    assert repr(parse_value(text[4:])) == repr(value)


def test_info_says_roots_types_and_sizes(vecsearch_command: Command, indexed: Path) -> None:
    write(indexed / "papers" / "q.TXT", "text of q")
    write(indexed / "papers" / "Makefile", "text of m")
    write(indexed / "papers" / "empty.md", "")
    vecsearch_command("index")
    found = json.loads(vecsearch_command("info", "--json").out)
    assert (found["types"], found["source_bytes"]) == ({"txt": 2, "md": 1, "none": 1}, 4 * len("text of a"))
    assert found["roots"] == [str(indexed / "notes"), str(indexed / "papers")]
    assert found["synced"] is not None
    lines = vecsearch_command("info").out
    assert "     files  0.0 MB: 2 txt, 1 md, 1 without suffix\n" in lines
    assert "     roots  notes, papers; in step at 20" in lines


def test_an_index_that_was_found_reads_nothing_outside_its_folder_that_was_not_named_before(
    vecsearch_command: Command, place: Path, config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have come with a repository."""
    private = write(place / "private" / "p.md", "a private text").parent
    write(place / "repository" / "a.md", "text of a")
    monkeypatch.chdir(place / "repository")
    vecsearch_command("index", ".")
    vecsearch_command("index", private)
    write(private / "q.md", "another private text")
    assert vecsearch_command("index").out.startswith(".vecsearch: 1 added")
    (config_folder / "trust.json").unlink()  # as on another machine
    done = vecsearch_command("index")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert f"follows {private}, which is outside of {place / 'repository'}" in done.err
    assert vecsearch_command("index", "-i", ".vecsearch").status == 0
    assert vecsearch_command("index", private).status == 0
    assert vecsearch_command("index").status == 0
    (config_folder / "trust.json").unlink()
    assert vecsearch_command("prune", private).status == 0
    assert vecsearch_command("index").status == 0
