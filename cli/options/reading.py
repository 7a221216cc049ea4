"""Flags that say which files are read, which fields records have, and what metadata documents get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from vecsearch.choices import Dedupe

from .common import one_of, with_options
from .metadata import parse_metadata

_Command = TypeVar("_Command", bound=Callable[..., Any])
_READING = ("include", "exclude", "id_field", "text_field", "title_field", "metadata", "dedupe", "drop_boilerplate")


def with_reading(command: _Command) -> _Command:
    """Add --include, --exclude, --id-field, --text-field, --title-field, --meta, --dedupe and --drop-boilerplate."""
    return with_options(command, (*_FILES, *_FIELDS, *_REST))


def with_record_fields(command: _Command) -> _Command:
    """Add --id-field, --text-field and --title-field."""
    return with_options(command, _FIELDS)


def reading_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that say how files are read, as `Index.sync` takes them."""
    return {name: options[name] for name in _READING}


_FILES = (
    click.option("--include", multiple=True, metavar="GLOB", help="Index only matching files; may be repeated."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Skip matching files; may be repeated."),
)
_FIELDS = (
    click.option("--id-field", metavar="NAME", help="The record field with the id.  [default: _id or id]"),
    click.option("--text-field", metavar="NAME", help="The record field with the text.  [default: text]"),
    click.option(
        "--title-field", metavar="NAME", help="The record field that goes in front of the text.  [default: title]"
    ),
)
_REST = (
    click.option(
        "--meta",
        "metadata",
        multiple=True,
        metavar="KEY=VALUE",
        callback=parse_metadata,
        help="Add metadata to every document; may be repeated.",
    ),
    click.option(
        "--dedupe", type=one_of(Dedupe), help="Report documents that nearly repeat another, or leave them out."
    ),
    click.option("--drop-boilerplate", is_flag=True, help="Do not encode lines that most pages begin or end with."),
)
