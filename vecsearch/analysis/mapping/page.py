"""A map as one self-contained HTML file: template, style, script and data.

The texts are untrusted. The page holds them compressed, in base64, so that none can end its block; the script turns
them into text nodes, and the page's content security policy runs only the script and style whose hashes it names.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import asdict
from importlib.resources import files as resources
from typing import Any, BinaryIO

import numpy as np

from vecsearch.analysis.mapping.drawing import Drawing, source_of
from vecsearch.types import IntArray, json_safe

_LONGEST = 4_000  # characters of a chunk
_DIGITS = 4
_LEVEL = 6  # of gzip
_SCRIPTS = ("drawing.js", "panel.js", "page.js")  # in this order: each uses the ones before


def write_page(stream: BinaryIO, drawing: Drawing) -> None:
    """Write the map to a stream as HTML."""
    page, style = _read_part("page.html"), _read_part("page.css")
    script = "\n".join(map(_read_part, _SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    head, tail = page.split("@map@")
    for name, text in (("@policy@", policy), ("@style@", style)):
        head = head.replace(name, text)
    stream.write(head.encode())
    stream.write(_packed(_content(drawing)).encode())
    stream.write(tail.replace("@script@", script).encode())


def _content(drawing: Drawing) -> dict[str, Any]:
    """Return the data of the script, the points in painting order."""
    drawing = drawing.fitted()
    order = drawing.back_to_front()
    chunks = [drawing.chunks[i] for i in order.tolist()]
    return {
        "title": drawing.title,
        "note": drawing.note,
        "x": drawing.positions[order, 0].round(_DIGITS).tolist(),
        "y": drawing.positions[order, 1].round(_DIGITS).tolist(),
        "kind": drawing.kinds[order].tolist(),
        "near": _neighbours(drawing, order),
        "id": [chunk.chunk_id for chunk in chunks],
        "text": [_shortened(chunk.text) for chunk in chunks],
        "source": [source_of(chunk) for chunk in chunks],
        "metadata": [json_safe(drawing.metadata[i]) for i in order.tolist()],
        "kinds": [asdict(entry) for entry in drawing.entries],
        "queries": [asdict(query) for query in drawing.queries],
        "labels": [asdict(label) for label in drawing.labels],
    }


def _neighbours(drawing: Drawing, order: IntArray) -> list[list[int]]:
    """Return the neighbours of each point by their places in the painting order."""
    if drawing.neighbours is None:
        return [[]] * len(order)
    places = np.argsort(order)
    near: list[list[int]] = places[drawing.neighbours[order]].tolist()
    return near


def _packed(content: dict[str, Any]) -> str:
    """Return the content as JSON, compressed, in characters that no markup has."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(text, _LEVEL, mtime=0)).decode()


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _read_part(name: str) -> str:
    return resources("vecsearch.analysis.mapping").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression that allows these bytes (Content Security Policy Level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
