"""The command line as tests run it: in this process with a counting encoder, or as a process of its own."""

from __future__ import annotations

import io
import os
import sys
import warnings
from pathlib import Path

import pytest

from tests.helpers.commands import Command, Outcome
from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from vecsearch.cli.main import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("VECSEARCH_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def vecsearch_command(
    place: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command in this process; the model is a counting one, all else is real."""
    set_loader(lambda _: encoder, monkeypatch)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # main() sets another

    def run(*arguments: str | Path, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["vecsearch", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return Outcome(int(exited.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def environment(cache_folder: Path) -> dict[str, str]:
    """What a process of the command line sees; made after the autouse fixture has named a cache."""
    left_out = ("NO_COLOR", "VECSEARCH_DEBUG", "PYTHONWARNINGS", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "VECSEARCH_CACHE": str(cache_folder), "TERM": "xterm-256color", "PYTHONUTF8": "1"}
