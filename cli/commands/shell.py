"""`vecsearch completion` and `help`: what a shell completes, and the help of a command by its name."""

from __future__ import annotations

import click

from ..options.common import one_of, with_output
from ..options.help import command
from ..options.shells import Shell, completion_script
from ..output import Output, Page


@command()
@click.argument("shell", type=one_of(Shell))
@with_output
def completion(shell: str, output: Output) -> None:
    """Print the script that makes a shell complete commands, options and their values.

    Evaluate it when the shell starts; the examples say where.
    """
    script = completion_script(click.get_current_context().find_root().command, shell)
    output.show(Page(script, {"shell": shell, "script": script}))


@command("help")
@click.argument("names", nargs=-1, metavar="[COMMAND]...")
@with_output
def help_(names: tuple[str, ...], output: Output) -> None:
    """Show the help of a COMMAND, as its --help does; without one the list of commands."""
    context = click.get_current_context().find_root()
    for name in names:
        group = context.command
        found = group.get_command(context, name) if isinstance(group, click.Group) else None
        if found is None:
            raise click.UsageError(f"no command {' '.join(names)!r}: vecsearch help lists them")
        context = click.Context(found, info_name=name, parent=context)
    text = context.get_help()
    output.show(Page(text, {"command": " ".join(names), "help": text}))
