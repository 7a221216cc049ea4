"""What goes to standard output: lines for people, or one JSON document."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from .passages import encodable, printable

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def print_done(fields: dict[str, Any], said: str, *, as_json: bool) -> None:
    """What a command has done: fields for programs, a sentence for people."""
    if as_json:
        print_json(fields)
    else:
        echo(printable(said))


def print_json(value: Any) -> None:
    """Prints JSON, with escapes where standard output could not take every character."""
    text = encodable(json.dumps(value, ensure_ascii=False, default=str))
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        text = _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    click.echo(text, color=False)


def echo(line: str) -> None:
    """Prints a line, in colour only on a terminal whose user has not said NO_COLOR (no-color.org)."""
    click.echo(encodable(line), color=False if os.environ.get("NO_COLOR") else None)


def shown_path(path: str | Path) -> str:
    """The path from here when it is below this folder, else as it is."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def plural(n: int, noun: str) -> str:
    """So many of them, in words."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
