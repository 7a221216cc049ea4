"""Standard output and standard error: text, JSON, and notices, each in what the stream can encode."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

import click

from .characters import encodable, visible, visible_json

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def write_text(text: str) -> None:
    """Print text, in colour only on a terminal and without NO_COLOR in the environment (no-color.org)."""
    click.echo(encodable(text), color=False if os.environ.get("NO_COLOR") else None)


def write_json(value: Any) -> None:
    """Print a JSON document, with escapes for what standard output cannot encode and what nobody would see."""
    text = visible_json(json.dumps(value, ensure_ascii=False, default=str))
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        text = _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
    click.echo(text, color=False)


def write_notice(line: str) -> None:
    """Print a line to standard error."""
    click.echo(visible(line), err=True)


def terminal_width() -> int:
    """Return the columns of the terminal, at least 40; 100 where standard output is a file or a pipe."""
    try:
        return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 100
