"""Completion of commands, options and their values in bash, zsh and fish, by click's protocol.

The script that a shell loads calls `vecsearch` with a variable set at each press of the key; `answer` replies.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

from vecsearch.choices import Choice

_NAME, _VARIABLE = "vecsearch", "_VECSEARCH_COMPLETE"


class Shell(Choice):
    """The shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion_script(root: click.Command, shell: str) -> str:
    """Return what the shell has to evaluate."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  # one of Shell
    completer = kind(root, {}, _NAME, _VARIABLE)
    return completer.source_template % completer.source_vars()


def answer(root: click.Command) -> int:
    """Answer a shell that asks what may follow, and return the status."""
    return shell_complete(root, {}, _NAME, _VARIABLE, os.environ[_VARIABLE])
