"""A text as lines with their places: what formats that are read line by line share."""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Line(NamedTuple):
    """A line: where it starts in its text, and its words without the white space at its end."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where its words end."""
        return self.start + len(self.text)

    @property
    def indent(self) -> int:
        """Characters of white space before its words."""
        return len(self.text) - len(self.text.lstrip())


def lines_of(text: str) -> list[Line]:
    """The lines of the text; `\\r\\n`, `\\r` and `\\n` end one."""
    return [Line(found.start(), found[0].rstrip()) for found in _LINE.finditer(text)]
