"""The index that no one named is the nearest one of the same project; what ended the search is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.other_users import given_to, needs_root
from vecsearch.cli.options.finding import Upwards, find_upwards


@pytest.fixture
def outer(place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an index, and the working folder deep in another one below it."""
    monkeypatch.setenv("HOME", str(place / "nobody"))
    (place / "heron.md").write_text("the heron stands in the river")
    assert vecsearch_command("index", "heron.md").status == 0
    (place / "project" / "src").mkdir(parents=True)
    monkeypatch.chdir(place / "project" / "src")
    return place


def test_an_index_above_is_found_from_any_folder(outer: Path, vecsearch_command: Command) -> None:
    assert vecsearch_command("search", "heron").status == 0
    assert find_upwards(outer / "project" / "src").found == outer / ".vecsearch"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_root_of_a_repository_ends_the_search(outer: Path, vecsearch_command: Command, kind: str) -> None:
    git = outer / "project" / ".git"  # a file in a submodule and in a work tree that Git added
    git.mkdir() if kind == "folder" else git.write_text("gitdir: elsewhere")
    done = vecsearch_command("search", "heron")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert f"ended at {outer / 'project'}, the root of a repository" in done.err
    assert f"-i {outer / '.vecsearch'}" in done.err
    (outer / ".git").mkdir()
    git.rmdir() if kind == "folder" else git.unlink()
    assert vecsearch_command("search", "heron").status == 0, "the root itself belongs to the repository"


def test_the_home_folder_ends_the_search(
    outer: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outer / "link").symlink_to(outer / "project")
    monkeypatch.setenv("HOME", str(outer / "link"))
    assert f"ended at {outer / 'project'}, your home folder" in vecsearch_command("search", "heron").err
    monkeypatch.setenv("HOME", str(outer))
    assert vecsearch_command("search", "heron").status == 0


def test_a_new_index_below_another_one_is_reported(outer: Path, vecsearch_command: Command) -> None:
    (outer / "project" / ".git").mkdir()
    (outer / "project" / "src" / "a.md").write_text("an egret")
    done = vecsearch_command("index", "a.md")
    assert done.status == 0
    assert f".vecsearch is a new index: the search upwards ended at {outer / 'project'}" in done.err
    assert "new index" not in vecsearch_command("index", "a.md").err


def test_a_new_index_is_no_news_where_there_is_no_other(place: Path, vecsearch_command: Command) -> None:
    (place / ".git").mkdir()
    (place / "a.md").write_text("an egret")
    done = vecsearch_command("index", "a.md")
    if find_upwards(place.parent).found is None:
        assert (done.status, done.err) == (0, "")


def test_without_a_path_the_one_above_is_named(outer: Path, vecsearch_command: Command) -> None:
    (outer / "project" / ".git").mkdir()
    done = vecsearch_command("index")
    assert (done.status, f"there is one above it: -i {outer / '.vecsearch'}" in done.err) == (2, True)


def test_where_nothing_is_above_the_message_says_where_the_search_ended(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    upwards = find_upwards(tmp_path / "src")
    assert upwards == Upwards(None, tmp_path, "the root of a repository", upwards.above)


def test_a_folder_that_is_no_index_stands_for_the_one_in_it(outer: Path, vecsearch_command: Command) -> None:
    for named in (outer, outer / ".vecsearch"):
        assert vecsearch_command("search", "heron", "-i", named).status == 0
    done = vecsearch_command("search", "heron", "-i", outer / "project")
    assert (done.status, f"no index at {outer / 'project'}" in done.err) == (1, True)
    assert "ended at" not in done.err


def test_the_working_folder_may_be_named_like_any_other(
    outer: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vecsearch_command("search", "heron", "-i", ".").status == 1
    monkeypatch.chdir(outer)
    assert vecsearch_command("search", "heron", "-i", ".").status == 0
    monkeypatch.chdir(outer / ".vecsearch")
    assert vecsearch_command("search", "heron", "-i", ".").status == 0


def test_the_environment_names_a_folder_in_the_same_way(
    outer: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VECSEARCH_INDEX", str(outer))
    assert vecsearch_command("search", "heron").status == 0


@needs_root
def test_an_index_in_a_named_folder_was_found_and_may_not_be_anothers(outer: Path, vecsearch_command: Command) -> None:
    given_to(outer / ".vecsearch")
    assert "was found here and belongs to" in vecsearch_command("search", "heron", "-i", outer).err
    assert vecsearch_command("search", "heron", "-i", outer / ".vecsearch").status == 0
