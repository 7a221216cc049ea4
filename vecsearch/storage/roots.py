"""The roots of an index: the files and folders that it follows, each with the flags that it was indexed with.

They are part of a version, in the table of file stamps (file_stamps.py), as JSON. What a flag means is known to whoever
reads files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredRoot:
    """A root by what the index calls it (see `Store.key`), and its flags as `Index.sync` takes them.

    `mounts` are the folders in it at which another file system began when it was last read.
    """

    key: str
    flags: Mapping[str, Any] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()


def encode_roots(roots: Sequence[StoredRoot]) -> bytes:
    """Return the roots as JSON."""
    rows = [{"key": root.key, "flags": _plain(root.flags), "mounts": root.mounts} for root in roots]
    return json.dumps(rows, ensure_ascii=False).encode()


def decode_roots(content: bytes) -> tuple[StoredRoot, ...]:
    """Return the roots that `encode_roots` wrote; raises ValueError for what is not that."""
    try:
        rows = json.loads(content)
        return tuple(StoredRoot(_text(row["key"]), _flags(row["flags"]), _texts(row["mounts"])) for row in rows)
    except (TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"roots are damaged: {error!r}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}, expected str")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r}, expected a list")
    return tuple(map(_text, values))


def _flags(value: object) -> dict[str, Any]:
    flags = _value(value)
    if not isinstance(flags, dict):
        raise TypeError(f"{value!r}, expected flags")
    return flags


def _plain(value: Any) -> Any:
    """Return a value of metadata as JSON has it; what JSON has no type for, and every object, names its type."""
    match value:
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case float():
            return {"float": repr(value)}  # JSON has no NaN
        case list() | tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {"object": {key: _plain(each) for key, each in value.items()}}
    return value


def _value(plain: Any) -> Any:
    """Return the value that `_plain` was given."""
    match plain:
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"float": str(text)}:
            return float(text)
        case {"object": dict(members)}:
            return {key: _value(each) for key, each in members.items()}
        case list():
            return [_value(each) for each in plain]
        case None | bool() | int() | str():
            return plain
    raise TypeError(f"{plain!r} is no value of a flag")
