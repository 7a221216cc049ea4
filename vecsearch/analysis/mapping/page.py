"""A map as one self-contained HTML file: template, style, script and data.

The texts are untrusted. The page holds them as JSON in which no character can end its block, the script turns them into
text nodes, and the page's content security policy runs only the script and style whose hashes it names.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from importlib.resources import files as resources
from typing import Any, BinaryIO

from vecsearch.analysis.mapping.drawing import Drawing, source_of

_LONGEST = 400  # characters of a chunk
_DIGITS = 4
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def write_page(stream: BinaryIO, drawing: Drawing) -> None:
    """Write the map to a stream as HTML."""
    page, style, script = (_read_part(name) for name in ("page.html", "page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    head, tail = page.split("@map@")
    for name, text in (("@policy@", policy), ("@style@", style)):
        head = head.replace(name, text)
    stream.write(head.encode())
    stream.write(_as_block(_content(drawing)).encode())
    stream.write(tail.replace("@script@", script).encode())


def _content(drawing: Drawing) -> dict[str, Any]:
    """Return the data of the script, the points in painting order."""
    positions, queries = drawing.fitted()
    order = drawing.back_to_front()
    chunks = [drawing.chunks[i] for i in order.tolist()]
    return {
        "title": drawing.title,
        "note": drawing.note,
        "x": positions[order, 0].round(_DIGITS).tolist(),
        "y": positions[order, 1].round(_DIGITS).tolist(),
        "kind": drawing.kinds[order].tolist(),
        "text": [_shortened(chunk.text) for chunk in chunks],
        "source": [source_of(chunk) for chunk in chunks],
        "kinds": [asdict(entry) for entry in drawing.entries],
        "queries": [asdict(query) for query in queries],
    }


def _as_block(content: dict[str, Any]) -> str:
    """Return JSON that is safe inside a script element: no part of it is read as markup."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
    for character, escaped in _ESCAPES.items():
        text = text.replace(character, escaped)
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _read_part(name: str) -> str:
    return resources("vecsearch.analysis.mapping").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression that allows these bytes (Content Security Policy Level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
