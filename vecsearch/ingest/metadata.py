"""Change the metadata of documents that an index holds: nothing is read or encoded, vectors are copied, in one commit.

A document's digest says whether it is unchanged when it is added again. That of a document from a program changes with
its metadata, so that adding it again as it was restores it. That of a document from a file stays: its changed metadata
is kept until the content of the file changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.draft import Draft
from vecsearch.storage.columns import metadata_rows, with_metadata
from vecsearch.storage.document_values import Documents
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Part, Store
from vecsearch.types import BoolArray

Changes = Mapping[str, Mapping[str, Any]]


def check_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of metadata as plain values; None removes a key. Raises InvalidOption."""
    if not isinstance(changes, Mapping):
        raise InvalidOption(
            f"the changes are {type(changes).__name__}, expected a dict of metadata, such as {{'lang': 'en'}}"
        )
    try:
        return check_metadata(changes)
    except InvalidDocument as error:
        raise InvalidOption(str(error)) from None


def update_metadata(store: Store, changes: Changes) -> int:
    """Change metadata of documents by their ids; return how many the index held. The caller has locked the store."""
    for identifier in changes:
        if not isinstance(identifier, str):
            raise InvalidOption(f"the id of a document is {identifier!r}, expected a text")
    changes = {identifier: change for identifier, change in changes.items() if is_storable(identifier)}
    draft = Draft(store)
    held = 0
    for part in draft.base.parts:
        live = [
            first for first in part.segment.documents_with("document_id", list(changes)).tolist() if part.is_live(first)
        ]
        held += len(live)
        if live:
            _change(draft, part, live, changes)
    draft.commit()
    return held


def _change(draft: Draft, part: Part, firsts: Sequence[int], changes: Changes) -> None:
    """Change those of the documents, which begin at these rows, whose metadata differs from what it is to be."""
    segment = part.segment
    spans = [segment.rows_from(first) for first in firsts]
    rows = np.concatenate([np.arange(span.start, span.stop) for span in spans])
    keys = {key for identifier in changes for key in changes[identifier]}
    segment.check()
    held = segment.table.take(pa.array(rows))
    ids = held.column("document_id").to_pylist()
    differing = {
        identifier
        for identifier, values, ordinal in zip(
            ids, metadata_rows(held, keys), held.column("ordinal").to_pylist(), strict=True
        )
        if _differs(values, changes[identifier], whole=ordinal == 0)
    }
    kept = np.array([identifier in differing for identifier in ids])
    if kept.any():
        mask = np.zeros(segment.entry.rows, np.bool_)
        mask[rows[kept]] = True
        draft.move(part, mask, len(differing), partial(_changed, part, mask, draft.language, changes))


def _differs(values: Mapping[str, Any], changes: Mapping[str, Any], *, whole: bool) -> bool:
    """Whether a change alters these values, which are `whole` at the first row of a document.

    Compared as texts: to Python, 1 and True are equal.
    """
    keys = changes if whole else changes.keys() & values.keys()
    return any(repr(values.get(key)) != repr(changes[key]) for key in keys)


def _changed(part: Part, mask: BoolArray, language: str, changes: Changes) -> Content:
    """The rows where `mask` is true with the changes of their documents; vectors and words are copied."""
    content = part.segment.where(mask, language)
    documents = Documents.of(content.rows)
    first_rows = content.rows.select(["document_id", "path", "content"]).take(pa.array(documents.firsts)).to_pylist()
    rows = with_metadata(content.rows, [changes[row["document_id"]] for row in first_rows])
    digests = [
        row["content"] if row["path"] is not None else _digest(row["content"], changes[row["document_id"]])
        for row in first_rows
    ]
    column = pa.array(documents.over_rows(np.array(digests, object)), pa.binary(16))
    place = rows.schema.get_field_index("content")
    return replace(content, rows=rows.set_column(place, rows.schema.field(place), column))


def _digest(digest: bytes, changes: Mapping[str, Any]) -> bytes:
    change = json.dumps(changes, sort_keys=True, default=repr).encode()
    return hashlib.blake2b(digest + change, digest_size=16).digest()
