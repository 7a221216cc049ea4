"""One dictionary of options: a flag means one thing in every command that has it."""

from __future__ import annotations

from collections import defaultdict

import click

from tests.helpers.subcommands import named_commands
from vecsearch.cli.main import cli
from vecsearch.cli.options.common import Renamed

# What the value of a flag is, where commands word it differently: the flag means the same in all of them.
SAME = {
    "-n": "how many to find: hits, words, clusters",
    "-k": "how many hits a search returns",
    "-o": "the file or folder to write",
    "--output": "the file or folder to write",
    "--by": "whether words are compared by matrix rows or as texts; eval takes several",
    "--model": "a model's name, folder or file; eval takes several",
    "--method": "how it is computed; each command has its own",
    "--dim": "how many numbers of a vector to keep",
    "--mode": "how to search; eval takes several",
    "--seed": "the seed of all that is random",
}


def kinds() -> dict[str, dict[str, str]]:
    """For each flag that is shown the kind of its value in each command."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for name, command in named_commands(cli).items():
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                shown = option.shown if isinstance(option, Renamed) else [*option.opts, *option.secondary_opts]
                for flag in shown:
                    kind = "flag" if option.is_flag else option.metavar or option.type.name
                    found[flag][name] = f"{kind}{' several' * option.multiple}"
    return found


def test_a_flag_takes_the_same_kind_of_value_everywhere() -> None:
    differing = {flag: by for flag, by in kinds().items() if len(set(by.values())) > 1}
    assert set(differing) <= set(SAME), {flag: differing[flag] for flag in set(differing) - set(SAME)}


def test_a_short_flag_belongs_to_one_long_flag() -> None:
    beside = defaultdict(set)
    for command in named_commands(cli).values():
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                long = [flag for flag in option.opts if flag.startswith("--")][:1]
                for flag in option.opts:
                    if not flag.startswith("--"):
                        beside[flag].update(long)
    assert {flag: longs for flag, longs in beside.items() if len(longs) > 1} == {}


def test_an_index_is_named_by_i_alone() -> None:
    for name, command in named_commands(cli).items():
        for parameter in command.params:
            if isinstance(parameter, click.Argument):
                assert "INDEX" not in parameter.make_metavar(click.Context(command)), name
