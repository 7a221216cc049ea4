"""Archives (.zip, .tar) and compressed files (.gz, .bz2, .xz, .zst) → the files in them as pieces.

Nothing is written to disk: the name of a file inside becomes part of its source, and is never used as a path.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO
from zipfile import ZipFile

from vecsearch.documents.composing import clean
from vecsearch.documents.formats import COMPRESSED, is_tar
from vecsearch.documents.limits import Budget
from vecsearch.documents.loaders.packages import inflated, read_member
from vecsearch.documents.outcomes import Skip
from vecsearch.documents.piece import Piece, UniqueNames
from vecsearch.reports import Failure

_SUFFIXES = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar"}
_BLOCK = 512  # bytes of a tar header
_MACOS_EXTRAS = "__MACOSX/"


def load_zip(piece: Piece) -> Iterator[Piece | Failure]:
    """Yield the files in a zip archive. Raises InvalidDocument when it is encrypted or exceeds a limit."""
    names = UniqueNames()
    with piece.open() as file, ZipFile(file) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and _is_visible(info.filename)]
        _count(len(infos), piece)
        for info in infos:
            name = names.unique(_one_line(info.filename))
            try:
                data = read_member(archive, info, piece.budget)
            except NotImplementedError as error:  # a compression method that Python does not support
                yield Failure(piece.inner(name, b"").source, str(error))
                continue
            yield _inner(piece, name, data)


def load_compressed(piece: Piece) -> Iterator[Piece | Failure]:
    """Yield the file that is compressed; when that is a tar archive, the files in it."""
    with piece.open() as file, _decompressed(file) as content:
        counted = BufferedReader(_Counted(content, piece.budget))
        if is_tar(counted.peek(_BLOCK)):
            yield from _members(counted, piece)
            return
        inner = _inner(piece, _one_line(_inner_name(piece.name)), counted.read())
        # One file in another form: as much is expected of it as of the file itself.
        yield replace(inner, expect_records=piece.expect_records) if isinstance(inner, Piece) else inner


def load_tar(piece: Piece) -> Iterator[Piece | Failure]:
    """Yield the files in a tar archive."""
    with piece.open() as file:
        yield from _members(file, piece)


def _members(file: Any, piece: Piece) -> Iterator[Piece | Failure]:
    """Yield the files in a tar archive, which is read as a stream."""
    names = UniqueNames()
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            _count(1, piece)
            content = archive.extractfile(member) if member.isreg() and _is_visible(member.name) else None
            if content is not None:
                data = b"".join(inflated(content, piece.budget))
                yield _inner(piece, names.unique(_one_line(member.name)), data)


def _inner(piece: Piece, name: str, data: bytes) -> Piece | Failure:
    inner = piece.inner(name, data)
    return inner if data else Skip(inner.source, "empty file")


def _count(count: int, piece: Piece) -> None:
    piece.budget.spend_members(count, things="files", advice="unpack it and index the folder")


def _is_visible(name: str) -> bool:
    """Whether neither the file nor a folder around it is hidden; the same rule as in a folder on disk."""
    parts = name.replace("\\", "/").split("/")
    return not name.startswith(_MACOS_EXTRAS) and not any(part.startswith(".") and part.strip(".") for part in parts)


def _one_line(name: str) -> str:
    """Return the name on one line, with slashes between folders whatever system wrote it."""
    return " ".join(clean(name.replace("\\", "/").removeprefix("./")).split())


def _inner_name(name: str) -> str:
    """Return the name of a compressed file without the compression: `notes.md` for `notes.md.gz`."""
    stem, dot, suffix = name.rpartition(".")
    return (stem if dot else name) + _SUFFIXES.get(f".{suffix.lower()}", "")


def _decompressed(file: BinaryIO) -> Any:
    """Return the decompressed content as a file, to be closed by the caller."""
    head = file.read(8)
    file.seek(0)
    match next((kind for magic, kind in COMPRESSED.items() if head.startswith(magic)), ""):
        case "gzip":
            return gzip.open(file)
        case "bzip2":
            return bz2.open(file)
        case "xz":
            return lzma.open(file)
        case _:
            import pyarrow as pa

            return closing(pa.CompressedInputStream(file, "zstd"))


class _Counted(RawIOBase):
    """A file whose bytes are taken from a budget as they are read."""

    def __init__(self, file: Any, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into the buffer."""
        data = self._file.read(len(buffer))
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)
