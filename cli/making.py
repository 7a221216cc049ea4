"""How an index is made: the flags for a new one, what one that is there already is held to, and what becomes of a new
one when nothing gets into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .options import adding

if TYPE_CHECKING:
    from vecsearch import Index

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KIND = ("dim", "chunk_tokens", "overlap", "splitter", "context", "language", "recall", "keep_text")


def making(command: _Command) -> _Command:
    """Adds --dim, --chunk-tokens, --overlap, --splitter, --context, --language and --recall."""
    return adding(command, _OPTIONS)


def kind_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What of the options says what a new index is to be like, as `Index.create` takes it."""
    return {name: options[name] for name in ("model", *_KIND) if options.get(name) is not None}


def check_kind(found: Index, kind: Mapping[str, Any]) -> None:
    """Raises InvalidOption when an existing index is asked to be of another kind."""
    from vecsearch import InvalidOption

    info = found.info()
    for name in _KIND:
        has = getattr(info, name)
        if kind.get(name, has) != has:
            flag = f"--{name.replace('_', '-')}"
            raise InvalidOption(
                f"{found.path} was made with {flag} {has}, not {kind[name]}: make another index with -i"
            )


def refuse_kind(kind: Mapping[str, Any], reason: str) -> None:
    """Raises UsageError when a new index is described where none is made, for this reason."""
    if kind:
        flag = next(iter(kind)).replace("_", "-")
        raise click.UsageError(f"--{flag} is for an index that FOLDER makes: {reason}")


@contextmanager
def made(path: Path, kind: Mapping[str, Any], how: Mapping[str, Any]) -> Iterator[Index]:
    """A new index, which is gone again when the block fails before anything is committed to it."""
    from vecsearch import Index, VecsearchError

    new = Index.create(path, **kind, **how)
    try:
        yield new
    except Exception:  # but for Ctrl-C, after which the same command goes on
        with suppress(VecsearchError, OSError):  # what went wrong first is what is to be said
            new.discard_if_empty()
        raise


_OPTIONS = (
    click.option(
        "--dim", type=click.IntRange(1), metavar="N", help="Keep the first N numbers of vectors; for a new index."
    ),
    click.option("--chunk-tokens", type=int, metavar="N", help="Tokens of a chunk at most; for a new index."),
    click.option("--overlap", type=int, metavar="N", help="Tokens a chunk repeats of the one before; for a new index."),
    click.option(
        "--splitter",
        type=click.Choice(["structure", "sentences", "semantic"]),
        help="What decides where documents are cut; for a new index.  [default: structure]",
    ),
    click.option(
        "--context/--no-context", default=None, help="Encode chunks under the titles above them; for a new index."
    ),
    click.option(
        "--language", metavar="CODE", help="Read words as of one language, as en; for a new index.  [default: auto]"
    ),
    click.option(
        "--recall",
        type=float,
        metavar="R",
        help="Share of the nearest a search finds; for a new index.  [default: 0.99]",
    ),
)
