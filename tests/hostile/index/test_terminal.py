"""Strings of an index on a terminal: names of models, documents, sources, keys and files, as text and as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.forging import HOSTILE, forge, rename_model, reread, unseen
from tests.helpers.terminals import ESCAPE, on_terminal, posix, read
from vecsearch import Document, Index

COMMANDS = [("info",), ("log",), ("verify",), ("search", "heron"), ("show", "{id}#0"), ("search", "heron", "--ids")]
every_string = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


@pytest.fixture
def index(place: Path, encoder: CountingEncoder, text: str) -> Path:
    """An index with the text wherever an index has strings."""
    path = place / "theirs"
    document = Document(f"id{text}", f"A heron{text} stands.", {f"key{text}": f"value{text}"}, f"file{text}")
    with Index.create(path, model=encoder) as made:
        made.add([document])
    forge(path, lambda manifest: replace(manifest, change={f"added{text}": 1}))
    return path


@every_string
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_cannot_hide_or_act_in_what_a_command_prints(
    index: Path, text: str, command: tuple[str, ...], vecsearch_command: Command
) -> None:
    said = vecsearch_command(*(word.format(id=f"id{text}") for word in command), "-i", index)
    assert not unseen(said.out + said.err)
    assert "vecsearch: no problems" not in (said.out + said.err).split("\n")


@every_string
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_cannot_hide_or_act_in_json_and_loses_nothing_there(
    index: Path, text: str, command: tuple[str, ...], vecsearch_command: Command
) -> None:
    said = vecsearch_command(*(word.format(id=f"id{text}") for word in command), "-i", index, "--json")
    assert not unseen(said.out + said.err)
    assert said.out.count("\n") == 1
    if command[0] in ("search", "show", "log"):
        assert any(text in each for each in reread(said.out))


@every_string
def test_cannot_hide_in_the_name_of_its_model(index: Path, text: str, vecsearch_command: Command) -> None:
    rename_model(index, f"model{text}")
    for command in (("info",), ("info", "--json"), ("log",)):
        said = vecsearch_command(*command, "-i", index)
        assert said.status == 0
        assert not unseen(said.out)
        assert "vecsearch: no problems" not in said.out.split("\n")


@every_string
@pytest.mark.parametrize("folder", ["segments", "tombstones", "."])
def test_cannot_forge_a_line_by_the_name_of_a_file(
    index: Path, text: str, folder: str, vecsearch_command: Command
) -> None:
    (index / folder).mkdir(exist_ok=True)
    (index / folder / f"x{text}".replace("/", "")).touch()
    for form in ((), ("--json",)):
        said = vecsearch_command("verify", "-i", index, *form)
        assert not unseen(said.out + said.err)
        assert "vecsearch: no problems" not in (said.out + said.err).split("\n")


@posix
@pytest.mark.parametrize("text", [HOSTILE["escape"], HOSTILE["c1"], HOSTILE["direction"]], ids=["escape", "c1", "bidi"])
def test_cannot_drive_a_real_terminal(index: Path, environment: dict[str, str]) -> None:
    with on_terminal(environment, "search", "heron", "--mode", "lexical", "-i", str(index)) as (_, terminal):
        shown = read(terminal)
    assert "heron" in shown or "vecsearch:" in shown
    styles = [escape for escape in ESCAPE.findall(shown) if not escape.endswith("m")]
    assert not styles
    assert not unseen(ESCAPE.sub("", shown).replace("\r\n", "\n"))
    assert "\x1b[31m" not in shown
