"""`vecsearch index --watch`, as a process: it follows the folder, and Ctrl-C ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import COMMAND, Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index

pytest.importorskip("watchfiles", reason="the package that says when files change")

HOUSE = Path(__file__).parents[3]
_COUNTING = """
from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
set_loader(lambda _: CountingEncoder())
"""


def watching(place: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """The process that keeps an index in step."""
    command = [sys.executable, "-c", f"{_COUNTING}{COMMAND[2]}"]
    return subprocess.Popen(
        [*command, "index", *arguments, "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**environment, "PYTHONPATH": str(HOUSE)},
        cwd=place,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_each_change_is_one_line_and_ctrl_c_ends_it_with_130(place: Path, environment: dict[str, str]) -> None:
    write(place / "notes" / "a.md", "alpha")
    running = watching(place, environment, "notes", "--json")
    assert running.stdout is not None
    assert running.stderr is not None
    assert json.loads(running.stdout.readline())["added"] == 1
    assert running.stderr.readline() == "watching for changes; Ctrl-C ends\n"
    write(place / "notes" / "b.md", "beta")
    assert json.loads(running.stdout.readline())["added"] == 1
    (place / "notes" / "a.md").unlink()
    assert json.loads(running.stdout.readline())["deleted"] == 1
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.startswith("vecsearch: interrupted: .vecsearch has 1 document, and vectors that were encoded are in ")
    assert Index.open(place / ".vecsearch", model=CountingEncoder()).document_ids() == ["notes/b.md"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_each_run_says_in_a_line_each_what_it_skipped_of_what_was_named(
    place: Path, environment: dict[str, str]
) -> None:
    write(place / "d.csv", "id,text\na,alpha\n")
    running = watching(place, environment, "d.csv")
    assert running.stderr is not None
    assert running.stderr.readline() == "watching for changes; Ctrl-C ends\n"
    write(place / "d.csv", "id,text\na,alpha\nb,\nc,gamma\nd,\n")
    said = [running.stderr.readline() for _ in range(2)]
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert said == [f"skipped: d.csv:{row}: no text in it\n" for row in (3, 5)]


def test_a_dry_run_cannot_be_watched(vecsearch_command: Command, place: Path) -> None:
    write(place / "notes" / "a.md", "alpha")
    done = vecsearch_command("index", "notes", "--watch", "--dry-run")
    assert (done.status, "leave out --dry-run" in done.err) == (2, True)
    assert [path.name for path in place.iterdir()] == ["notes"]
