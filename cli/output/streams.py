"""The standard streams: text, JSON and notices, each in what the stream can encode; and streams that are closed."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, TextIO

import click

from .characters import encodable, visible, visible_json

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def open_closed_streams() -> None:
    """Give each standard stream that is closed a place to write to, where nothing is kept.

    Otherwise the next file that is opened, such as the index, gets its number, and whatever a library prints. Standard
    input stays None: `standard_input` reports that it is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def standard_input() -> TextIO:
    """Return standard input; raises UsageError when it is closed."""
    stream: TextIO | None = sys.stdin
    if stream is None or stream.closed:
        raise click.UsageError("standard input is closed: give it a file with < FILE, or name what to read")
    return stream


def utf8_input(errors: str = "replace") -> TextIO:
    """Return standard input as UTF-8, as files are read, whatever the system's own encoding; no byte order mark."""
    stream = standard_input()
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors=errors)
    return stream


def stripped_lines(stream: TextIO) -> list[str]:
    """Return the lines that are not blank, without white space around them, nor the marks of files put together."""
    lines = (line.strip().lstrip("\ufeff").lstrip() for line in stream)
    return [line for line in lines if line]


def is_coloured() -> bool:
    """Return whether output has colours: as --color says, else on a terminal that has them, without NO_COLOR.

    See no-color.org.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def write_text(text: str) -> None:
    """Print text, in colour where that is wanted."""
    _write(encodable(text), color=is_coloured())


def write_json(value: Any) -> None:
    """Print a JSON document, with escapes for what standard output cannot encode and what nobody would see.

    NaN and infinities, which JSON does not have, are null.
    """
    text = visible_json(json_text(value))
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        text = _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
    _write(text, color=False)


def json_text(value: Any) -> str:
    """Return a value as a JSON document on one line: dates in ISO 8601, NaN and infinities as null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:  # it holds a number that JSON does not have
        return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def write_notice(line: str) -> None:
    """Print a line to standard error, if that can be written to: there is no other place to report it."""
    write_notices(visible(line))


def write_notices(text: str) -> None:
    """Print lines of our own to standard error, as `write_notice` does."""
    try:
        click.echo(text, err=True)
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Let what is still to be written to a stream that failed go nowhere, so that it does not fail again at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(text: str, *, color: bool | None) -> None:
    try:
        click.echo(text, color=color)
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise OSError(error.errno, error.strerror, "standard output") from None


def _plain(value: Any) -> Any:
    """Return a value that json does not know as one that it does."""
    from vecsearch.types import json_safe  # imports numpy

    return json_safe(value)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8", errors="replace")  # for the process's whole life


def terminal_width() -> int:
    """Return the columns of the terminal, at least 40; 100 where standard output is a file or a pipe."""
    try:
        return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 100
