"""`vecsearch open`: a hit of this terminal's last search, in the user's editor at its line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index
from vecsearch.cli.output.last_search import recall

posix = pytest.mark.skipif(sys.platform == "win32", reason="the editor is a script of a POSIX shell")


@pytest.fixture
def note(place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A note that the last search found on line 3, and an editor that writes down its arguments."""
    path = write(place / "notes" / "a b.md", "# One\n\n" + "filler words here. " * 40 + "\n\n# Two\n\nthe zebra\n")
    write(place / "editor.sh", f'#!/bin/sh\nprintf "%s\\n" "$@" > "{place}/opened"\n').chmod(0o755)
    monkeypatch.setenv("EDITOR", f'"{place}/editor.sh" -x')
    monkeypatch.delenv("VISUAL", raising=False)
    vecsearch_command("index", "notes", "--chunk-tokens", "32")
    assert vecsearch_command("search", "zebra", "-n", "1").status == 0
    return path


@posix
def test_a_hit_opens_at_its_line(vecsearch_command: Command, note: Path) -> None:
    done = vecsearch_command("open", "1", "--json")
    assert (done.status, done.json) == (0, {"source": str(note), "line": 5})
    assert Path("opened").read_text().splitlines() == ["-x", "+5", str(note)]


def test_what_cannot_be_opened_is_one_line(
    vecsearch_command: Command, note: Path, place: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the last search has 1 hit, not 2" in vecsearch_command("open", "2").err
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    assert "editor /no/such/editor: " in vecsearch_command("open", "1").err
    note.unlink()
    assert "which is not a file here" in vecsearch_command("open", "1").err
    Index.create(place / "made", model=encoder).add(
        [Document("a", "zebra"), Document("b", "zebra", source="ftp://x/y")]
    )
    vecsearch_command("search", "zebra", "-i", "made")
    assert "hit 1 is from no file" in vecsearch_command("open", "1").err
    done = vecsearch_command("open", "2")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "ftp://x/y, which is not a file here" in done.err


def test_before_any_search_there_is_nothing_to_open(vecsearch_command: Command) -> None:
    done = vecsearch_command("open", "1")
    assert (done.status, done.out) == (1, "")
    assert "no search to open a hit of: search in this terminal first" in done.err


@posix
def test_only_places_are_kept_and_only_the_user_reads_them(note: Path, cache_folder: Path) -> None:
    [file] = (cache_folder / "last-search").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert "zebra" not in file.read_text()
    file.write_text("[[1")
    assert recall() == []


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_search_does_not_fail_where_nothing_can_be_kept(
    vecsearch_command: Command, note: Path, cache_folder: Path
) -> None:
    (cache_folder / "last-search").chmod(0o500)
    assert vecsearch_command("search", "zebra", "-n", "1").status == 0
