"""How files are read: the flags that say which ones, the fields of records, and metadata for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from .metadata import metadata_of
from .options import adding

_Command = TypeVar("_Command", bound=Callable[..., Any])
_READING = ("include", "exclude", "id_field", "text_field", "title_field", "metadata", "dedupe", "drop_boilerplate")


def reading(command: _Command) -> _Command:
    """Adds --include, --exclude, --id-field, --text-field, --title-field, --meta, --dedupe and --drop-boilerplate."""
    return adding(command, (*_FILES, *_FIELDS, *_REST))


def record_fields(command: _Command) -> _Command:
    """Adds --id-field, --text-field and --title-field."""
    return adding(command, _FIELDS)


def reading_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What of the options says how files are read, as `Index.sync` takes it."""
    return {name: options[name] for name in _READING}


_FILES = (
    click.option("--include", multiple=True, metavar="GLOB", help="Take only files like this; may be repeated."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files like this; may be repeated."),
)
_FIELDS = (
    click.option("--id-field", metavar="NAME", help="The field of a record that is its id.  [default: _id or id]"),
    click.option("--text-field", metavar="NAME", help="The field of a record that is its text.  [default: text]"),
    click.option(
        "--title-field", metavar="NAME", help="The field of a record put in front of its text.  [default: title]"
    ),
)
_REST = (
    click.option(
        "--meta",
        "metadata",
        multiple=True,
        metavar="KEY=VALUE",
        callback=metadata_of,
        help="Metadata of every document; may be repeated.",
    ),
    click.option(
        "--dedupe",
        type=click.Choice(["report", "collapse"]),
        help="Name documents that nearly repeat one before them, or leave them out.",
    ),
    click.option("--drop-boilerplate", is_flag=True, help="Do not encode lines that most pages begin or end with."),
)
