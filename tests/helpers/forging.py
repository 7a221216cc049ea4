"""An index whose current manifest a stranger has changed, with a checksum that is right."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from vecsearch.storage.manifest import Manifest, to_json
from vecsearch.storage.store import Store

# Each would do something else to a terminal, a log or a reader: move, colour, rename the window, begin a line, hide.
HOSTILE = {
    "escape": "\x1b[2J\x1b[31m\x1b]0;owned\x07",
    "c1": "\x9b2J\x9d0;owned\x9c",
    "line": "\nvecsearch: no problems",
    "return": "\rvecsearch: no problems",
    "separator": "\u2028vecsearch: no problems\x85and\x0bmore",
    "direction": "\u202egnp.exe\u2066",
    "hidden": "mini\u200blm\u2060\ufeff\xad",
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all"),
}


def forge(index: Path, change: Callable[[Manifest], Manifest]) -> None:
    """Replace the current manifest by what `change` makes of it."""
    store = Store(index)
    manifest = store.manifest()
    store.manifest_path(manifest.version).write_bytes(to_json(change(manifest)))


def rename_model(index: Path, name: str) -> None:
    """Give the model another name; its vectors and fingerprint stay."""
    forge(index, lambda manifest: replace(manifest, model=replace(manifest.model, name=name)))


def unseen(text: str) -> set[str]:
    """The characters of a text, but for tabs and ends of lines, that act on a terminal or cannot be seen."""
    return {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")} - {"\t", "\n"}


def strings_of(document: Any) -> list[str]:
    """All strings in a JSON document, keys as well."""
    if isinstance(document, dict):
        return [text for pair in document.items() for each in pair for text in strings_of(each)]
    if isinstance(document, list):
        return [text for each in document for text in strings_of(each)]
    return [document] if isinstance(document, str) else []


def reread(line: str) -> list[str]:
    """All strings of a JSON document that is one line."""
    return strings_of(json.loads(line))
