"""Help and wrong usage: every command and flag says what it is for, and a mistake is status 2 with a hint."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.helpers.commands import Command
from tests.helpers.subcommands import named_commands
from tests.helpers.writing import write
from vecsearch.cli.commands import COMMANDS
from vecsearch.cli.main import cli
from vecsearch.cli.options.examples import EXAMPLES

NAMED = sorted(named_commands(cli).items())
WITHOUT_AN_INDEX = {
    "completion",
    "help",
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
    first = lines.index("Index and search:")
    listed = [line.split()[0] for line in lines[first:] if re.match(r"  \S", line)]
    assert listed == list(COMMANDS)
    assert listed[:2] == ["index", "search"]


def test_the_version_is_shown(vecsearch_command: Command) -> None:
    done = vecsearch_command("--version")
    assert vecsearch_command("-V") == done
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


def test_the_short_help_is_the_beginning_of_the_long_one(vecsearch_command: Command) -> None:
    short, long = (vecsearch_command("search", flag).out for flag in ("-h", "--help"))
    assert "Find the passages that answer QUERY" in short
    assert "--where SQL" in short
    assert "exit status" not in short
    assert "Examples:" not in short
    assert "exit status is 1" in " ".join(long.split())
    assert long.splitlines()[-3:] == [f"  {example}" for example in EXAMPLES["search"]]


def test_every_command_has_three_examples_that_it_understands(place: Path) -> None:
    write(place / "questions.txt", "how?\n")  # click opens what an example names
    assert set(EXAMPLES) == {*dict(NAMED), "cache"}
    for name, examples in EXAMPLES.items():
        for example in examples:
            line = re.search(r"vecsearch (.*?)(?:\)\"?(?:\s|$)|\s+[#>]\s|$)", example)
            assert line
            words = shlex.split(line.group(1))
            context = click.Context(cli, info_name="vecsearch")
            called, command, rest = cli.resolve_command(context, words)
            if isinstance(command, click.Group):
                called, command, rest = command.resolve_command(context, rest)
            assert command is not None
            command.make_context(called, rest, parent=context).close()  # raises UsageError
            assert called in name.split() or name == "cache", example


@pytest.mark.parametrize("words", [["help", "cache", "prune"], ["cache", "prune", "--help"]])
def test_help_is_found_by_the_name_of_a_command(vecsearch_command: Command, words: list[str]) -> None:
    done = vecsearch_command(*words)
    assert done.out.startswith("Usage: vecsearch cache prune [OPTIONS]")
    assert vecsearch_command("help", "fly").status == 2


@pytest.mark.parametrize("question", ["how do I reset it?", "serach the web", "index notes", "reset?", "如何", "C++"])
def test_a_question_in_place_of_a_command_is_searched_for(vecsearch_command: Command, question: str) -> None:
    done = vecsearch_command(question, "-i", "nowhere")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "no index at nowhere" in done.err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("serach", "did you mean search?"),
        ("Index", "did you mean index?"),
        ("lst", "did you mean ls?"),
        ("battery", "vecsearch search battery searches for it"),
    ],
)
def test_a_word_is_no_question(vecsearch_command: Command, word: str, hint: str) -> None:
    done = vecsearch_command(word, "-i", "nowhere")
    assert (done.status, done.out) == (2, "")
    assert hint in done.err


def test_without_arguments_there_is_help(vecsearch_command: Command) -> None:
    done = vecsearch_command()
    assert (done.status, done.out, done.err) == (2, "", vecsearch_command("--help").out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_makes_it_complete(vecsearch_command: Command, shell: str) -> None:
    done = vecsearch_command("completion", shell)
    assert (done.status, done.err) == (0, "")
    assert f"_VECSEARCH_COMPLETE={shell}_complete" in done.out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("vecsearch se", ["search"]),
        ("vecsearch search --mo", ["--mode", "--model"]),
        ("vecsearch search x --mode d", ["dense"]),
        ("vecsearch cache p", ["prune"]),
        ("vecsearch --ver", ["--version"]),
    ],
)
def test_commands_options_and_values_are_completed(
    vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch, line: str, offered: list[str]
) -> None:
    monkeypatch.setenv("_VECSEARCH_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    done = vecsearch_command()
    assert (done.status, done.out.splitlines()) == (0, [f"plain,{word}" for word in offered])
