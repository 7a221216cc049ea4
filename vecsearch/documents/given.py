"""What a program passes to `add` → documents: Documents, texts, records as dicts, or a table of records.

A mistake of the program raises InvalidDocument with the call that works. An item that has no id or no text is a
Failure, and the others go in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from numbers import Integral
from os import PathLike, fspath
from os.path import exists
from typing import Any
from uuid import UUID

from vecsearch.documents.arrow_tables import is_table, rows_of_table
from vecsearch.documents.records import RecordFields
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

_LONGEST_PATH = 1_000  # characters of a text that might be a path


def given_documents(items: Any, fields: RecordFields) -> Iterator[Document | Failure]:
    """Return the documents that a program means, as they are taken; raises InvalidDocument.

    `items` is an iterable of what `document_of` takes and of Failures, or a table with the Arrow interface.
    """
    if is_table(items):
        return (document_of(row, f"row {n}", fields) for n, row in enumerate(rows_of_table(items, fields), 1))
    if mistake := _mistake(items):
        raise InvalidDocument(f"add takes an iterable of documents, not {mistake}")
    return (
        item if isinstance(item, Failure) else document_of(item, f"document {n}", fields)
        for n, item in enumerate(items)
    )


def document_of(item: Any, name: str, fields: RecordFields) -> Document | Failure:
    """Return the document that a program means by `item`; a Failure for a mapping without an id or a text.

    The id of a str is a hash of its text, so that equal texts are one document. A mapping has an id, a text and a title
    in its `fields`, by default those of records, and `source`; `metadata`, a mapping, and all other fields become
    metadata. Raises InvalidDocument for an item of another type, which is a mistake of the program; the error calls the
    item `name`.
    """
    match item:
        case Document():
            return item
        case str():
            digest = hashlib.blake2b(item.encode("utf-8", "surrogatepass"), digest_size=8)
            return Document(digest.hexdigest(), item)
        case Mapping():
            return _document_of_mapping(dict(item), name, fields)
    advice = ""
    if isinstance(item, tuple) and len(item) > 1:
        advice = ": write Document(id, text, metadata) for each"
    elif isinstance(item, (bytes, bytearray)):
        advice = ": decode it first"
    raise InvalidDocument(
        f"{name} is {_kind(item)}; expected Document, str, or a dict with {fields.id or 'id'!r} and "
        f"{fields.text or 'text'!r}{advice}"
    )


def _document_of_mapping(values: dict[str, Any], name: str, fields: RecordFields) -> Document | Failure:
    ids = [values.pop(key, None) for key in ([fields.id] if fields.id else ["_id", "id"])]
    identifier = next((value for value in ids if value is not None), None)
    text, title = (values.pop(key, None) for key in (fields.text or "text", fields.title or "title"))
    source, metadata = values.pop("source", None), values.pop("metadata", None)
    if identifier is None:
        wanted = repr(fields.id) if fields.id else "'id' (or '_id')"
        return Failure(name, f"no {wanted}: give each document an id of its own")
    if not isinstance(identifier, (str, Integral, UUID)) or isinstance(identifier, bool):
        return Failure(
            name, f"its id is {identifier!r:.60}, of type {_kind(identifier)}: expected a text or an integer"
        )
    if not isinstance(text, str):
        return Failure(str(identifier), f"no {fields.text or 'text'!r}: give each document a str as its text")
    if metadata is not None and not isinstance(metadata, Mapping):
        return Failure(str(identifier), f"its metadata is {_kind(metadata)}; expected a mapping")
    if title:
        text = f"{title} {text}" if text else str(title)
        values["title"] = title
    return Document(str(identifier), text, {**values, **(metadata or {})}, source)


def _mistake(items: Any) -> str | None:
    """Say what a program passed that is no iterable of documents, and what to do; None for any other."""
    if isinstance(items, PathLike) or (isinstance(items, str) and len(items) < _LONGEST_PATH and _exists(items)):
        return f"the path {fspath(items)!r}: index files and folders with sync()"
    match items:
        case Mapping() if items and all(isinstance(value, (list, tuple)) for value in items.values()):
            return "a dict of columns: give a list of records, [dict(zip(d, row)) for row in zip(*d.values())]"
        case str() | bytes() | Mapping() | Document():  # a str is iterable too, by its characters
            return f"one {type(items).__name__}: put it into a list"
        case io.IOBase():
            return "an open file: read it with read_stream(file, name), or index the file with sync()"
        case AsyncIterable() if not isinstance(items, Iterable):
            return "an asynchronous iterable: collect it first, [document async for document in documents]"
    if type(items).__name__ == "DataFrame":  # of pandas before 2.2
        return f"{_kind(items)} without the Arrow interface: give its records, frame.to_dict('records')"
    if hasattr(items, "collect") and hasattr(items, "lazy"):
        return f"{_kind(items)}: collect() it first"
    return None if isinstance(items, Iterable) or hasattr(items, "__getitem__") else _kind(items)


def _exists(text: str) -> bool:
    try:
        return exists(text)
    except ValueError:  # a NUL
        return False


def _kind(value: Any) -> str:
    """What a value is, with its module unless that is Python's own."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
