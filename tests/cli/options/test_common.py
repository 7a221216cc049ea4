"""Choices of options are the library's own."""

from __future__ import annotations

import click
import pytest

from tests.helpers.subcommands import named_commands
from vecsearch.choices import By, Choice, ClusterMethod, Dedupe, MapMethod, Metric, Mode, Role, Runtime, Splitter
from vecsearch.cli.main import cli
from vecsearch.cli.options.common import When
from vecsearch.cli.options.shells import Shell

OFFERED = [
    ("search", "mode", Mode),
    ("search", "metric", Metric),
    ("search", "color", When),
    ("completion", "shell", Shell),
    ("index", "splitter", Splitter),
    ("index", "dedupe", Dedupe),
    ("index", "runtime", Runtime),
    ("embed", "role", Role),
    ("nearest", "by", By),
    ("eval", "by", By),
    ("map", "method", MapMethod),
    ("cluster", "method", ClusterMethod),
]


@pytest.mark.parametrize(("command", "option", "choice"), OFFERED)
def test_an_option_offers_every_member_of_its_enum(command: str, option: str, choice: type[Choice]) -> None:
    [parameter] = [each for each in named_commands(cli)[command].params if each.name == option]
    assert isinstance(parameter.type, click.Choice)
    assert list(parameter.type.choices) == [member.value for member in choice]


def test_no_other_option_has_choices_of_its_own() -> None:
    offered = {
        tuple(parameter.type.choices)
        for command in named_commands(cli).values()
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
    }
    assert offered == {tuple(member.value for member in choice) for _, _, choice in OFFERED}
