"""The `vecsearch` command: its subcommands, and what the user sees when something goes wrong.

Exit status: 0 done, 1 an error, reported in one line, 2 wrong usage, 130 interrupted. A traceback only with --debug.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from importlib import import_module
from io import TextIOWrapper
from typing import TextIO

import click

from vecsearch.errors import IndexLocked, IndexNotFound, VecsearchError

from .commands import COMMANDS
from .options.common import search_note
from .output.streams import discard, open_closed_streams, write_notice, write_notices


class _Group(click.Group):
    """Lists the commands in the order of their table, and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        entry = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f".commands.{entry.module}", __package__), entry.function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"vecsearch {version('vecsearch')}")
        context.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.option("--debug", is_flag=True, envvar="VECSEARCH_DEBUG", help="Show a traceback when something goes wrong.")
def cli(debug: bool) -> None:
    """Search your own documents by meaning and by words.

    \b
      vecsearch index notes/
      vecsearch search "how do I reset it?"

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
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted: what was committed is kept; run the same command again to continue", 130)
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
