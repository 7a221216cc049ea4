"""A piece: a file to read, on disk or inside another one, with what it may still take."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from vecsearch.documents.decoding import HEAD
from vecsearch.documents.limits import Budget, Limits, check_file_size

INSIDE = "!"  # stands between an archive and what is in it, in ids and sources


@dataclass(frozen=True, slots=True)
class Piece:
    """What a loader reads: where it is, what it is called, and its bytes from the start each time it is opened."""

    id: str  # of its document
    source: str  # for people: the path, and behind a "!" the path inside it
    name: str  # what its extension is read from
    size: int
    head: bytes  # its first bytes, which show of what kind it is
    opened: Callable[[], BinaryIO]
    limits: Limits
    budget: Budget
    depth: int = 0  # files that it is inside of

    @classmethod
    def of_path(cls, path: Path, document_id: str, limits: Limits) -> Piece:
        """The file at `path`. Raises OSError."""
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
        )

    def inner(self, name: str, data: bytes) -> Piece:
        """The file `name`, which holds `data`, inside this one; its name is never used as a path."""
        return replace(
            self,
            id=f"{self.id}{INSIDE}{name}",
            source=f"{self.source}{INSIDE}{name}",
            name=name.rpartition("/")[2],
            size=len(data),
            head=data[:HEAD],
            opened=lambda: BytesIO(data),
            depth=self.depth + 1,
        )

    @property
    def suffix(self) -> str:
        """The extension of its name, in lower case: ".pdf"."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self, _: Literal["rb"] = "rb", /) -> BinaryIO:
        """Its bytes, from the first one on."""
        return self.opened()

    def data(self) -> bytes:
        """All its bytes. Raises InvalidDocument when they are too many."""
        check_file_size(self.size, self.limits)
        with self.open() as file:
            return file.read(self.limits.file)

    def __str__(self) -> str:
        return self.source


class Names:
    """The names in one archive, each given once: of two files of one name the second is `notes (2).md`."""

    def __init__(self) -> None:
        """None is taken."""
        self._taken: dict[str, int] = {}

    def new(self, name: str) -> str:
        """`name`, or what is closest to it and not taken; a file without a name gets one."""
        name = name or "unnamed"
        count = self._taken[name] = self._taken.get(name, 0) + 1
        if count == 1:
            return name
        folder, slash, last = name.rpartition("/")
        path = PurePosixPath(last)
        return self.new(f"{folder}{slash}{path.stem} ({count}){path.suffix}")
