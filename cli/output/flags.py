"""The flags of a root as they are written on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def flags_of(flags: Mapping[str, Any]) -> Iterator[str]:
    """Yield the flags of a root as they are written on the command line."""
    for name, value in flags.items():
        if name == "metadata":
            yield from (f"--meta {shlex.quote(f'{key}={_spelled(each)}')}" for key, each in value.items())
        elif name in ("include", "exclude"):
            yield from (f"--{name} {shlex.quote(glob)}" for glob in value)
        elif value is True:
            yield f"--{name.replace('_', '-')}"
        else:
            yield f"--{name.replace('_', '-')} {shlex.quote(str(value))}"


def _spelled(value: Any) -> str:
    """Return a value as --meta takes it, a text in quotes where it would be read as a number, a date or a boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (value[:1] in tuple('"+-0123456789') or value in ("true", "false")):
        return f'"{value}"'
    return str(value)
