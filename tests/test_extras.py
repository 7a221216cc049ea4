"""What the package depends on: `all` has every extra that people use, pages name real ones, the lowest are tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no reader of TOML")

HOUSE = Path(__file__).parents[1]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = re.compile(r"vecsearch\[([\w,-]+)\]")


def test_all_has_every_extra_but_those_for_developing() -> None:
    named = [name for requirement in EXTRAS["all"] for name in OURS.match(requirement)[1].split(",")]
    assert sorted(named) == sorted(EXTRAS.keys() - {"all", "bench", "dev"})


def test_every_extra_that_a_page_or_a_message_names_exists() -> None:
    paths = [*HOUSE.glob("*.md"), *(HOUSE / "docs").glob("*.md"), *(HOUSE / "vecsearch").rglob("*.py")]
    named = {name for path in paths for each in OURS.findall(path.read_text("utf-8")) for name in each.split(",")}
    assert len(named) > 3
    assert named <= EXTRAS.keys()


def test_the_page_on_installing_lists_every_extra() -> None:
    page = (HOUSE / "docs" / "install.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, re.M)) == EXTRAS.keys() - {"bench", "dev"}


def test_the_lowest_versions_that_are_tested_are_the_lowest_that_are_allowed() -> None:
    file = (HOUSE / "constraints-lowest.txt").read_text(encoding="utf-8")
    lines = [line.split("#")[0].split(";")[0].strip() for line in file.splitlines()]
    lowest = {name: _numbers(number) for name, number in (line.split("==") for line in lines if line)}
    requirements = [text for text in [*PROJECT["dependencies"], *EXTRAS["onnx"], *EXTRAS["openai"]] if ";" not in text]
    allowed = {name: _numbers(number) for name, number in (text.split(">=") for text in requirements)}
    assert lowest == allowed


def _numbers(version: str) -> tuple[int, ...]:
    """The parts of a version, without zeros at its end: 4 and 4.0.0 are one version."""
    return tuple(map(int, re.sub(r"(\.0)+$", "", version).split(".")))
