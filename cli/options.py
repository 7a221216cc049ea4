"""What commands share: which index is meant, and the flags that most of them take."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_RUNTIMES = ("onnxruntime", "openvino", "sentence-transformers", "static", "openai")
NEARBY = ".vecsearch"  # the name of an index that is found from any folder below the one it lies in


def adding(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    """The command with these options, listed in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def common(command: _Command) -> _Command:
    """Adds -i, --json and --debug."""
    return click.option(
        "-i", "--index", "index_path", type=click.Path(path_type=Path), help="The index's folder.", callback=_chosen
    )(reporting(command))


def reporting(command: _Command) -> _Command:
    """Adds --json and --debug, for commands that need no index."""
    command = click.option("--debug", is_flag=True, expose_value=False, hidden=True)(command)
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(command)


def encoding(command: _Command) -> _Command:
    """Adds --model and --role, for commands that encode texts that are in no index."""
    command = click.option(
        "--role",
        type=click.Choice(["query", "document"]),
        default="document",
        show_default=True,
        help="The side of a search that the texts stand on.",
    )(command)
    return click.option("--model", help="A model's name or folder.  [default: all-MiniLM-L6-v2]")(command)


def running(command: _Command) -> _Command:
    """Adds --runtime and --threads, for commands that encode many texts."""
    return click.option(
        "--runtime", type=click.Choice(_RUNTIMES), help="What runs the model.  [default: the fastest that is installed]"
    )(threaded(command))


def threaded(command: _Command) -> _Command:
    """Adds --threads, for commands that compute with a model."""
    return click.option(
        "--threads", type=click.IntRange(1), metavar="N", help="Cores to compute with.  [default: all]"
    )(command)


def running_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What of the options says how a model is run, as `Index.open` takes it."""
    return {name: options[name] for name in ("runtime", "threads") if options.get(name) is not None}


def waiting(command: _Command) -> _Command:
    """Adds --wait, for commands that write."""
    return click.option(
        "--wait",
        type=click.FloatRange(0),
        default=0.0,
        metavar="SECONDS",
        help="Wait so long for another process that writes.  [default: 0]",
    )(command)


def _chosen(_context: click.Context, _parameter: click.Parameter, named: Path | None) -> Path:
    """The index that is meant: named, from the environment, the nearest one upwards, or one to be made here."""
    if named:
        return named
    if from_environment := os.environ.get("VECSEARCH_INDEX"):
        return Path(from_environment)
    here = Path.cwd()
    return next((place / NEARBY for place in (here, *here.parents) if (place / NEARBY).is_dir()), Path(NEARBY))
