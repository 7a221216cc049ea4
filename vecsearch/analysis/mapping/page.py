"""A map as one HTML file that needs nothing else: template, style, script and data in one.

Texts come from anywhere. They stand in the page as JSON in which no character can end the block it is in, the script
makes text nodes of them, and the page's own policy lets no other script run: only those bytes whose hash it names.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from importlib.resources import files as resources
from typing import Any, BinaryIO

from vecsearch.analysis.mapping.drawing import Drawing, source_of

_SHOWN = 400  # characters of a passage
_DIGITS = 4
_ENDING = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def write_page(stream: BinaryIO, drawing: Drawing) -> None:
    """The map is written to the stream as HTML."""
    page, style, script = (_part(name) for name in ("page.html", "page.css", "page.js"))
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
    """What the script draws; points in the order in which they are painted."""
    places, queries = drawing.fitted()
    order = drawing.back_to_front()
    passages = [drawing.passages[i] for i in order.tolist()]
    return {
        "title": drawing.title,
        "note": drawing.note,
        "x": places[order, 0].round(_DIGITS).tolist(),
        "y": places[order, 1].round(_DIGITS).tolist(),
        "kind": drawing.kinds[order].tolist(),
        "text": [_beginning(passage.text) for passage in passages],
        "place": [source_of(passage) for passage in passages],
        "kinds": [asdict(entry) for entry in drawing.entries],
        "queries": [asdict(query) for query in queries],
    }


def _as_block(content: dict[str, Any]) -> str:
    """JSON that can stand in a script element: nothing in it is read as markup."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
    for character, escaped in _ENDING.items():
        text = text.replace(character, escaped)
    return text


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def _part(name: str) -> str:
    return resources("vecsearch.analysis.mapping").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """How a policy names these bytes (Content Security Policy Level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
