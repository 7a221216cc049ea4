"""Flags that most commands take: which index, which output, how long to wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from vecsearch.choices import Choice

from ..output import JsonOutput, Output, TextOutput
from .configuration import default_map, options_of, project_settings
from .finding import NEARBY, Upwards, find_inside, find_upwards

_Command = TypeVar("_Command", bound=Callable[..., Any])
_UPWARDS = "vecsearch.upwards"  # what this file keeps in the context of a command


class When(Choice):
    """When output has colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Renamed(click.Option):
    """An option with a new name, the first, that is shown; its former ones, which mean another thing in other commands,
    are accepted."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return what help shows: the names without the former ones."""
        names = self.opts
        try:
            self.opts = self.shown
            return super().get_help_record(ctx)
        finally:
            self.opts = names

    @property
    def shown(self) -> list[str]:
        """The names that are shown: those up to the first long one."""
        first_long = next(number for number, name in enumerate(self.opts) if name.startswith("--"))
        return self.opts[: first_long + 1]


def with_options(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    """Add options, listed in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def one_of(choice: type[Choice]) -> click.Choice[str]:
    """Return the type of an option that is a member of an enum, by its value."""
    return click.Choice([member.value for member in choice])


def with_index(command: _Command) -> _Command:
    """Add -i, --json and --debug."""
    return click.option(
        "-i",
        "--index",
        "index_path",
        type=click.Path(path_type=Path),
        callback=_choose_index,
        is_eager=True,  # a file beside the index may have values for the other options
        help="The folder of the index.",
    )(with_output(command))


def with_output(command: _Command) -> _Command:
    """Add --json and --debug."""
    command = click.option("--debug", is_flag=True, expose_value=False, hidden=True)(command)
    return click.option(
        "--json", "output", is_flag=True, callback=_choose_output, help="Print one JSON document to standard output."
    )(command)


def with_color(command: _Command) -> _Command:
    """Add --color, for commands that show passages."""
    return click.option(
        "--color",
        type=one_of(When),
        default=When.AUTO.value,
        expose_value=False,
        callback=_choose_color,
        help="Colours, bold words and links.  [default: on a terminal, without NO_COLOR]",
    )(command)


def with_untrusted(command: _Command) -> _Command:
    """Add --untrusted, for commands that read an index."""
    return click.option(
        "--untrusted",
        is_flag=True,
        help="The index is from a stranger: check every byte first, send nothing, load no model from elsewhere.",
    )(command)


def with_wait(command: _Command) -> _Command:
    """Add --wait, for commands that write."""
    return click.option(
        "--wait",
        type=click.FloatRange(0),
        default=30.0,  # as from Python
        metavar="SECONDS",
        help="Wait this long for another process that is writing.  [default: 30]",
    )(command)


def index_was_named() -> bool:
    """Return whether -i was given, rather than the index found."""
    source = click.get_current_context().get_parameter_source("index_path")
    return source is ParameterSource.COMMANDLINE


def _choose_output(_context: click.Context, _parameter: click.Parameter, as_json: bool) -> Output:
    return JsonOutput() if as_json else TextOutput()


def _choose_color(context: click.Context, _parameter: click.Parameter, when: str) -> None:
    if when != When.AUTO.value:
        context.color = when == When.ALWAYS.value


def _choose_index(context: click.Context, _parameter: click.Parameter, named: Path | None) -> Path:
    """Return the index named or found, and take the values that a file beside it gives to the options that follow."""
    index = _index(context, named)
    if (name := context.info_name) != "config":  # which shows all that files say, and what is wrong with it
        values = default_map(name or "", options_of(context.command), project_settings(index))
        context.default_map = {**(context.default_map or {}), **values}
    return index


def _index(context: click.Context, named: Path | None) -> Path:
    """Return the index named, else the nearest one upwards, or a new one here."""
    if named:
        found = find_inside(named)
    else:
        upwards = find_upwards(Path.cwd())
        context.meta[_UPWARDS] = upwards
        found = upwards.found
    if found is None:
        return named or Path(NEARBY)
    from vecsearch.trust import check_found

    return check_found(found)


def search_note(context: click.Context, *, new: bool = False) -> str:
    """Return why a command found no index, where the search for one ended early; else "".

    For a `new` index, only where there is one further up, which may be meant.
    """
    upwards: Upwards | None = context.meta.get(_UPWARDS)
    return upwards.note if upwards and (upwards.above or not new) else ""
