"""The two forms of a result, and that commands print in no other way."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from vecsearch.cli.output import JsonOutput, Summary, TextOutput, View
from vecsearch.cli.output.streams import write_json

COMMANDS = sorted((Path(__file__).parents[3] / "cli" / "commands").glob("*.py"))
STYLED = "\x1b[1mbold\x1b[0m"


class Sample(View):
    def fields(self) -> dict[str, Any]:
        return {"text": "é\udc80", "path": Path("a")}

    def notices(self) -> Iterator[str]:
        yield "skipped\x07"

    def lines(self) -> Iterator[str]:
        yield f"{STYLED}\x07"
        yield "two"


class Styled(Sample):
    styled: ClassVar[bool] = True


class Empty(Sample):
    def lines(self) -> Iterator[str]:
        yield from ()


def test_text_has_notices_on_standard_error_and_what_would_act_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    TextOutput().show(Sample())
    assert capsys.readouterr() == (r"\x1b[1mbold\x1b[0m\x07" + "\ntwo\n", "skipped\\x07\n")


def test_a_styled_view_keeps_its_own_escapes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("vecsearch.cli.output.write_text", written.append)
    TextOutput().show(Styled())
    assert written == [f"{STYLED}\x07\ntwo"]


def test_no_lines_are_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    TextOutput().show(Empty())
    assert capsys.readouterr().out == ""


def test_json_is_one_line_without_notices(capsys: pytest.CaptureFixture[str]) -> None:
    JsonOutput().show(Sample())
    shown = capsys.readouterr()
    assert (shown.out.count("\n"), shown.err) == (1, "")
    assert json.loads(shown.out) == {"text": "é\ufffd", "path": "a"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), np.float32("nan")])
def test_what_json_has_no_number_for_is_null(capsys: pytest.CaptureFixture[str], number: float) -> None:
    write_json({"a": [{"b": number}], "c": 0.5, "d": datetime(2024, 5, 31, 1), "e": (number,)})
    assert capsys.readouterr().out == '{"a": [{"b": null}], "c": 0.5, "d": "2024-05-31T01:00:00", "e": [null]}\n'


def test_a_summary_is_a_sentence_or_fields(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary("2 chunks written", {"chunks": 2})
    TextOutput().show(summary)
    JsonOutput().show(summary)
    assert capsys.readouterr().out == '2 chunks written\n{"chunks": 2}\n'


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_a_command_neither_prints_nor_knows_which_form_was_chosen(path: Path) -> None:
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert not names & {"echo", "secho", "print", "style", "as_json", "dumps", "JsonOutput", "TextOutput"}


def test_few_views_escape_foreign_text_themselves() -> None:
    for path in (COMMANDS[0].parents[1] / "output").glob("*.py"):
        import_module(f"vecsearch.cli.output.{path.stem}")
    ours = {view for view in View.__subclasses__() if view.__module__.startswith("vecsearch.")}
    assert {view.__name__ for view in ours if view.styled} == {"HitsView", "PassageView"}
