"""Plain text as it is; and a text as lines with their offsets, for the formats that are read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from vecsearch.documents.composing import Parsed
from vecsearch.documents.piece import Piece
from vecsearch.types import Document

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def load_text(piece: Piece) -> Iterator[Document]:
    """Yield a document with the text of the file, unchanged and without an outline."""
    yield piece.document(Parsed(piece.text()))


class Line(NamedTuple):
    """A line of a text: the offset of its start, and its characters without the white space at its end."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """The offset behind its last visible character."""
        return self.start + len(self.text)

    @property
    def indent(self) -> int:
        """The number of white space characters at its start."""
        return len(self.text) - len(self.text.lstrip())


def lines_of(text: str) -> list[Line]:
    """Return the lines of the text; `\\r\\n`, `\\r` and `\\n` end one."""
    return [Line(match.start(), match[0].rstrip()) for match in _LINE.finditer(text)]
