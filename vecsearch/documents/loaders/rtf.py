"""Rich Text Format, by striprtf: the text without its formatting, and the file's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from vecsearch.documents.composing import Composer, properties
from vecsearch.documents.piece import Piece
from vecsearch.imports import require
from vecsearch.types import Document

_PROPERTY = re.compile(r"\{\\(title|author)\s([^{}]*)\}")
_CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_HEAD = 20_000  # characters that are searched for metadata
_CELL_END = re.compile(r"\|(?=\n|$)", re.MULTILINE)


def load_rtf(piece: Piece) -> Iterator[Document]:
    """Yield the document in an RTF file; cells of tables are separated by `|`."""
    content = piece.data().decode("latin-1")  # characters beyond ASCII are escaped
    composer = Composer(piece.limits)
    composer.paragraph(_CELL_END.sub("", rtf_text(content)))
    head = content[:_HEAD]
    values = {name: rtf_text(f"{{\\rtf1 {value}}}") for name, value in _PROPERTY.findall(head)}
    yield piece.document(composer.parsed(properties(**values, created=_created(head))))


def rtf_text(content: str) -> str:
    """Return the text in Rich Text Format without its formatting."""
    striprtf = require("striprtf.striprtf", "documents", "reading RTF", package="striprtf")
    text: str = striprtf.rtf_to_text(content, errors="replace")
    return text


def _created(head: str) -> str | None:
    match = _CREATED.search(head)
    try:
        return date(*map(int, match.groups())).isoformat() if match else None
    except ValueError:
        return None
