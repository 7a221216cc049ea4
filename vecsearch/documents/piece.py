"""One file to load, on disk or inside another file, with the limits it is read under. Every loader takes a Piece."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from vecsearch.documents.charsets import HEAD, check_text, decode
from vecsearch.documents.composing import Parsed
from vecsearch.documents.limits import Budget, Limits, check_file_size, check_text_size
from vecsearch.documents.records import RecordFields
from vecsearch.types import Document

INSIDE = "!"  # separates an archive's path from the path inside the archive, in ids and sources
_WIDEST_CHARACTER = 4  # bytes of one character, in any encoding that texts are in


@dataclass(frozen=True, slots=True)
class Piece:
    """A file to load: its id and name, its bytes (from the start each time it is opened), and how to read it.

    A file with rows is read as records with `fields`. Where its rows lack them, that is an error if `expect_records`
    is set; otherwise the rows become the text of one document.
    """

    id: str  # of its document
    source: str  # for people: the path, followed for a file inside another one by "!" and the path inside
    name: str  # with the extension that shows its format
    size: int
    head: bytes  # its first bytes, which may show its format
    opened: Callable[[], BinaryIO]
    limits: Limits
    budget: Budget
    fields: RecordFields
    expect_records: bool
    depth: int = 0  # number of files around it

    @classmethod
    def of_path(
        cls, path: Path, document_id: str, limits: Limits, fields: RecordFields, *, expect_records: bool
    ) -> Piece:
        """Return the piece for the file at `path`. Raises OSError."""
        with path.open("rb") as file:
            size, head = os.fstat(file.fileno()).st_size, file.read(HEAD)
        return cls(
            id=document_id,
            source=str(path),
            name=path.name,
            size=size,
            head=head,
            opened=lambda: path.open("rb"),
            limits=limits,
            budget=Budget(limits, size),
            fields=fields,
            expect_records=expect_records,
        )

    def inner(self, name: str, data: bytes) -> Piece:
        """Return the piece for a file inside this one, with the content `data`; `name` is never used as a path."""
        return replace(
            self,
            id=f"{self.id}{INSIDE}{name}",
            source=f"{self.source}{INSIDE}{name}",
            name=name.rpartition("/")[2],
            size=len(data),
            head=data[:HEAD],
            opened=lambda: BytesIO(data),
            expect_records=self.fields != RecordFields(),  # the fields were named for it: a table is an error
            depth=self.depth + 1,
        )

    @property
    def suffix(self) -> str:
        """The extension of its name, in lower case: ".pdf"."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self, _: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open the file at its first byte."""
        return self.opened()

    def data(self) -> bytes:
        """Return all bytes of the file. Raises InvalidDocument when it is too large."""
        check_file_size(self.size, self.limits)
        with self.open() as file:
            return file.read(self.limits.file)

    def text(self, declared_in: Callable[[bytes], str | None] | None = None) -> str:
        """Return the file's text; `declared_in` finds the encoding that the content declares, if it does.

        Raises NotText for a binary file, InvalidDocument for one that is too large, and OSError.
        """
        check_text(self.head)  # first: a binary file may be of any size
        check_text_size(self.size // _WIDEST_CHARACTER, self.limits)
        data = self.data()
        content = decode(data, declared_in(data) if declared_in else None)
        check_text_size(len(content), self.limits)
        return content

    def may_be_text(self) -> bool:
        """Whether the file is small enough to hold no more than the permitted characters."""
        return self.size <= min(self.limits.text * _WIDEST_CHARACTER, self.limits.file)

    def document(self, parsed: Parsed) -> Document:
        """Return the document with this file's id and source, and the content `parsed` from it."""
        return Document(self.id, parsed.text, parsed.metadata, self.source, parsed.outline)

    def __str__(self) -> str:
        return self.source


class UniqueNames:
    """Names for the files in one archive: the second `notes.md` becomes `notes (2).md`."""

    def __init__(self) -> None:
        """Start with no name taken."""
        self._counts: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """Return `name`, numbered if it is taken; a file without a name is called `unnamed`."""
        name = name or "unnamed"
        count = self._counts[name] = self._counts.get(name, 0) + 1
        if count == 1:
            return name
        folder, slash, last = name.rpartition("/")
        path = PurePosixPath(last)
        return self.unique(f"{folder}{slash}{path.stem} ({count}){path.suffix}")
