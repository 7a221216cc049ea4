"""What a program gives to be indexed -> a document: a Document, a text, or a mapping read as a record is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document


def given_document(item: Document | str | Mapping[str, Any], place: str) -> Document | Failure:
    """The document that `item` stands for; a Failure when it is a mapping without an id or a text.

    A str gets an id made from its text, so that the same text is the same document. Of a mapping, `_id` or `id`,
    `text`, `title` and `source` are what they are for records; `metadata`, a mapping, and all other fields are its
    metadata. Raises InvalidDocument for an item of another type, which is a mistake of the program.
    """
    match item:
        case Document():
            return item
        case str():
            digest = hashlib.blake2b(item.encode("utf-8", "surrogatepass"), digest_size=8)
            return Document(digest.hexdigest(), item)
        case Mapping():
            return _from_mapping(dict(item), place)
        case _:
            raise InvalidDocument(
                f"{place} is {type(item).__name__}; expected Document, str, or a dict with 'id' and 'text'"
            )


def _from_mapping(fields: dict[str, Any], place: str) -> Document | Failure:
    found = [fields.pop(name, None) for name in ("_id", "id")]
    identifier = next((value for value in found if value is not None), None)
    text, title, source = (fields.pop(name, None) for name in ("text", "title", "source"))
    metadata = fields.pop("metadata", None)
    if not isinstance(identifier, (str, int)) or isinstance(identifier, bool):
        return Failure(place, "it has no 'id' (or '_id'): give each document one of its own")
    if not isinstance(text, str):
        return Failure(str(identifier), "it has no 'text'")
    if metadata is not None and not isinstance(metadata, Mapping):
        return Failure(str(identifier), f"its metadata is {type(metadata).__name__}, expected a mapping")
    if title:
        text = f"{title} {text}" if text else str(title)
        fields["title"] = title
    return Document(str(identifier), text, {**fields, **(metadata or {})}, source)
