"""Flags that name a model and say what runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from vecsearch.choices import Role, Runtime

from .common import one_of

_Command = TypeVar("_Command", bound=Callable[..., Any])
DEFAULT_MODEL = "all-MiniLM-L6-v2"


def with_model(command: _Command) -> _Command:
    """Add --model and --role, for commands that encode texts without an index."""
    command = click.option(
        "--role",
        type=one_of(Role),
        default=Role.DOCUMENT.value,
        show_default=True,
        help="Encode the texts as queries or as documents.",
    )(command)
    return click.option("--model", help=f"A model's name or folder.  [default: {DEFAULT_MODEL}]")(command)


def with_runtime(command: _Command) -> _Command:
    """Add --runtime and --threads, for commands that encode many texts."""
    return click.option(
        "--runtime", type=one_of(Runtime), help="What runs the model.  [default: the fastest one installed]"
    )(with_threads(command))


def with_threads(command: _Command) -> _Command:
    """Add --threads, for commands that compute with a model."""
    return click.option(
        "--threads", type=click.IntRange(1), metavar="N", help="Number of threads.  [default: all cores]"
    )(command)


def runtime_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that say how a model is run, as `Index.open` takes them."""
    return given(options, "runtime", "threads")


def given(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the options of these names that have a value."""
    return {name: options[name] for name in names if options.get(name) is not None}
