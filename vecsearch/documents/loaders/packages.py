"""Zip files as packages of named parts (Word, slides, sheets, e-books), unpacked within a budget."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from zipfile import ZipFile, ZipInfo

from vecsearch.documents.composing import properties
from vecsearch.documents.limits import Budget
from vecsearch.documents.loaders.xml_trees import child_texts, parse_xml
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument

_CHUNK = 1 << 20
_ENCRYPTED = 0x1  # among the flags of a member
_PROPERTIES = {"title": "title", "creator": "author", "language": "language", "created": "created"}


class Package:
    """The parts of a zip file, by name."""

    def __init__(self, archive: ZipFile, budget: Budget) -> None:
        """Read from an open archive."""
        self._archive = archive
        self._budget = budget
        self._infos = {info.filename: info for info in archive.infolist()}

    def __contains__(self, part: str) -> bool:
        return part in self._infos

    def read(self, part: str) -> bytes:
        """Return the bytes of a part. Raises InvalidDocument for a missing part."""
        if part not in self._infos:
            raise InvalidDocument(f"damaged: the part {part} is missing")
        return read_member(self._archive, self._infos[part], self._budget)

    def xml(self, part: str) -> Element:
        """Return the root element of a part."""
        return parse_xml(self.read(part), part)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the relations of a part of an Office file: id → (last word of the type, part it leads to)."""
        folder, name = posixpath.split(part)
        file = posixpath.join(folder, "_rels", f"{name}.rels")
        relations = {}
        for relation in self.xml(file) if file in self else ():
            if relation.get("TargetMode") != "External":
                kind = relation.get("Type", "").rpartition("/")[2]
                relations[relation.get("Id", "")] = (kind, resolved(part, relation.get("Target", "")))
        return relations

    def office_properties(self) -> dict[str, object]:
        """Return the metadata in an Office file's core properties."""
        core = "docProps/core.xml"
        return properties(**child_texts(self.xml(core), _PROPERTIES)) if core in self else {}


@contextmanager
def open_package(piece: Piece) -> Iterator[Package]:
    """Open a zip file as a package."""
    with piece.open() as file, ZipFile(file) as archive:
        yield Package(archive, piece.budget)


def read_member(archive: ZipFile, info: ZipInfo, budget: Budget) -> bytes:
    """Return the bytes of a member; each is taken from the budget when it is read, as the header's size may be wrong.

    Raises InvalidDocument when the member is encrypted or the budget is exceeded.
    """
    if info.flag_bits & _ENCRYPTED:
        raise InvalidDocument("encrypted: remove the password to index it")
    with archive.open(info) as member:
        return b"".join(inflated(member, budget))


def inflated(file: IO[bytes], budget: Budget) -> Iterator[bytes]:
    """Yield the bytes of a decompressing file in chunks, each taken from the budget."""
    while chunk := file.read(_CHUNK):
        budget.spend(len(chunk))
        yield chunk


def resolved(part: str, target: str) -> str:
    """Return the part that `target`, a relative URL in `part`, leads to: a name, never a path on disk."""
    target = unquote(target.partition("#")[0])
    joined = target if target.startswith("/") else posixpath.join(posixpath.dirname(part), target)
    return posixpath.normpath(joined).lstrip("/")
