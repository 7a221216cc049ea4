"""Flags for a new index, and the check that an existing one was created with the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from vecsearch.choices import Splitter

from .common import one_of, with_options
from .models import given

if TYPE_CHECKING:
    from vecsearch import Index

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SETTINGS = ("dim", "chunk_tokens", "overlap", "splitter", "context", "language", "recall", "keep_text")


def with_settings(command: _Command) -> _Command:
    """Add --dim, --chunk-tokens, --overlap, --splitter, --context, --language and --recall."""
    return with_options(command, _OPTIONS)


def index_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that describe a new index, as `Index.create` takes them."""
    return given(options, "model", *_SETTINGS)


def check_settings(index: Index, settings: Mapping[str, Any]) -> None:
    """Raise InvalidOption when an existing index was created with other settings."""
    from vecsearch import InvalidOption

    if not settings:
        return
    info = index.info()
    for name in _SETTINGS:
        existing = getattr(info, name)
        if settings.get(name, existing) != existing:
            flag = f"--{name.replace('_', '-')}"
            raise InvalidOption(
                f"{index.path} was created with {flag} {existing}, not {settings[name]}: name another index with -i"
            )


def named_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings from the command line or the environment: those of a file are for new indexes alone."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in settings.items() if source(name) is not ParameterSource.DEFAULT_MAP}


def refuse_settings(settings: Mapping[str, Any], reason: str) -> None:
    """Raise UsageError, for this reason, when a new index is described where none is created."""
    if settings:
        flag = next(iter(settings)).replace("_", "-")
        raise click.UsageError(f"--{flag} is for an index created from FOLDER: {reason}")


@contextmanager
def created_index(path: Path, settings: Mapping[str, Any], runtime: Mapping[str, Any]) -> Iterator[Index]:
    """Create an index, and remove it when the block fails before anything is committed to it."""
    from vecsearch import Index, VecsearchError

    index = Index.create(path, **settings, **runtime)
    try:
        yield index
    except Exception:  # not Ctrl-C, after which the same command continues
        with suppress(VecsearchError, OSError):  # the first error is the one to report
            index.discard_if_empty()
        raise


_OPTIONS = (
    click.option(
        "--dim", type=click.IntRange(1), metavar="N", help="Keep the first N numbers of each vector; for a new index."
    ),
    click.option("--chunk-tokens", type=int, metavar="N", help="Most tokens in a chunk; for a new index."),
    click.option("--overlap", type=int, metavar="N", help="Tokens shared with the chunk before; for a new index."),
    click.option(
        "--splitter",
        type=one_of(Splitter),
        help="Where documents are cut into chunks; for a new index.  [default: structure]",
    ),
    click.option(
        "--context/--no-context", default=None, help="Encode chunks under the titles above them; for a new index."
    ),
    click.option(
        "--language", metavar="CODE", help="The language of the texts, such as en; for a new index.  [default: auto]"
    ),
    click.option(
        "--recall",
        type=float,
        metavar="R",
        help="Least share of the nearest chunks that a search finds; for a new index.  [default: 0.99]",
    ),
)
