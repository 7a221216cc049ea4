"""Rich Text Format, by striprtf: the words without their looks, and what the file says of itself."""

from __future__ import annotations

import re
from datetime import date

from vecsearch.documents.composing import Composer
from vecsearch.documents.pieces import Piece
from vecsearch.documents.properties import properties
from vecsearch.errors import ExtraMissing
from vecsearch.types import Document

_PROPERTY = re.compile(r"\{\\(title|author)\s+([^{}]*)\}")
_CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_HEAD = 20_000  # characters, among which it says what it is
_CELL_END = re.compile(r"\|(?=\n|$)", re.MULTILINE)


def rtf_document(piece: Piece) -> Document:
    """The document with the text of the file; cells of tables are parted by `|`."""
    content = piece.data().decode("latin-1")  # beyond ASCII it is escaped, in the encoding that it names
    composer = Composer(piece.limits)
    composer.paragraph(_CELL_END.sub("", rtf_text(content)))
    head = content[:_HEAD]
    found = {name: rtf_text(f"{{\\rtf1 {value}}}") for name, value in _PROPERTY.findall(head)}
    return composer.document(piece.id, piece.source, properties(**found, created=_created(head)))


def rtf_text(content: str) -> str:
    """The words of a text in Rich Text Format."""
    try:
        from striprtf.striprtf import rtf_to_text
    except ModuleNotFoundError as error:
        if error.name != "striprtf":
            raise
        raise ExtraMissing.of("striprtf", "documents", "reading RTF") from None
    text: str = rtf_to_text(content, errors="replace")  # type: ignore[no-untyped-call]
    return text


def _created(head: str) -> str | None:
    found = _CREATED.search(head)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None
