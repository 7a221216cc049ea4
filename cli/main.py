"""The `vecsearch` command: its subcommands, and what the user sees when something goes wrong.

Exit status: 0 done, 1 an error said in one line, 2 wrong usage, 130 interrupted. A traceback only with --debug.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from io import TextIOWrapper
from typing import TextIO

import click

from vecsearch.errors import VecsearchError

from .caching import cache
from .clustering import cluster
from .dimensions import dims
from .distilling import distill
from .embedding import embed
from .evaluating import bench, evaluate
from .indexing import index
from .inspecting import inspect
from .managing import delete, info
from .mapping import map_
from .models import models
from .passages import printable
from .searching import search, show
from .tuning import tune
from .upkeep import compact, export, import_, verify
from .versions import log, restore, tag
from .words import analogy, nearest


class _Group(click.Group):
    """Lists the commands in the order in which people need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"vecsearch {version('vecsearch')}")
        ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.option("--debug", is_flag=True, envvar="VECSEARCH_DEBUG", help="Show a traceback when something goes wrong.")
def cli(debug: bool) -> None:
    """Semantic search over your own documents: index a folder, then ask it.

    \b
      vecsearch index notes/
      vecsearch search "how do I reset it?"

    An index is -i FOLDER, else $VECSEARCH_INDEX, else the nearest .vecsearch from here upwards, else ./.vecsearch.
    """
    click.get_current_context().obj = debug


for command in (
    index,
    search,
    show,
    info,
    delete,
    log,
    restore,
    tag,
    verify,
    compact,
    export,
    import_,
    embed,
    evaluate,
    bench,
    inspect,
    nearest,
    analogy,
    map_,
    cluster,
    dims,
    tune,
    distill,
    models,
    cache,
):
    cli.add_command(command)


def main() -> None:
    """Runs the command line and exits with its status."""
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe may be in an encoding that lacks half of what is found
    sys.exit(_status(sys.argv[1:]))


def _status(arguments: list[str]) -> int:
    """The exit status of one run; everything that goes wrong is said here."""
    try:
        with cli.make_context("vecsearch", list(arguments)) as context:
            cli.invoke(context)
        return 0
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted: what was committed stays; run the same command again to go on", 130)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if "--debug" in arguments or os.environ.get("VECSEARCH_DEBUG"):
            traceback.print_exc()
        return _say(_one_line(error), 1)


def _one_line(error: Exception) -> str:
    if isinstance(error, VecsearchError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__}: {error} (run with --debug and report it, please)"


def _say(message: str, status: int) -> int:
    click.echo(f"vecsearch: {printable(' '.join(message.split()))}", err=True)
    return status


def _show_warning(  # the signature of warnings.showwarning
    message: Warning | str,
    category: type[Warning],
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Our warnings in one line; those of libraries are for developers and stay unsaid."""
    if category is RuntimeWarning and str(message).startswith("vecsearch"):
        click.echo(str(message), err=True)
