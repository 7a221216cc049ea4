"""Every command of the command line, by the words that call it."""

from __future__ import annotations

import click


def named_commands(group: click.Group) -> dict[str, click.Command]:
    """The commands below a group, in their order: "cache info", not the group "cache"."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": leaf for below, leaf in named_commands(command).items()}
        else:
            found[name] = command
    return found
