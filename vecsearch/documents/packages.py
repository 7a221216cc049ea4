"""Zip files as packages of parts: Word, slides, sheets, e-books. Parts are found by name, inflated within a budget."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from zipfile import ZipFile, ZipInfo

from vecsearch.documents.limits import Budget
from vecsearch.documents.pieces import Piece
from vecsearch.documents.properties import properties
from vecsearch.documents.xml_trees import child_texts, parse_xml
from vecsearch.errors import InvalidDocument

_CHUNK = 1 << 20
_ENCRYPTED = 0x1  # of the flags of a member
_PROPERTIES = {"title": "title", "creator": "author", "language": "language", "created": "created"}


class Package:
    """The parts of a zip file, by name."""

    def __init__(self, archive: ZipFile, budget: Budget) -> None:
        """Over an open archive."""
        self._archive = archive
        self._budget = budget
        self._infos = {info.filename: info for info in archive.infolist()}

    def __contains__(self, part: str) -> bool:
        return part in self._infos

    def read(self, part: str) -> bytes:
        """The bytes of a part. Raises InvalidDocument when there is none of the name."""
        if part not in self._infos:
            raise InvalidDocument(f"it has no part {part}")
        return read_member(self._archive, self._infos[part], self._budget)

    def xml(self, part: str) -> Element:
        """The root element of a part."""
        return parse_xml(self.read(part), part)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """For each relation of a part of an Office file, by id: the last word of its type, and the part it leads to."""
        folder, name = posixpath.split(part)
        file = posixpath.join(folder, "_rels", f"{name}.rels")
        found = {}
        for relation in self.xml(file) if file in self else ():
            if relation.get("TargetMode") != "External":
                kind = relation.get("Type", "").rpartition("/")[2]
                found[relation.get("Id", "")] = (kind, resolved(part, relation.get("Target", "")))
        return found

    def office_properties(self) -> dict[str, object]:
        """The metadata in an Office file's core properties."""
        core = "docProps/core.xml"
        return properties(**child_texts(self.xml(core), _PROPERTIES)) if core in self else {}


@contextmanager
def open_package(piece: Piece) -> Iterator[Package]:
    """The parts of the zip file that the piece is. Raises InvalidDocument when it is encrypted."""
    with piece.open() as file, ZipFile(file) as archive:
        yield Package(archive, piece.budget)


def read_member(archive: ZipFile, info: ZipInfo, budget: Budget) -> bytes:
    """The bytes of a member, spent from the budget as they come: what its header says of its size may be a lie."""
    if info.flag_bits & _ENCRYPTED:
        raise InvalidDocument("it is encrypted: remove the password to index it")
    with archive.open(info) as member:
        return b"".join(inflated(member, budget))


def inflated(file: IO[bytes], budget: Budget) -> Iterator[bytes]:
    """The bytes that come out of a decompressing file, in pieces, each spent from the budget."""
    while chunk := file.read(_CHUNK):
        budget.spend(len(chunk))
        yield chunk


def resolved(part: str, target: str) -> str:
    """The part that `target`, an address in `part`, leads to. It is looked up in the package and nowhere else."""
    target = unquote(target.partition("#")[0])
    joined = target if target.startswith("/") else posixpath.join(posixpath.dirname(part), target)
    return posixpath.normpath(joined).lstrip("/")
