"""`vecsearch config`: which values the options have, and where they come from."""

from __future__ import annotations

from pathlib import Path

from ..options.common import with_index
from ..options.configuration import options_of, settings_in_force, user_file
from ..options.help import command
from ..output import Output
from ..output.config import ConfigView
from . import COMMANDS, load_command


@command()
@with_index
def config(index_path: Path, output: Output) -> None:
    """Show the values that options have from files and from the environment.

    The command line wins over $VECSEARCH_NAME, that over vecsearch.toml (or [tool.vecsearch] of pyproject.toml) beside
    the index, and that over config.toml in your own configuration.

    A file has options by their long names, at its top for every command or in a table for one:

    \b
      limit = 8
      [index]
      exclude = ["*.tmp"]
    """
    commands = {name: options_of(load_command(name)) for name in COMMANDS}
    output.show(ConfigView(settings_in_force(index_path, commands), user_file()))
