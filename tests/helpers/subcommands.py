"""Every command of the command line, by the words that call it."""

from __future__ import annotations

import click


def named_commands(group: click.Group) -> dict[str, click.Command]:
    """Return the commands below a group, in their order: "cache info", not the group "cache"."""
    context = click.Context(group)
    commands: dict[str, click.Command] = {}
    for name in list(group.commands) or group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            commands |= {f"{name} {below}": leaf for below, leaf in named_commands(command).items()}
        else:
            commands[name] = command
    return commands
