"""The `vecsearch` command: its subcommands, and what the user sees when something goes wrong.

Exit status: 0 done, 1 an error, reported in one line, 2 wrong usage, 130 interrupted. A traceback only with --debug.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

import click

from vecsearch.errors import IndexLocked, IndexNotFound, VecsearchError

from .commands import COMMANDS, GROUPS, load_command
from .options.common import search_note
from .options.configuration import default_map, options_of, user_settings
from .options.help import Group
from .output.streams import discard, open_closed_streams, write_notice, write_notices

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # may be a command, now or some day


class _Group(Group):
    """Lists the commands in the order of their table, and loads the one that is called.

    A question in place of a command is searched for.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called, and its arguments; raises UsageError for an unknown one."""
        first = args[0]
        if first in COMMANDS or first.startswith("-"):
            return super().resolve_command(ctx, args)
        if not _WORD.fullmatch(first):
            return "search", self.get_command(ctx, "search"), args
        from difflib import get_close_matches

        near = get_close_matches(first.casefold(), COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"vecsearch search {first} searches for it"
        raise click.UsageError(f"No such command {first!r}: {hint}", ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, without loading all of them, or an option."""
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        return [
            *(CompletionItem(name, help=e.summary) for name, e in COMMANDS.items() if name.startswith(incomplete)),
            *(item for item in options if item.value.startswith("-")),
        ]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = load_command(cmd_name)
        if settings := user_settings():  # `vecsearch config` checks those of other commands
            own = default_map(cmd_name, options_of(command), settings)
            ctx.default_map = {**(ctx.default_map or {}), cmd_name: own}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        widest = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), entry.summary) for name, entry in commands.items()])


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"vecsearch {version('vecsearch')}")
        context.exit()


@click.group(cls=_Group)
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.option("--debug", is_flag=True, envvar="VECSEARCH_DEBUG", help="Show a traceback when something goes wrong.")
def cli(debug: bool) -> None:
    """Search your own documents by meaning and by words.

    \b
      vecsearch index notes/
      vecsearch "how do I reset it?"

    The index is -i FOLDER, else $VECSEARCH_INDEX, else the nearest .vecsearch in this folder or above it, up to the
    root of a repository, else ./.vecsearch.
    """
    click.get_current_context().obj = debug


def main() -> None:
    """Run the command line and exit with its status."""
    open_closed_streams()
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe's encoding may lack characters of the results
    if "_VECSEARCH_COMPLETE" in os.environ:
        from .options.shells import answer

        sys.exit(answer(cli))
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command, report what goes wrong, and return the exit status."""
    context = None
    try:
        with cli.make_context("vecsearch", list(arguments)) as context:
            cli.invoke(context)
        return 0
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except click.ClickException as error:
        _show_usage_error(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        kept = str(error) or "what was committed is kept; run the same command again to continue"
        return _fail(f"interrupted: {kept}", 130)
    except BrokenPipeError:  # whoever reads our output has stopped
        discard(sys.stdout)
        return 1
    except Exception as error:
        if "--debug" in arguments or os.environ.get("VECSEARCH_DEBUG"):
            for line in traceback.format_exc().rstrip("\n").split("\n"):
                write_notice(line)
        note = search_note(context) if context and isinstance(error, IndexNotFound) else ""
        return _fail("; ".join(filter(None, (describe_error(error), note))), 1)


def _show_usage_error(error: click.ClickException) -> None:
    """Print what click's own show() does, with the message on one line: it may hold the name of a file."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        write_notices(error.message)  # our own text
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        write_notices(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    write_notice(f"Error: {error.format_message()}")


def describe_error(error: Exception) -> str:
    """Return the message of an error, for one line."""
    if isinstance(error, IndexLocked) and error.situation:
        return f"{error.situation}: try again when it is done, or wait longer, with --wait SECONDS"
    if isinstance(error, VecsearchError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__}: {error} (please run with --debug and report it)"


def _fail(message: str, status: int) -> int:
    write_notice(f"vecsearch: {' '.join(message.split())}")
    return status


def _show_warning(  # the signature of warnings.showwarning
    message: Warning | str,
    category: type[Warning],
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Show our warnings in one line; those of libraries are for developers and are not shown."""
    if category is RuntimeWarning and str(message).startswith("vecsearch"):
        write_notice(str(message))
