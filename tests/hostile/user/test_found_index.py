"""What another user of the machine can do with an index that is found, because it lies where a command looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.other_users import MALLORY, given_to, needs_owners, needs_root
from vecsearch import ConsentMissing
from vecsearch.owners import other_owner
from vecsearch.trust import check_found, trust_address, trust_file, trusts_address

COMMANDS = [["search", "heron"], ["index", "notes"], ["info"], ["delete", "x"], ["verify"], ["log"], ["compact"]]


@pytest.fixture
def shared(place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that others may write, with an index in it, and one's own folder below, where the commands run."""
    (place / "heron.md").write_text("the heron stands in the river")
    assert vecsearch_command("index", "heron.md").status == 0
    own = place / "own" / "deeper"
    (own / "notes").mkdir(parents=True)
    (own / "notes" / "a.md").write_text("my own words")
    monkeypatch.chdir(own)
    return place


def itself(place: Path) -> None:
    given_to(place / ".vecsearch")


def a_link_to_ones_own(place: Path) -> None:
    (place / ".vecsearch").rename(place / "real")
    (place / ".vecsearch").symlink_to(place / "real")
    os.chown(place / ".vecsearch", MALLORY, -1, follow_symlinks=False)


def what_a_link_leads_to(place: Path) -> None:
    (place / ".vecsearch").rename(place / "real")
    given_to(place / "real")
    (place / ".vecsearch").symlink_to(place / "real")


TRAPS = [itself, a_link_to_ones_own, what_a_link_leads_to]


@needs_root
@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_cannot_have_their_index_used_because_it_lies_above(
    shared: Path, vecsearch_command: Command, trap: Callable[[Path], None], command: list[str]
) -> None:
    trap(shared)
    done = vecsearch_command(*command)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert f"{shared}/.vecsearch was found here and belongs to user {MALLORY}" in done.err
    assert f"vecsearch trust {shared}/.vecsearch" in done.err
    assert "-i" in done.err


@needs_root
@pytest.mark.parametrize("trap", TRAPS)
def test_cannot_have_their_index_used_because_it_lies_in_this_folder(
    shared: Path, vecsearch_command: Command, trap: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    trap(shared)
    monkeypatch.chdir(shared)
    assert "belongs to user" in vecsearch_command("search", "heron").err


@needs_root
def test_can_be_trusted_by_name_and_no_longer(shared: Path, vecsearch_command: Command) -> None:
    itself(shared)
    assert vecsearch_command("search", "heron", "-i", str(shared / ".vecsearch")).status == 0
    assert vecsearch_command("trust", str(shared)).status == 0  # another folder
    assert vecsearch_command("search", "heron").status == 1
    assert vecsearch_command("trust", str(shared / ".vecsearch")).status == 0
    assert vecsearch_command("search", "heron").status == 0
    assert vecsearch_command("trust", "--remove", str(shared / ".vecsearch")).status == 0
    assert vecsearch_command("search", "heron").status == 1


@needs_root
@pytest.mark.parametrize("where", [".vecsearch/trust.json", "trust.json", ".config/vecsearch/trust.json"])
def test_cannot_put_the_exception_where_their_index_lies(shared: Path, vecsearch_command: Command, where: str) -> None:
    (shared / where).parent.mkdir(parents=True, exist_ok=True)
    (shared / where).write_text(f'{{"folders": ["{shared}/.vecsearch"], "addresses": []}}')
    itself(shared)
    assert vecsearch_command("search", "heron").status == 1


@needs_root
def test_cannot_write_the_list_of_what_is_trusted(shared: Path, vecsearch_command: Command) -> None:
    itself(shared)
    assert vecsearch_command("trust", str(shared / ".vecsearch")).status == 0
    given_to(trust_file())
    done = vecsearch_command("search", "heron")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert f"belongs to user {MALLORY}" in done.err


@needs_root
def test_can_be_the_one_behind_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = given_to(tmp_path)
    monkeypatch.setenv("SUDO_UID", str(MALLORY))
    assert check_found(theirs) == theirs
    for other in ("", "0", "-1", str(MALLORY + 1), "\u0661", "x"):
        monkeypatch.setenv("SUDO_UID", other)
        with pytest.raises(ConsentMissing):
            check_found(theirs)


@needs_owners
def test_is_not_who_runs_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in (tmp_path, tmp_path / "link", tmp_path / "missing"):
        assert other_owner(place) is None


@needs_root
def test_behind_sudo_can_read_what_was_trusted(monkeypatch: pytest.MonkeyPatch, config_folder: Path) -> None:
    given_to(config_folder)
    monkeypatch.setenv("SUDO_UID", str(MALLORY))
    trust_address("http://gpu:8000/v1")
    assert trust_file().stat().st_uid == MALLORY
    assert trusts_address("http://gpu:8000/v1")
