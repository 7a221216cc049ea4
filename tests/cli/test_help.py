"""Help and wrong usage: every command and flag says what it is for, and a mistake is status 2 with a hint."""

from __future__ import annotations

import click
import pytest

from tests.helpers.commands import Command
from tests.helpers.subcommands import named_commands
from vecsearch.cli.commands import COMMANDS
from vecsearch.cli.main import cli

NAMED = sorted(named_commands(cli).items())
WITHOUT_AN_INDEX = {
    "open",
    "embed",
    "inspect",
    "tune",
    "distill",
    "models",
    "trust",
    "cache info",
    "cache clear",
    "cache prune",
}


@pytest.mark.parametrize(("name", "command"), NAMED)
def test_every_command_and_every_flag_has_a_help_text(name: str, command: click.Command) -> None:
    assert command.help
    assert len(command.help) > 20
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


@pytest.mark.parametrize(("name", "command"), NAMED)
def test_every_command_takes_json_and_an_index_if_it_needs_one(name: str, command: click.Command) -> None:
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert "--json" in flags
    assert ({"-i", "--index"} <= flags) is (name not in WITHOUT_AN_INDEX)


@pytest.mark.parametrize("name", ["", "cache", *dict(NAMED)])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_shown_for_the_asking(vecsearch_command: Command, name: str, flag: str) -> None:
    done = vecsearch_command(*name.split(), flag)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Usage: vecsearch")


def test_help_lists_the_commands_in_the_order_in_which_people_need_them(vecsearch_command: Command) -> None:
    lines = vecsearch_command("--help").out.splitlines()
    listed = [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]]
    assert listed == list(COMMANDS)
    assert listed[:2] == ["index", "search"]


def test_the_version_is_shown(vecsearch_command: Command) -> None:
    done = vecsearch_command("--version")
    assert (done.status, done.out.split()[0]) == (0, "vecsearch")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["index"],
        ["search"],
        ["delete"],
        ["search", "x", "-k", "many"],
        ["search", "x", "--metric", "euclid"],
        ["search", "x", "--mode", "magic"],
        ["index", "x", "--no-such-flag"],
        ["info", "too", "many"],
    ],
)
def test_wrong_usage_is_status_2_with_a_hint(vecsearch_command: Command, arguments: list[str]) -> None:
    done = vecsearch_command(*arguments)
    assert (done.status, done.out) == (2, "")
    assert "Usage: vecsearch" in done.err
    assert "Traceback" not in done.err
