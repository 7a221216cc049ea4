"""Look up documents and chunks of an index by name, in the parts of a version.

A name is an id, or a path as a command shows it: relative to the working folder, with `..` where need be, absolute, or
as the index has it; a path may end in `:LINE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vecsearch.checks import is_storable
from vecsearch.documents.record_places import record_line
from vecsearch.errors import InvalidQuery
from vecsearch.storage.store import Part, Store

_LONGEST_ORDINAL = 9  # digits


class PartRows(NamedTuple):
    """Rows of one part of a version, by the number of the part."""

    part: int
    rows: slice


def documents_named(store: Store, parts: Sequence[Part], names: Sequence[str]) -> list[list[PartRows]]:
    """Return for each name the rows of the documents it stands for: the one with this id, or those of the file.

    Raises InvalidQuery for a name that is the id of one document and, from the working folder, the path of another.
    """
    keys = [_keys(store, name) for name in names]
    wanted = list({key for some in keys for key in some})
    ids, paths = (_documents_by(parts, column, wanted) for column in ("document_id", "path"))
    found = []
    for name, some in zip(names, keys, strict=True):
        by_id = ids.get(name, []) if some else []
        by_path = next(filter(None, (paths.get(key) or ids.get(key) for key in some[1:])), [])
        if by_id and by_path and by_id != by_path:
            raise InvalidQuery(
                f"{name} is the path of one document and the id of another: write {Path.cwd() / name} for the first, "
                f"{store.resolve(name)} for the other"
            )
        found.append(by_path or by_id or paths.get(name, []))
    return found


def _keys(store: Store, name: str) -> list[str]:
    """Return the name as it is, and as the path of a file inside the index; nothing for what cannot be stored."""
    if not is_storable(name):
        return []
    path = Path(name)
    try:
        return [name, store.key(path), store.key(path.resolve())]
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
        return [name, store.key(path)]


def _documents_by(parts: Sequence[Part], column: str, values: Sequence[str]) -> dict[str, list[PartRows]]:
    """Return the rows of the live documents with one of these values in a text column, by value."""
    found: dict[str, list[PartRows]] = {}
    for number, part in enumerate(parts):
        for first in part.segment.documents_with(column, values).tolist():
            if part.is_live(first):
                rows = PartRows(number, part.segment.rows_from(first))
                found.setdefault(part.segment.value(column, first), []).append(rows)
    return found


def ids_named(store: Store, parts: Sequence[Part], names: Sequence[str]) -> list[list[str]]:
    """Return for each name the ids of its documents; `FILE:LINE` names a record, and no part of another document."""
    return [
        [parts[part].segment.value("document_id", rows.start) for part, rows in documents]
        for documents in documents_at(store, parts, names)
    ]


def documents_at(store: Store, parts: Sequence[Part], names: Sequence[str]) -> list[list[PartRows]]:
    """Return what `documents_named` returns and, for `FILE:LINE`, the rows of the record on that line."""
    found = documents_named(store, parts, names)
    for number, name in enumerate(names):
        if not found[number] and (place := place_named(store, parts, name)):
            segment = parts[place.part].segment
            if record_line(segment.value("place", place.rows.start)):
                found[number] = [_document_of(parts, place)]
    return found


def folder_keys(store: Store, name: str) -> list[str]:
    """Return what the index calls a folder, named as `documents_named` takes it, as it is written and without links."""
    return _keys(store, name)[1:]


def is_below(folders: Sequence[str], key: str) -> bool:
    """Return whether a file is somewhere below a folder, by what the index calls them."""
    return any(_contains(folder, key) for folder in folders)


def _contains(folder: str, key: str) -> bool:
    names = folder.split("/")
    if folder == "." or set(names) == {".."}:  # above all keys but those that go up further
        ups = 0 if folder == "." else len(names)
        return not key.startswith("/") and not key.startswith("../" * (ups + 1))
    return key.startswith(f"{folder}/")


def place_named(store: Store, parts: Sequence[Part], name: str) -> PartRows | None:
    """Return the row of the chunk at `PATH:LINE`: the last one of the file that begins on that line or before it."""
    path, mark, digits = name.rpartition(":")
    if not mark or not digits.isdecimal() or len(digits) > _LONGEST_ORDINAL:
        return None
    [documents] = documents_named(store, parts, [path])
    best, best_line = None, -1
    for number, rows in documents:
        segment = parts[number].segment
        for row in range(rows.start, rows.stop):
            line = record_line(segment.value("place", row)) or int(segment.value("line", row))
            if best_line < line <= int(digits) and (len(documents) == 1 or line == int(digits)):
                best, best_line = PartRows(number, slice(row, row + 1)), line
    return best


def rows_of_chunk(store: Store, parts: Sequence[Part], name: str) -> list[PartRows]:
    """Return the row of the chunk that a name stands for, if any: `DOCUMENT#N`, `PATH:LINE`, or `PATH:LINE#N`."""
    if split := split_chunk_id(name):
        document_name, ordinal = split
        [documents] = documents_named(store, parts, [document_name])
        if not documents and (place := place_named(store, parts, document_name)):
            documents = [_document_of(parts, place)]
        rows = [PartRows(part, slice(rows.start + ordinal, rows.start + ordinal + 1)) for part, rows in documents]
        return [row for row, (_, rows) in zip(rows, documents, strict=True) if row.rows.stop <= rows.stop]
    place = place_named(store, parts, name)
    return [place] if place else []


def continues_line(parts: Sequence[Part], chunks: Sequence[tuple[str, int]]) -> list[bool]:
    """Return for each chunk, a document id and an ordinal, whether the one before it begins on the same line.

    Then `PATH:LINE` stands for the other one.
    """
    found = _documents_by(parts, "document_id", [document_id for document_id, ordinal in chunks if ordinal])
    return [bool(ordinal) and _continues(parts, found.get(document_id, []), ordinal) for document_id, ordinal in chunks]


def _continues(parts: Sequence[Part], documents: Sequence[PartRows], ordinal: int) -> bool:
    for part, rows in documents:
        segment, row = parts[part].segment, rows.start + ordinal
        if row < rows.stop:
            same: bool = segment.value("line", row - 1) == segment.value("line", row)
            return same or record_line(segment.value("place", row)) is not None
    return False


def _document_of(parts: Sequence[Part], chunk: PartRows) -> PartRows:
    segment, row = parts[chunk.part].segment, chunk.rows.start
    return PartRows(chunk.part, segment.rows_from(row - int(segment.value("ordinal", row))))


def split_chunk_id(chunk_id: str) -> tuple[str, int] | None:
    """Return the document id and the ordinal that a chunk id consists of; None for what does not look like one."""
    document_id, mark, ordinal = chunk_id.rpartition("#")
    if not mark or not ordinal.isdecimal() or len(ordinal) > _LONGEST_ORDINAL:
        return None
    return document_id, int(ordinal)
